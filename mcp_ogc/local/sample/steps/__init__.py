"""The steps of the bundled packages, a console command each: `mcp-ogc-*`."""
