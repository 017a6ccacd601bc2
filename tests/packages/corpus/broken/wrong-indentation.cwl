cwlVersion: v1.0

$graph:
# The workflow: one run of the crop tool for each scene, then one catalogue of all of them.
- class: Workflow
  id: main
  label: Crops of many scenes
  doc: >-
    Cuts each of the given scenes to the area of interest
    and writes one STAC catalog of the cuttings.
  requirements:
  - class: ScatterFeatureRequirement
  inputs:
    scenes:
      label: Scenes
     doc: Staged scenes, each a directory with a STAC catalog.
      type: Directory[]
    area:
      label: Area of interest
      doc: West, south, east and north in degrees, with commas between them.
      type: string
  outputs:
  - id: cuttings
    label: Cuttings
    doc: A STAC catalog with an item for each scene.
    type: Directory
    outputSource: catalogue/cuttings
  steps:
    crop:
      run: "#crop"
      scatter: scene
      in:
        scene: scenes
        area: area
      out: [cutting]
    catalogue:
      run: "#catalogue"
      in:
        rasters: crop/cutting
      out: [cuttings]

- class: CommandLineTool
  id: crop
  hints:
    DockerRequirement:
      dockerPull: docker.io/eotools/crop:0.9.2
  requirements:
    ResourceRequirement:
      coresMax: 2
      ramMax: 4096
  baseCommand: [eotools, crop]
  arguments: [--format, COG]
  inputs:
    scene:
      type: Directory
      inputBinding:
        position: 1
    area:
      type: string
      inputBinding:
        position: 2
        prefix: --bbox=
        separate: false
  outputs:
    cutting:
      type: File
      outputBinding:
        glob: "*.tif"

- class: CommandLineTool
  id: catalogue
  hints:
    DockerRequirement:
      dockerPull: docker.io/eotools/catalogue:0.9.2
  requirements:
    ResourceRequirement:
      coresMax: 1
      ramMax: 1024
  baseCommand: [eotools, catalogue]
  inputs:
    rasters:
      type: File[]
      inputBinding: {}
  outputs:
    cuttings:
      type: Directory
      outputBinding:
        glob: catalogue

$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.9.2
s:license: https://spdx.org/licenses/Apache-2.0
