cwlVersion: v1.2
$namespaces:
  s: https://schema.org/
s:softwareVersion: 1.0.2
s:author:
  - class: s:Person
    s:name: Jürg Müller-Übelhör
$graph:
  - class: Workflow
    id: gletscherflaechen
    label: Gletscherflächen aus zwei Aufnahmen
    doc: |
      Grenzt Eisflächen ab und misst, wie stark sie zurückgegangen sind.
      Λιώσιμο των παγετώνων · 氷河の後退 · Таяние ледников
    inputs:
      aufnahme_frueher:
        type: Directory
        label: Frühere Aufnahme
        doc: STAC-Katalog mit einer Szene vom Ende des Sommers, möglichst ohne Neuschnee.
      aufnahme_spaeter:
        type: Directory
        label: Spätere Aufnahme
        doc: STAC-Katalog mit einer Szene desselben Gebiets, mindestens fünf Jahre später.
      massstab:
        type: int
        label: Maßstab
        doc: "Nenner des Kartenmaßstabs, zum Beispiel 25000 für 1:25 000."
        default: 25000
    outputs:
      flaechen:
        type: Directory
        label: Flächen
        doc: STAC-Katalog mit den Umrissen und der Veränderung in km².
        outputSource: abgrenzen/flaechen
    steps:
      abgrenzen:
        run: "#abgrenzen-werkzeug"
        in:
          aufnahme_frueher: aufnahme_frueher
          aufnahme_spaeter: aufnahme_spaeter
          massstab: massstab
        out: [flaechen]
  - class: CommandLineTool
    id: abgrenzen-werkzeug
    doc: Läuft auch ohne Höhenmodell.
    requirements:
      DockerRequirement:
        dockerPull: registry.example.org/gletscher/umriss:v1.0.2
      ResourceRequirement:
        coresMin: 2
        ramMin: 6144
    baseCommand: umriss
    inputs:
      aufnahme_frueher:
        type: Directory
        inputBinding: {position: 1}
      aufnahme_spaeter:
        type: Directory
        inputBinding: {position: 2}
      massstab:
        type: int
        inputBinding: {prefix: --massstab}
    outputs:
      flaechen:
        type: Directory
        outputBinding: {glob: ergebnis}
