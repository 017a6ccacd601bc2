{
  "cwlVersion": "v1.2",
  "$namespaces": {"s": "https://schema.org/"},
  "s:softwareVersion": "4.1.0",
  "$graph": [
    {
      "class": "Workflow",
      "id": "flood-extent",
      "label": "Flood extent from radar",
      "doc": "Separates water from land in a Sentinel-1 backscatter scene and removes permanent water.",
      "inputs": [
        {
          "id": "backscatter",
          "type": "Directory",
          "label": "Backscatter",
          "doc": "A staged STAC catalog with one terrain corrected item, in decibel."
        },
        {
          "id": "permanent_water",
          "type": ["null", "Directory"],
          "label": "Permanent water",
          "doc": "A staged STAC catalog with a mask of what is always water."
        },
        {
          "id": "threshold",
          "type": "double",
          "label": "Threshold",
          "doc": "Backscatter below this, in decibel, is water.",
          "default": -17.0
        }
      ],
      "outputs": [
        {
          "id": "extent",
          "type": "Directory",
          "label": "Flood extent",
          "doc": "A STAC catalog with the mask.",
          "outputSource": "separate/extent"
        }
      ],
      "steps": [
        {
          "id": "separate",
          "run": "#separate-water",
          "in": [
            {"id": "backscatter", "source": "backscatter"},
            {"id": "permanent_water", "source": "permanent_water"},
            {"id": "threshold", "source": "threshold"}
          ],
          "out": ["extent", "mask"]
        }
      ]
    },
    {
      "class": "CommandLineTool",
      "id": "separate-water",
      "requirements": [
        {"class": "DockerRequirement", "dockerPull": "quay.io/floods/extent:4.1.0"},
        {"class": "ResourceRequirement", "coresMin": 4, "ramMin": 8192, "outdirMin": 2048}
      ],
      "baseCommand": ["python3", "-m", "floods.extent"],
      "inputs": [
        {"id": "backscatter", "type": "Directory", "inputBinding": {"prefix": "--backscatter"}},
        {"id": "permanent_water", "type": "Directory?", "inputBinding": {"prefix": "--permanent-water"}},
        {"id": "threshold", "type": "double", "inputBinding": {"prefix": "--threshold"}}
      ],
      "outputs": [
        {"id": "extent", "type": "Directory", "outputBinding": {"glob": "out"}},
        {"id": "mask", "type": "File", "outputBinding": {"glob": "out/mask.tif"}}
      ]
    }
  ]
}
