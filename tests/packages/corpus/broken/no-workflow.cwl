cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.2.0
$graph:
  - class: CommandLineTool
    id: turbidity-script
    requirements:
      InitialWorkDirRequirement:
        listing:
          - entryname: turbidity.py
            entry: |
              import sys

              import coastal

              scene, coefficient = sys.argv[1:]
              coastal.turbidity(scene, a=float(coefficient), out="product")
          - entryname: settings.json
            entry: '{"saturation": 0.1686, "note": "a literal \$(dollar) stays"}'
      DockerRequirement:
        dockerPull: registry.example.org/coastal/python:3.12-2
      ResourceRequirement:
        coresMin: 1
        ramMin: 2048
        outdirMin: 1024
    baseCommand: [python3, turbidity.py]
    inputs:
      scene:
        type: Directory
        inputBinding:
          position: 1
      coefficient:
        type: double
        inputBinding:
          position: 2
    outputs:
      turbidity:
        type: Directory
        outputBinding:
          glob: product
