- class: Workflow
  id: my-process
  label: My process
  doc: What it finds out, of what, and what comes out
  requirements:
    MultipleInputFeatureRequirement: {}
    ScatterFeatureRequirement: {}
  inputs:
    stac_item: {type: string, label: STAC item, doc: URL of the scene's STAC item}
    bands: {type: "string[]", default: [red, nir08], label: Bands, doc: Asset keys of the bands}
  outputs:
    stac_catalog: {type: Directory, outputSource: stac/catalog, label: Results, doc: STAC catalogue with one item}
  steps:
    fetch:
      run: "#fetch"
      scatter: band
      in: {item: stac_item, band: bands}
      out: [image]
    process:
      run: "#process"
      in: {images: fetch/image}
      out: [result]
    stac:
      run: "#stac"
      in:
        item: {source: [stac_item], linkMerge: merge_nested}
        result: {source: [process/result], linkMerge: merge_nested}
      out: [catalog]

- class: CommandLineTool
  id: fetch
  baseCommand: [python3, fetch.py]
  hints:
    DockerRequirement: {dockerPull: "{{image}}"}
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 1024}
    NetworkAccess: {networkAccess: true}
    InitialWorkDirRequirement:
      listing:
      - entryname: fetch.py
        entry: |
          import argparse, json
          from urllib.parse import urljoin
          from urllib.request import urlopen, urlretrieve
          parser = argparse.ArgumentParser()
          parser.add_argument("--item")
          parser.add_argument("--band")
          told = parser.parse_args()
          asset = json.load(urlopen(told.item))["assets"][told.band]
          urlretrieve(urljoin(told.item, asset["href"]), f"{told.band}.tif")
  inputs:
    item: {type: string, inputBinding: {prefix: --item}}
    band: {type: string, inputBinding: {prefix: --band}}
  outputs:
    image: {type: File, outputBinding: {glob: "*.tif"}}

- class: CommandLineTool
  id: process
  baseCommand: [python3, process.py]
  hints:
    DockerRequirement: {dockerPull: "{{image}}"}
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 1024}
    InitialWorkDirRequirement:
      listing:
      - entryname: process.py
        entry: |
          import csv, sys
          from pathlib import Path
          with open("result.csv", "w", newline="") as file:
              rows = csv.writer(file)
              rows.writerow(["image", "bytes"])
              rows.writerows([Path(image).name, Path(image).stat().st_size] for image in sys.argv[1:])
  inputs:
    images: {type: "File[]", inputBinding: {position: 1}}
  outputs:
    result: {type: File, outputBinding: {glob: result.csv}}
