cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.0.0
$graph:
- class: Workflow
  id: vegetation-index
  label: Vegetation index
  doc: >-
    Maps how green the land is in optical satellite scenes: crops near infrared and red of each STAC item to an area,
    takes their normalised difference (NDVI), and sorts it into five classes. Gives a STAC catalogue with two rasters
    for each scene: the classes (0 water or shadow, 1 bare or built-up, 2 sparse, 3 moderate, 4 dense vegetation,
    255 no data) and the index itself, from -1 to 1.
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
      default: [nir08, red]
      label: Bands
      doc: Near infrared and red, by asset key or common name
    breaks:
      type: float[]
      default: [0, 0.1, 0.25, 0.4]
      label: Breaks
      doc: The index from which bare land, sparse, moderate and dense vegetation begin; four rising numbers
  outputs:
    stac_catalog:
      type: Directory
      label: Vegetation maps
      doc: STAC catalogue with one item for each scene, its classes and its index
      outputSource: catalogue/catalog
  steps:
    map:
      run: "#map-vegetation"
      scatter: item
      in:
        item: stac_items
        aoi: aoi
        epsg: epsg
        bands: bands
        breaks: breaks
      out: [classes, index]
    catalogue:
      run: "#stac"
      in:
        item: stac_items
        raster: map/classes
        index: map/index
      out: [catalog]

- class: Workflow
  id: map-vegetation
  label: Vegetation of one scene
  doc: Crops, compares and classifies one scene
  requirements:
    ScatterFeatureRequirement: {}
  inputs:
    item: {type: string, label: STAC item}
    aoi: {type: string, label: Area of interest}
    epsg: {type: string, label: CRS of the area}
    bands: {type: "string[]", label: Bands}
    breaks: {type: "float[]", label: Breaks}
  outputs:
    classes:
      type: File
      outputSource: classify/classes
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
        epsg: epsg
        band: bands
      out: [cropped]
    normalized-difference:
      run: "#normalized-difference"
      in:
        rasters: crop/cropped
      out: [index]
    classify:
      run: "#vegetation-classes"
      in:
        raster: normalized-difference/index
        breaks: breaks
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
  id: vegetation-classes
  label: Vegetation classes
  baseCommand: mcp-ogc-vegetation-classes
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  inputs:
    raster: {type: File, inputBinding: {position: 1}}
    breaks: {type: {type: array, items: float, inputBinding: {prefix: "--break=", separate: false}}}
  outputs:
    classes: {type: File, outputBinding: {glob: vegetation-classes.tif}}

- class: CommandLineTool
  id: stac
  label: STAC catalogue
  baseCommand: mcp-ogc-stac
  arguments: ["--catalog=vegetation-index", "--title=Vegetation classes"]
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 512}
    NetworkAccess: {networkAccess: true}
  inputs:
    item: {type: {type: array, items: string, inputBinding: {prefix: --item}}}
    raster: {type: {type: array, items: File, inputBinding: {prefix: --raster}}}
    index: {type: {type: array, items: File, inputBinding: {prefix: --index}}}
  outputs:
    catalog: {type: Directory, outputBinding: {glob: .}}
