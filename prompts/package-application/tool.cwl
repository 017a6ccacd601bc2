- class: Workflow
  id: my-process
  label: My process
  doc: What it finds out, of what, and what comes out
  requirements:
    MultipleInputFeatureRequirement: {}
  inputs:
    stac_item: {type: string, label: STAC item, doc: URL of the scene's STAC item}
    band: {type: string, default: red, label: Band, doc: Asset key of the band}
  outputs:
    stac_catalog: {type: Directory, outputSource: stac/catalog, label: Results, doc: STAC catalogue with one item}
  steps:
    process:
      run: "#process"
      in: {item: stac_item, band: band}
      out: [result]
    stac:
      run: "#stac"
      in:
        item: {source: [stac_item], linkMerge: merge_nested}
        result: {source: [process/result], linkMerge: merge_nested}
      out: [catalog]

- class: CommandLineTool
  id: process
  baseCommand: [python3, process.py]
  hints:
    DockerRequirement: {dockerPull: "{{image}}"}
  requirements:
    ResourceRequirement: {coresMin: 1, ramMin: 1024}
    NetworkAccess: {networkAccess: true}
    InitialWorkDirRequirement:
      listing:
      - entryname: process.py
        entry: |
          import argparse, json
          from urllib.parse import urljoin
          from urllib.request import urlopen, urlretrieve
          parser = argparse.ArgumentParser()
          parser.add_argument("--item")
          parser.add_argument("--band")
          told = parser.parse_args()
          asset = json.load(urlopen(told.item))["assets"][told.band]
          urlretrieve(urljoin(told.item, asset["href"]), "result.tif")
  inputs:
    item: {type: string, inputBinding: {prefix: --item}}
    band: {type: string, inputBinding: {prefix: --band}}
  outputs:
    result: {type: File, outputBinding: {glob: result.tif}}
