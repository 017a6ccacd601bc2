cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.1.0
$graph:
- class: Workflow
  id: main
  label: Crop statistics of a region
  doc: Index and mask for each scene in a workflow of their own, then one table of all.
  requirements:
  - class: SubworkflowFeatureRequirement
  - class: ScatterFeatureRequirement
  inputs:
    scenes:
      type: Directory[]
      label: Scenes
      doc: Staged scenes of one growing season.
    fields:
      type: File
      label: Fields
      doc: Outlines of the fields, a GeoPackage.
  outputs:
    statistics:
      type: Directory
      label: Statistics
      doc: A STAC catalog with a table of each field and day.
      outputSource: tabulate/statistics
  steps:
    prepare:
      run: '#prepare-scene'
      scatter: scene
      in:
        scene: scenes
      out: [masked]
    tabulate:
      run: '#tabulate'
      in:
        rasters: prepare/masked
        fields: fields
      out: [statistics]
- class: Workflow
  id: prepare-scene
  label: Index of one scene without clouds
  doc: The part of the work that is done for each scene.
  inputs:
    scene:
      type: Directory
      label: Scene
      doc: One staged scene.
  outputs:
    masked:
      type: File
      label: Masked index
      doc: The index where the sky was clear.
      outputSource: mask/masked
  steps:
    index:
      run: '#index'
      in:
        scene: scene
      out: [index]
    mask:
      run: '#mask'
      in:
        scene: scene
        index: index/index
      out: [masked]
- class: CommandLineTool
  id: index
  requirements: &runtime
  - class: DockerRequirement
    dockerPull: gitlab.example.org:5050/crops/statistics:1.1.0
  - class: ResourceRequirement
    coresMin: 1
    ramMin: 4000
  baseCommand: crop-index
  inputs:
    scene:
      type: Directory
      inputBinding: {position: 1}
    clouds:
      type: File?
      inputBinding: {prefix: --clouds}
  outputs:
    index:
      type: File
      outputBinding: {glob: index.tif}
- class: CommandLineTool
  id: mask
  requirements: *runtime
  baseCommand: crop-mask
  inputs:
    scene:
      type: Directory
      inputBinding: {position: 1}
    index:
      type: File
      inputBinding: {position: 2}
  outputs:
    masked:
      type: File
      outputBinding: {glob: masked.tif}
- class: CommandLineTool
  id: tabulate
  requirements: *runtime
  baseCommand: crop-table
  inputs:
    rasters:
      type: File[]
      inputBinding: {position: 2}
    fields:
      type: File
      inputBinding: {position: 1}
  outputs:
    statistics:
      type: Directory
      outputBinding: {glob: statistics}
