"""What a client waits for first, the list of tools, costs no library that only a call needs."""

import subprocess
import sys

HEAVY = ("boto3", "cwl_utils", "cwltool", "httpcore", "httpx", "jsonschema", "jwt", "keyring", "numpy", "PIL", "pystac")
HEAVY += ("rasterio", "ruamel", "schema_salad")
LISTING = """
import asyncio, sys
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
asyncio.run(build_server(Settings()).list_tools())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""
SDK = "import mcp.server, mcp.server.stdio, sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded(program: str) -> set[str]:
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(ran.stdout.split())


def test_listing_the_tools_imports_nothing_that_only_a_call_needs() -> None:
    assert not (loaded(LISTING) - loaded(SDK)) & set(HEAVY)
