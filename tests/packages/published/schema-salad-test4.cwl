#!/usr/bin/env cwl-runner
class: Workflow
cwlVersion: v1.0
inputs:
  foo: string
outputs:
  bar: 12
steps: []
