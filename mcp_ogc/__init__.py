"""Earth Observation workflows in a conversation, through any OGC API - Processes endpoint."""

__version__ = "0.1.0.dev0"
