cwlVersion: v1.2
class: Workflow
id: coherence-stack
$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.7.5
s:codeRepository: https://git.example.org/insar/coherence
label: Stack of coherence images
doc: Coherence for every window and swath of a pair, in one stack.
inputs:
  - id: pair
    type: Directory
    label: Pair
    doc: A staged STAC catalog with two single look complex products.
  - id: swaths
    type:
      type: array
      items:
        type: enum
        symbols: [IW1, IW2, IW3]
    label: Swaths
    doc: Which swaths are processed.
    default: [IW1, IW2]
  - id: windows
    type: int[]
    label: Windows
    doc: Sizes of the estimation window, in pixels.
    default: [5, 11]
  - id: orbits
    type: File?
    label: Orbits
    doc: Precise orbits; those of the product when left out.
outputs:
  - id: stack
    type: Directory
    label: Stack
    doc: A STAC catalog with one raster of many bands.
    outputSource: join/stack
  - id: reports
    type: File[]
    label: Reports
    doc: What was measured for each window and swath, as JSON.
    outputSource: coherence/report
steps:
  - id: coherence
    scatter: [swath, window]
    scatterMethod: flat_crossproduct
    in:
      - {id: pair, source: pair}
      - {id: swath, source: swaths}
      - {id: window, source: windows}
      - {id: orbits, source: orbits}
    out: [image, report]
    run:
      class: CommandLineTool
      requirements:
        - class: DockerRequirement
          dockerPull: ghcr.io/insar/coherence:0.7.5@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        - class: ResourceRequirement
          coresMin: 4
          coresMax: 8
          ramMin: 16384
          ramMax: 32768
          tmpdirMin: 51200
        - class: WorkReuse
          enableReuse: true
      baseCommand: coherence
      inputs:
        - {id: pair, type: Directory, inputBinding: {position: 1}}
        - id: swath
          type:
            type: enum
            symbols: [IW1, IW2, IW3]
          inputBinding: {prefix: --swath}
        - {id: window, type: int, inputBinding: {prefix: --window}}
        - {id: orbits, type: "File?", inputBinding: {prefix: --orbits}}
      outputs:
        - {id: image, type: File, outputBinding: {glob: "coherence_$(inputs.swath)_$(inputs.window).tif"}}
        - {id: report, type: File, outputBinding: {glob: "*.json"}}
  - id: join
    in:
      - {id: images, source: coherence/image}
    out: [stack]
    run:
      class: CommandLineTool
      requirements:
        - class: DockerRequirement
          dockerPull: ghcr.io/insar/coherence:0.7.5@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        - class: ResourceRequirement
          ramMin: 8192
      baseCommand: [coherence, stack]
      inputs:
        - {id: images, type: "File[]", inputBinding: {position: 1}}
      outputs:
        - {id: stack, type: Directory, outputBinding: {glob: stack}}
