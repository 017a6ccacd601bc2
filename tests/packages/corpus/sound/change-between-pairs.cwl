cwlVersion: v1.1
$namespaces:
  s: https://schema.org/
s:softwareVersion: 5.0.0-beta.2
$graph:
- class: Workflow
  id: change-between-pairs
  label: Change between pairs of scenes
  doc: Compares the first scene before with the first after, the second with the second, and so on.
  requirements:
    ScatterFeatureRequirement: {}
    MultipleInputFeatureRequirement: {}
  inputs:
    before:
      type:
        type: array
        items: Directory
      label: Scenes before
      doc: Staged scenes, as many as after.
    after:
      type:
        type: array
        items: Directory
      label: Scenes after
      doc: Staged scenes, in the same order as before.
    reference:
      type: Directory
      label: Reference
      doc: A staged scene that all the others are adjusted to.
    sensitivity:
      type: float
      label: Sensitivity
      doc: Standard deviations that make a change.
      default: 2
  outputs:
    changes:
      type: Directory
      label: Changes
      doc: A STAC catalog with an item for each pair.
      outputSource: collect/changes
  steps:
    compare:
      run: "#compare"
      scatter: [before, after]
      scatterMethod: dotproduct
      in:
        before: before
        after: after
        sensitivity: sensitivity
      out: [change]
    collect:
      run: "#collect"
      in:
        pairs: compare/change
        scenes:
          source: [before, after]
          linkMerge: merge_flattened
        reference: reference
      out: [changes]
- class: CommandLineTool
  id: compare
  requirements:
    DockerRequirement:
      dockerPull: registry.example.org/change/compare:5.0.0-beta.2
    ResourceRequirement:
      coresMin: 2
      ramMin: 8192
    ToolTimeLimit:
      timelimit: 7200
  baseCommand: compare
  inputs:
    before: {type: Directory, inputBinding: {position: 1}}
    after: {type: Directory, inputBinding: {position: 2}}
    sensitivity: {type: float, inputBinding: {prefix: --sensitivity}}
  outputs:
    change: {type: Directory, outputBinding: {glob: change}}
- class: CommandLineTool
  id: collect
  requirements:
    DockerRequirement:
      dockerPull: registry.example.org/change/compare:5.0.0-beta.2
    ResourceRequirement:
      coresMin: 1
      ramMin: 1024
  baseCommand: collect
  inputs:
    pairs: {type: "Directory[]", inputBinding: {prefix: --change}}
    scenes: {type: "Directory[]", inputBinding: {prefix: --scene}}
    reference: {type: Directory, inputBinding: {prefix: --reference}}
  outputs:
    changes: {type: Directory, outputBinding: {glob: changes}}
