"""The container's health check: a server over HTTP answers; over stdio the process is its own health.

`python healthy.py [COMMAND…]`, COMMAND being the server's command line: the container's first process's where left out.
"""

import sys
import urllib.error
import urllib.request
from itertools import pairwise
from pathlib import Path

from mcp_ogc.cli.serve import listening_address
from mcp_ogc.settings import load


def healthy(command: list[str]) -> bool:
    """Whether the server of this command line answers: any answer of HTTP's will do, none is asked for."""
    words = [part for word in command for part in word.split("=", 1)]
    options = dict(pairwise(words))
    if "--http" not in options:
        return True
    config = options.get("--config")
    host, port = listening_address(options["--http"], load(Path(config) if config else None).http)
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}/mcp"
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=5).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


if __name__ == "__main__":
    first = Path("/proc/1/cmdline")
    command = sys.argv[1:] or first.read_bytes().decode(errors="replace").split("\0")
    sys.exit(0 if healthy(command) else 1)
