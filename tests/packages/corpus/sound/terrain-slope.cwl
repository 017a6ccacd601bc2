cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 2.5.0
$graph:
- class: Workflow
  id: main
  label: Slope of the terrain
  doc: Fetches the elevation model of an area from an open archive and derives the slope.
  requirements:
    InlineJavascriptRequirement: {}
  inputs:
    area:
      type: string
      label: Area of interest
      doc: West, south, east and north in degrees, with commas between them.
    archive:
      type: string
      label: Archive
      doc: Address of the archive that has the tiles.
      default: https://dem.example.org/tiles
  outputs:
    slope:
      type: Directory
      label: Slope
      doc: A STAC catalog with the slope in degrees.
      outputSource: derive/slope
  steps:
    tile:
      run: "#name-of-tile"
      in:
        area: area
        archive: archive
      out: [address]
    fetch:
      run: "#fetch"
      in:
        address: tile/address
      out: [elevation]
    derive:
      run: "#derive-slope"
      in:
        elevation: fetch/elevation
      out: [slope]
- class: ExpressionTool
  id: name-of-tile
  requirements:
    InlineJavascriptRequirement: {}
  inputs:
    area: string
    archive: string
  outputs:
    address: string
  expression: |
    ${
      var west = Math.floor(parseFloat(inputs.area.split(",")[0]));
      var south = Math.floor(parseFloat(inputs.area.split(",")[1]));
      return {address: inputs.archive + "/" + south + "_" + west + ".tif"};
    }
- class: CommandLineTool
  id: fetch
  requirements:
    NetworkAccess:
      networkAccess: true
    DockerRequirement:
      dockerPull: docker.io/curlimages/curl:8.10.1
    ResourceRequirement:
      coresMin: 1
      ramMin: 256
  baseCommand: [curl, --fail, --location, --output, elevation.tif]
  inputs:
    address:
      type: string
      inputBinding: {position: 1}
  outputs:
    elevation:
      type: File
      outputBinding: {glob: elevation.tif}
- class: CommandLineTool
  id: derive-slope
  requirements:
    DockerRequirement:
      dockerPull: registry.example.org/terrain/slope:2.5.0
    ResourceRequirement:
      coresMin: 2
      ramMin: 4096
  baseCommand: slope
  inputs:
    elevation:
      type: File
      inputBinding: {position: 1}
  outputs:
    slope:
      type: Directory
      outputBinding: {glob: slope}
