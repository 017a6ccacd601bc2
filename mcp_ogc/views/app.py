"""The view as an MCP App: its resource, under a policy that lets nothing be fetched (SEP-1865)."""

from __future__ import annotations

from pathlib import Path

from mcp.server.apps import APP_MIME_TYPE, Apps, ResourceCsp
from mcp.server.mcpserver.resources import FileResource

VIEW = "ui://mcp-ogc/view.html"
"""Results and rasters on a map, a job with its steps: the page looks at the answer it is given."""

FETCHES_NOTHING = ResourceCsp(connect_domains=[], resource_domains=[], frame_domains=[], base_uri_domains=[])


def view_app() -> Apps:
    """The extension; the page is read when a client asks for it."""
    apps = Apps()
    apps.add_resource(
        FileResource(
            uri=VIEW,
            name="view",
            title="Map and job view",
            description="Results, rasters and jobs as a page, for clients that show MCP Apps.",
            mime_type=APP_MIME_TYPE,
            path=Path(__file__).with_name("view.html").absolute(),
            encoding="utf-8",
            meta={"ui": {"csp": FETCHES_NOTHING.model_dump(by_alias=True), "prefersBorder": True}},
        )
    )
    return apps
