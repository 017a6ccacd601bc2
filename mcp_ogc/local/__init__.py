"""The local endpoint: OGC API - Processes, Parts 1 and 2, on this machine."""
