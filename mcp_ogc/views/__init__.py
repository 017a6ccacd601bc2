"""What a client that shows MCP Apps draws beside an answer: one page, `view.html`, made of `views/` by make view."""
