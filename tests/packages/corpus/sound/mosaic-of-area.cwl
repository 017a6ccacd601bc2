cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 3.2.1
class: Workflow
id: mosaic-of-area
label: Cloud-free mosaic
doc: The median of all clear pixels of the scenes, on the grid that the area asks for.
requirements:
  SchemaDefRequirement:
    types:
      - name: grid_type
        type: record
        fields:
          - name: bbox
            type: double[]
            label: West, south, east, north
            inputBinding: {prefix: --bbox, itemSeparator: ","}
          - name: epsg
            type: int
            label: EPSG code
            inputBinding: {prefix: --epsg}
          - name: resolution
            type: float?
            label: Size of a pixel in metres
            inputBinding: {prefix: --resolution}
      - name: resampling_type
        type: enum
        symbols: [nearest, bilinear, cubic]
inputs:
  scenes:
    type: Directory[]
    label: Scenes
    doc: Staged scenes with their cloud masks, at least three.
  grid:
    type: "#mosaic-of-area/grid_type"
    label: Grid
    doc: Extent, reference system and size of the pixels.
  resampling:
    type: ["null", "#mosaic-of-area/resampling_type"]
    label: Resampling
    doc: How pixels come to the grid; bilinear when left out.
  season:
    type:
      - "null"
      - type: record
        fields:
          first_month: int
          last_month: int
    label: Season
    doc: Only scenes of these months, both included.
outputs:
  mosaic:
    type: Directory
    label: Mosaic
    doc: A STAC catalog with the mosaic.
    outputSource: compose/mosaic
steps:
  compose:
    in: {scenes: scenes, grid: grid, resampling: resampling, season: season}
    out: [mosaic]
    run:
      class: CommandLineTool
      requirements:
        InlineJavascriptRequirement: {}
        DockerRequirement:
          dockerPull: ghcr.io/clearsky/mosaic:3.2.1
        ResourceRequirement:
          coresMin: $(inputs.scenes.length)
          ramMin: 16384
      baseCommand: mosaic
      arguments:
        - valueFrom: "$(inputs.season ? '--months=' + inputs.season.first_month + ':' + inputs.season.last_month : null)"
      inputs:
        scenes:
          type: Directory[]
          inputBinding: {position: 5}
        grid:
          type: "#mosaic-of-area/grid_type"
          inputBinding: {}
        resampling:
          type: ["null", "#mosaic-of-area/resampling_type"]
          inputBinding: {prefix: --resampling}
        season:
          type:
            - "null"
            - type: record
              fields:
                first_month: int
                last_month: int
      outputs:
        mosaic:
          type: Directory
          outputBinding: {glob: mosaic}
