cwlVersion: v1.0
$namespaces:
  s: https://schema.org/
s:softwareVersion: 9.0.1
$graph:
- class: Workflow
  id: radar-backscatter
  label: Terrain corrected backscatter
  doc: >
    Calibrates a ground range detected product and corrects it for terrain.
    The size of a pixel is given in metres.
  requirements:
  - class: StepInputExpressionRequirement
  - class: InlineJavascriptRequirement
  inputs:
  - id: product
    type: Directory
    label: Product
    doc: A staged STAC catalog with a Sentinel-1 GRD product.
  - id: pixel
    type: int
    label: Size of a pixel
    doc: In metres.
    default: 20
  - id: polarisation
    type:
      type: enum
      name: polarisation
      symbols:
      - VV
      - VH
    label: Polarisation
    doc: Which channel is corrected.
    default: VV
  outputs:
  - id: backscatter;dB
    type: Directory
    label: Backscatter
    doc: A STAC catalog with the corrected channel, in decibel.
    outputSource: correct/backscatter
  steps:
  - id: correct
    run: '#snap-tool'
    in:
    - id: product
      source: product
    - id: degrees
      source: pixel
      valueFrom: $(self / 111320.0)
    - id: polarisation
      source: polarisation
    out:
    - id: backscatter
- class: CommandLineTool
  id: snap-tool
  requirements:
  - class: EnvVarRequirement
    envDef:
      _JAVA_OPTIONS: -Xmx12g
      SNAP_HOME: /opt/snap
  - class: DockerRequirement
    dockerPull: docker.io/radarlab/snap:9.0.1
    dockerOutputDirectory: /var/spool/cwl
  - class: ResourceRequirement
    coresMin: 4
    ramMin: 14336
  baseCommand: [correct.sh]
  stdout: snap.log
  inputs:
  - id: product
    type: Directory
    inputBinding:
      position: 1
  - id: degrees
    type: double
    inputBinding:
      position: 2
  - id: polarisation
    type:
      type: enum
      symbols: [VV, VH]
    inputBinding:
      position: 3
  outputs:
  - id: backscatter
    type: Directory
    outputBinding:
      glob: corrected
  - id: log
    type: stdout
