#!/usr/bin/env cwl-runner
cwlVersion: v1.2
class: Workflow
id: burn-severity
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: "2.0.1"
label: Burn severity from two scenes
doc: |
  Computes the normalised burn ratio before and after a fire,
  subtracts them and sorts the difference into classes.
requirements:
  ResourceRequirement:
    coresMin: 2
    ramMin: 4096
    tmpdirMin: 10240
inputs:
  before:
    type: Directory
    label: Scene before the fire
    doc: A staged STAC catalog with one surface reflectance item.
  after:
    type: Directory
    label: Scene after the fire
    doc: A staged STAC catalog with one surface reflectance item.
  scheme:
    type:
      type: enum
      symbols: [usgs, effis]
    label: Classes
    doc: Which thresholds make the classes.
    default: usgs
  minimum_area:
    type: double
    label: Smallest patch
    doc: Patches smaller than this, in hectares, are dropped.
    default: 1.5
outputs:
  severity:
    type: Directory
    label: Burn severity
    doc: A STAC catalog with the difference and the classes.
    outputSource: classify/severity
steps:
  ratio_before:
    in: {scene: before}
    out: [ratio]
    run: &ratio
      class: CommandLineTool
      requirements:
        DockerRequirement: {dockerPull: "ghcr.io/fire-lab/severity:2.0.1"}
      baseCommand: nbr
      inputs:
        scene: {type: Directory, inputBinding: {position: 1}}
      outputs:
        ratio: {type: File, outputBinding: {glob: nbr.tif}}
  ratio_after:
    in: {scene: after}
    out: [ratio]
    run: *ratio
  classify:
    in:
      before: ratio_before/ratio
      after: ratio_after/ratio
      scheme: scheme
      minimum_area: minimum_area
    out: [severity]
    run:
      requirements:
        DockerRequirement: {dockerPull: "ghcr.io/fire-lab/severity:2.0.1"}
      baseCommand: classify-severity
      inputs:
        before: {type: File, inputBinding: {position: 1}}
        after: {type: File, inputBinding: {position: 2}}
        scheme:
          type: {type: enum, symbols: [usgs, effis]}
          inputBinding: {prefix: --scheme}
        minimum_area: {type: double, inputBinding: {prefix: --minimum-area}}
      outputs:
        severity: {type: Directory, outputBinding: {glob: severity}}
