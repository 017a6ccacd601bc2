"""CWL Earth Observation application packages (OGC 20-089)."""
