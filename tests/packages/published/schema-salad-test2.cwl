#!/usr/bin/env cwl-runner
class: xWorkflow
cwlVersion: v1.0