"""The bundled application packages: their CWL, the commands that are their steps, the scene they run on."""
