cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 0.2.0
$graph:
  - class: Workflow
    id: turbidity
    label: Turbidity of coastal water
    doc: Turbidity from red reflectance, with a script that travels inside the package.
    inputs:
      scene:
        type: Directory
        label: Scene
        doc: A staged STAC catalog with water leaving reflectance.
      coefficient:
        type: double
        label: Coefficient
        doc: Calibration coefficient of the red band.
        default: 228.1
    outputs:
      turbidity:
        type: Directory
        label: Turbidity
        doc: A STAC catalog with the turbidity raster.
        outputSource: run_script/turbidity
    steps:
      run_script:
        run: "#turbidity-script"
        in:
          scene: scene
          coefficient: coefficient
        out: [turbidity]
  - class: CommandLineTool
    id: turbidity-script
    requirements:
      InitialWorkDirRequirement:
        listing:
          - entryname: turbidity.py
            entry: |
              import sys

              import coastal

              scene, coefficient = sys.argv[1:]
              coastal.turbidity(scene, a=float(coefficient), out="product")
          - entryname: settings.json
            entry: '{"saturation": 0.1686, "note": "a literal \$(dollar) stays"}'
      DockerRequirement:
        dockerPull: registry.example.org/coastal/python:3.12-2
      ResourceRequirement:
        coresMin: 1
        ramMin: 2048
        outdirMin: 1024
    baseCommand: [python3, turbidity.py]
    inputs:
      scene:
        type: Directory
        inputBinding:
          position: 1
      coefficient:
        type: double
        inputBinding:
          position: 2
    outputs:
      turbidity:
        type: Directory
        outputBinding:
          glob: product
