cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.8.3
$graph:
- class: Workflow
  id: snow-cover
  label: Snow cover
  doc: A snow mask, smoothed first where that is asked for.
  requirements:
    InlineJavascriptRequirement: {}
    MultipleInputFeatureRequirement: {}
  inputs:
    scene:
      type: Directory
      label: Scene
      doc: A staged STAC catalog with green and short-wave infrared bands.
    smooth:
      type: boolean
      label: Smooth
      doc: Whether single pixels are removed from the mask.
      default: false
    threshold:
      type: float
      label: Threshold
      doc: Snow index above which a pixel is snow, from -1 to 1.
      default: 0.4
  outputs:
    snow:
      type: Directory
      label: Snow
      doc: A STAC catalog with the mask.
      outputSource: catalogue/snow
  steps:
    mask:
      run: "#mask-tool"
      in:
        scene: scene
        threshold: threshold
      out: [mask]
    sieve:
      run: "#sieve-tool"
      when: $(inputs.smooth)
      in:
        mask: mask/mask
        smooth: smooth
      out: [sieved]
    catalogue:
      run: "#catalogue-tool"
      in:
        raster:
          source: [sieve/sieved, mask/mask]
          pickValue: first_non_null
      out: [snow]
- class: CommandLineTool
  id: mask-tool
  requirements:
    DockerRequirement: {dockerPull: "registry.example.org/snow:0.8.3"}
    ResourceRequirement: {coresMin: 1, ramMin: 2048}
  baseCommand: [snow, mask]
  inputs:
    scene: {type: Directory, inputBinding: {position: 1}}
    threshold: {type: float, inputBinding: {prefix: --threshold}}
  outputs:
    mask: {type: File, outputBinding: {glob: mask.tif}}
- class: CommandLineTool
  id: sieve-tool
  requirements:
    DockerRequirement: {dockerPull: "registry.example.org/snow:0.8.3"}
    ResourceRequirement: {coresMin: 1, ramMin: 1024}
  baseCommand: [snow, sieve]
  inputs:
    mask: {type: File, inputBinding: {position: 1}}
  outputs:
    sieved: {type: File, outputBinding: {glob: sieved.tif}}
- class: CommandLineTool
  id: catalogue-tool
  requirements:
    DockerRequirement: {dockerPull: "registry.example.org/snow:0.8.3"}
    ResourceRequirement: {coresMin: 1, ramMin: 512}
  baseCommand: [snow, catalogue]
  inputs:
    raster: {type: File, inputBinding: {position: 1}}
  outputs:
    snow: {type: Directory, outputBinding: {glob: catalogue}}
