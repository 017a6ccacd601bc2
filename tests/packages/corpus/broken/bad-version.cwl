cwlVersion: 1.2
$namespaces:
  s: https://schema.org/
  iana: https://www.iana.org/assignments/media-types/
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: zonal-statistics
  label: Statistics of a raster for each zone
  doc: Mean, spread and extremes of a raster in each polygon, as a table.
  inputs:
  - id: zones
    type: File
    format: iana:application/geo+json
    label: Zones
    doc: Polygons in WGS 84, each with a property called name.
  - id: raster
    type: File
    secondaryFiles:
    - pattern: .ovr
      required: false
    - pattern: .aux.xml
      required: false
    label: Raster
    doc: A GeoTIFF of one band, with overviews beside it if there are any.
  - id: statistics
    type: string[]
    label: Statistics
    doc: Which columns the table gets.
    default: [mean, std, min, max]
  - id: percentiles
    type:
    - "null"
    - type: array
      items: int
    label: Percentiles
    doc: Further columns, from 1 to 99.
  outputs:
  - id: table
    type: Directory
    label: Table
    doc: A STAC catalog with an item whose asset is the table.
    outputSource: statistics_by_zone/table
  steps:
  - id: statistics_by_zone
    run: '#zonal'
    in:
    - id: zones
      source: zones
    - id: raster
      source: raster
    - id: statistics
      source: statistics
    - id: percentiles
      source: percentiles
    out: [table]
- class: CommandLineTool
  id: zonal
  requirements:
  - class: DockerRequirement
    dockerPull: registry.example.org/zonal@sha256:5b0bcabd1ed22e9fb1310cf6c2dec7cdef19f0ad69efa1f392e94a4333501270
  - class: ResourceRequirement
    coresMin: 1
    ramMin: 1024
    ramMax: 2048
  baseCommand: zonal
  inputs:
  - id: zones
    type: File
    format: iana:application/geo+json
    inputBinding:
      prefix: --zones
  - id: raster
    type: File
    secondaryFiles:
    - pattern: .ovr
      required: false
    - pattern: .aux.xml
      required: false
    inputBinding:
      prefix: --raster
  - id: statistics
    type: string[]
    inputBinding:
      prefix: --statistics
      itemSeparator: ","
  - id: percentiles
    type:
    - "null"
    - type: array
      items: int
      inputBinding:
        prefix: --percentile
  outputs:
  - id: table
    type: Directory
    outputBinding:
      glob: table
