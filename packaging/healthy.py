"""The container's health check: a server over HTTP answers; over stdio the process is its own health.

`python healthy.py [COMMAND…]`: the command line of the server, that of the container's first process where none is given.
"""

import sys
import urllib.error
import urllib.request
from pathlib import Path

from mcp_ogc.cli.serve import listening_address


def healthy(command: list[str]) -> bool:
    """Whether the server of this command line answers: any answer of HTTP's will do, none is asked for."""
    text = next((value for option, value in zip(command, command[1:], strict=False) if option == "--http"), None)
    text = text or next((word.removeprefix("--http=") for word in command if word.startswith("--http=")), None)
    if text is None:
        return True
    host, port = listening_address(text)
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
