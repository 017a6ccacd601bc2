cwlVersion: v1.2
$namespaces: {s: "https://schema.org/"}
s:softwareVersion: 2.1.0
$graph:
- class: Workflow
  id: greeting
  label: Greeting
  doc: Says hello
  inputs:
    name: {type: string, label: Name, doc: whom to greet}
  outputs:
    text: {type: File, outputSource: say/text}
  steps:
    say: {run: "#say", in: {name: name}, out: [text]}
- class: CommandLineTool
  id: say
  baseCommand: [echo, Hello]
  inputs: {name: {type: string, inputBinding: {position: 1}}}
  stdout: greeting.txt
  outputs: {text: {type: stdout}}
