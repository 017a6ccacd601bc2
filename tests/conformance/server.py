"""`python -m tests.conformance.server`: the real server over HTTP, with what the scenarios call beside its own."""

import socket
import tempfile
from pathlib import Path

import uvicorn

from mcp_ogc.net.redaction import configure_logging
from mcp_ogc.server import OgcServer, build_server
from mcp_ogc.settings import Settings
from tests.conformance import content, input_required, interaction


def with_fixtures(settings: Settings) -> OgcServer:
    server = build_server(settings)
    content.add_tools(server)
    content.add_schema_tools(server)
    content.add_resources(server)
    content.add_prompts(server)
    content.add_logging(server)
    interaction.add_notifying_tools(server)
    interaction.add_asking_tools(server)
    input_required.add_tools(server)
    input_required.add_prompts(server)
    return server


def main() -> None:
    """Print the URL, then serve until told to stop."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(data_folder=Path(folder) / "data", download_folder=Path(folder) / "downloads")
        configure_logging("warning", settings)
        app = with_fixtures(settings).streamable_http_app(host="127.0.0.1")
        print(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp", flush=True)
        uvicorn.Server(uvicorn.Config(app, log_level="warning", log_config=None)).run(sockets=[listening])


if __name__ == "__main__":
    main()
