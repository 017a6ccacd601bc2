cwlVersion: v1.1
$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.4.0
$graph:
- class: Workflow
  id: surface-temperature
  label: Land surface temperature
  doc: Brightness temperature of the thermal band, corrected for emissivity where asked.
  hints:
    ResourceRequirement:
      coresMin: 1
      ramMin: 3000
  inputs:
    scene:
      type: Directory
      label: Landsat scene
      doc: A staged STAC catalog with the thermal band and its metadata.
    offset:
      type: int
      label: Offset
      doc: Added to the result, in kelvin.
      default: 0
    celsius:
      type: boolean
      label: In degrees Celsius
      doc: Degrees Celsius instead of kelvin.
      default: false
    suffix:
      type: string
      label: Suffix
      doc: Appended to the names of the files; nothing when empty.
      default: ""
    emissivity:
      type: float?
      label: Emissivity
      doc: One value for the whole scene; from the vegetation cover when left out.
    nodata:
      type: [int, float, "null"]
      label: Value of missing pixels
      doc: What pixels without data get; NaN when left out.
      default: null
  outputs:
    temperature:
      type: Directory
      label: Temperature
      doc: A STAC catalog with the temperature raster.
      outputSource: retrieve/temperature
  steps:
    retrieve:
      run: '#temperature-tool
      in:
        scene: {source: scene}
        offset: {source: offset}
        celsius: {source: celsius}
        suffix: {source: suffix}
        emissivity: {source: emissivity}
        nodata: {source: nodata}
      out:
      - temperature
- class: CommandLineTool
  id: temperature-tool
  hints:
    DockerRequirement:
      dockerPull: registry.example.org:5000/thermal/lst:0.4.0
  baseCommand: lst
  inputs:
    scene: {type: Directory, inputBinding: {position: 10}}
    offset: {type: int, inputBinding: {prefix: --offset}}
    celsius: {type: boolean, inputBinding: {prefix: --celsius}}
    suffix: {type: string, inputBinding: {prefix: --suffix}}
    emissivity: {type: float?, inputBinding: {prefix: --emissivity}}
    nodata: {type: [int, float, "null"], inputBinding: {prefix: --nodata}}
  outputs:
    temperature:
      type: Directory
      outputBinding: {glob: product}
