"""OGC API - Processes: its words, its client, its answers."""
