"""The water-bodies application package: its CWL, its steps, its scene."""
