cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.3.0
s:author:
  - class: s:Person
    s:name: Vegetation Monitoring Group
$graph:
  - class: Workflow
    id: vegetation-index
    label: Vegetation index of one Sentinel-2 scene
    doc: Reads the red and near-infrared bands of a staged scene and writes the index as a cloud optimised GeoTIFF.
    inputs:
      scene:
        type: Directory
        label: Sentinel-2 scene
        doc: A staged STAC catalog with one item, assets B04 and B08.
      index:
        type: string
        label: Index
        doc: Short name of the index, ndvi or savi.
        default: ndvi
      soil_factor:
        type: float
        label: Soil factor
        doc: Brightness correction of savi, without unit.
        default: 0.5
    outputs:
      product:
        type: Directory
		label: Index product
        doc: A STAC catalog with the index raster.
        outputSource: compute/product
    steps:
      compute:
        run: "#index-tool"
        in:
          scene: scene
          index: index
          soil_factor: soil_factor
        out: [product]
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
