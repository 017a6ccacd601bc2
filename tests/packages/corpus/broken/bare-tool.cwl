cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.3.0
s:author:
  - class: s:Person
    s:name: Vegetation Monitoring Group
$graph:
  - class: CommandLineTool
    id: index-tool
    requirements:
      DockerRequirement:
        dockerPull: registry.example.org/veg/index:1.3.0
      ResourceRequirement:
        coresMin: 1
        ramMin: 2048
    baseCommand: veg-index
    inputs:
      scene:
        type: Directory
        inputBinding:
          prefix: --scene
      index:
        type: string
        inputBinding:
          prefix: --index
      soil_factor:
        type: float
        inputBinding:
          prefix: --soil-factor
    outputs:
      product:
        type: Directory
        outputBinding:
          glob: .
