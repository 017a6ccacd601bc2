cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: water-bodies
  label: Water bodies
  doc: >-
    Maps open water in optical satellite scenes: crops two bands of each STAC item to an area, takes their normalised
    difference, and separates water from land where Otsu's method puts the threshold, so the area needs enough of both.
    Gives a STAC catalogue with one map for each scene: 0 land, 1 water, 255 no data.
  requirements:
    ScatterFeatureRequirement: {}
    SubworkflowFeatureRequirement: {}
  inputs:
    stac_items:
      type: string[]
      label: STAC items
      doc: URLs of the STAC items of the scenes
    aoi:
      type: string
      label: Area of interest
      doc: "Bounding box minx,miny,maxx,maxy in the CRS that epsg names; x (longitude) first"
    epsg:
      type: string
      default: "EPSG:4326"
      label: CRS of the area of interest
      doc: "Such as EPSG:4326"
    bands:
      type: string[]
      default: [green, nir08]
      label: Bands
      doc: A band that water reflects and one that it absorbs, by asset key or common name
  outputs:
    stac_catalog:
      type: Directory
      label: Water maps
      doc: STAC catalogue with one item for each scene
      outputSource: catalogue/catalog
  steps:
    detect:
      run: "#detect-water"
      scatter: item
      in:
        item: stac_items
        aoi: aoi
        epsg: epsg
        bands: bands
      out: [water]
    catalogue:
      run: "#stac"
      in:
        item: stac_items
        raster: detect/water
      out: [catalog]

- class: Workflow
  id: detect-water
  label: Water of one scene
  doc: Crops, compares and classifies one scene
  requirements:
    ScatterFeatureRequirement: {}
  inputs:
    item: {type: string, label: STAC item}
    aoi: {type: string, label: Area of interest}
    epsg: {type: string, label: CRS of the area}
    bands: {type: "string[]", label: Bands}
  outputs:
    water:
      type: File
      outputSource: otsu/classes
  steps:
    crop:
      run: "#crop"
      scatter: band
      in:
        item: item
        aoi: aoi
        epsg: epsg
        band: bands
      out: [cropped]
    normalized-difference:
      run: "#normalized-difference"
      in:
        rasters: crop/cropped
      out: [index]
    otsu:
      run: "#otsu"
      in:
        raster: normalized-difference/index
      out: [classes]

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
  id: otsu
  label: Otsu threshold
  baseCommand: mcp-ogc-otsu
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  inputs:
    raster: {type: File, inputBinding: {position: 1}}
  outputs:
    classes: {type: File, outputBinding: {glob: otsu.tif}}

- class: CommandLineTool
  id: stac
  label: STAC catalogue
  baseCommand: mcp-ogc-stac
  arguments: ["--catalog=water-bodies", "--title=Water map"]
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
    NetworkAccess: {networkAccess: true}
  inputs:
    item: {type: {type: array, items: string, inputBinding: {prefix: --item}}}
    raster: {type: {type: array, items: File, inputBinding: {prefix: --raster}}}
  outputs:
    catalog: {type: Directory, outputBinding: {glob: .}}
