cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
  iana: https://www.iana.org/assignments/media-types/
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: zonal-statistics
  label: Zonal statistics
  doc: >-
    Tells how a normalised difference of two bands (NDVI, unless other bands are named) is spread within zones: crops
    the scenes to the zones, takes the index, and counts for each scene and zone its pixels, their area, mean, standard
    deviation, minimum, median and maximum. Gives the table, and a STAC catalogue with the index of each scene and an
    item with the table as CSV and, zones included, as GeoJSON.
  requirements:
    ScatterFeatureRequirement: {}
    SubworkflowFeatureRequirement: {}
    MultipleInputFeatureRequirement: {}
  inputs:
    stac_items:
      type: string[]
      label: STAC items
      doc: URLs of the STAC items of the scenes
    zones:
      type: string
      label: Zones
      doc: >-
        GeoJSON polygons in longitude and latitude, as text (up to 100 kB) or by their URL; the property name of a
        feature names its zone
    bands:
      type: string[]
      default: [nir08, red]
      label: Bands
      doc: The two bands (a - b) / (a + b) is taken of, by asset key or common name
  outputs:
    table:
      type: File
      format: iana:text/csv
      label: Table
      doc: A row for each scene and zone
      outputSource: statistics/table
    stac_catalog:
      type: Directory
      label: Index and table
      doc: STAC catalogue with an item for each scene, and one for the table
      outputSource: catalogue/catalog
  steps:
    bounds:
      run: "#bounds"
      in:
        zones: zones
      out: [aoi]
    index:
      run: "#index-of-scene"
      scatter: item
      in:
        item: stac_items
        aoi: bounds/aoi
        bands: bands
      out: [index]
    statistics:
      run: "#zonal-statistics-table"
      in:
        zones: zones
        item: stac_items
        raster: index/index
      out: [table, features]
    catalogue:
      run: "#stac"
      in:
        item: stac_items
        raster: index/index
        table:
          source: [statistics/table, statistics/features]
          linkMerge: merge_flattened
      out: [catalog]

- class: Workflow
  id: index-of-scene
  label: Index of one scene
  doc: Crops and compares two bands of one scene
  requirements:
    ScatterFeatureRequirement: {}
  inputs:
    item: {type: string, label: STAC item}
    aoi: {type: string, label: Area of interest}
    bands: {type: "string[]", label: Bands}
  outputs:
    index:
      type: File
      outputSource: normalized-difference/index
  steps:
    crop:
      run: "#crop"
      scatter: band
      in:
        item: item
        aoi: aoi
        epsg: {default: "EPSG:4326"}
        band: bands
      out: [cropped]
    normalized-difference:
      run: "#normalized-difference"
      in:
        rasters: crop/cropped
      out: [index]

- class: CommandLineTool
  id: bounds
  label: Box around zones
  baseCommand: mcp-ogc-bounds
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 256}
    NetworkAccess: {networkAccess: true}
  inputs:
    zones: {type: string, inputBinding: {prefix: --zones}}
  outputs:
    aoi: {type: string, outputBinding: {glob: aoi.txt, loadContents: true, outputEval: "$(self[0].contents)"}}

- class: CommandLineTool
  id: crop
  label: Crop a band
  baseCommand: mcp-ogc-crop
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
    NetworkAccess: {networkAccess: true}
  inputs:
    item: {type: string, inputBinding: {prefix: --item}}
    aoi: {type: string, inputBinding: {prefix: "--aoi=", separate: false}}
    epsg: {type: string, inputBinding: {prefix: --epsg}}
    band: {type: string, inputBinding: {prefix: --band}}
  outputs:
    cropped: {type: File, outputBinding: {glob: "*.tif"}}

- class: CommandLineTool
  id: normalized-difference
  label: Normalised difference
  baseCommand: mcp-ogc-normalized-difference
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  inputs:
    rasters: {type: "File[]", inputBinding: {position: 1}}
  outputs:
    index: {type: File, outputBinding: {glob: normalized-difference.tif}}

- class: CommandLineTool
  id: zonal-statistics-table
  label: Statistics of each zone
  baseCommand: mcp-ogc-zonal-statistics
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
    NetworkAccess: {networkAccess: true}
  inputs:
    zones: {type: string, inputBinding: {prefix: --zones}}
    item: {type: {type: array, items: string, inputBinding: {prefix: --item}}}
    raster: {type: {type: array, items: File, inputBinding: {prefix: --raster}}}
  outputs:
    table: {type: File, format: iana:text/csv, outputBinding: {glob: zonal-statistics.csv}}
    features: {type: File, format: iana:application/geo+json, outputBinding: {glob: zonal-statistics.geojson}}

- class: CommandLineTool
  id: stac
  label: STAC catalogue
  baseCommand: mcp-ogc-stac
  arguments: ["--catalog=zonal-statistics", "--title=Normalised difference"]
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
    NetworkAccess: {networkAccess: true}
  inputs:
    item: {type: {type: array, items: string, inputBinding: {prefix: --item}}}
    raster: {type: {type: array, items: File, inputBinding: {prefix: --raster}}}
    table: {type: {type: array, items: File, inputBinding: {prefix: --table}}}
  outputs:
    catalog: {type: Directory, outputBinding: {glob: .}}
