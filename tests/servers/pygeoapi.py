"""pygeoapi as it is on PyPI, on loopback, with the processes of `pygeoapi_processes.py`."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

HERE = Path(__file__).parent
ENVIRONMENT = HERE.parents[1] / os.environ.get("SERVERS_VENV", ".venv-servers") / "bin"
STARTS_WITHIN = 90

CONFIGURATION = """
server:
  bind: {{host: 127.0.0.1, port: {port}}}
  url: http://127.0.0.1:{port}
  mimetype: application/json; charset=UTF-8
  encoding: utf-8
  languages: [en-US, fr-CA]
  gzip: false
  pretty_print: false
  limits: {{default_items: 10, max_items: 1000}}
  map: {{url: "http://127.0.0.1/none", attribution: none}}
  manager: {{name: TinyDB, connection: {folder}/jobs.json, output_dir: {folder}/out}}
logging: {{level: ERROR}}
metadata:
  identification:
    title: {{en: pygeoapi of the tests}}
    description: {{en: Runs what the tests want}}
    keywords: {{en: [test]}}
    keywords_type: theme
    terms_of_service: http://127.0.0.1/terms
    url: http://127.0.0.1
  license: {{name: none, url: "http://127.0.0.1/license"}}
  provider: {{name: tests, url: "http://127.0.0.1"}}
  contact: {{name: tests, email: tests@localhost}}
resources:
  greeting: {{type: process, processor: {{name: tests_processes.Greeting}}}}
  slow: {{type: process, processor: {{name: tests_processes.Slow}}}}
  files: {{type: process, processor: {{name: tests_processes.Files}}}}
"""


@contextmanager
def pygeoapi(folder: Path) -> Iterator[str]:
    """Its base URL, once it answers.

    Skips where its environment was not made (`make test` makes it), but never in CI.
    """
    if not (ENVIRONMENT / "gunicorn").exists():
        if os.environ.get("CI"):
            pytest.fail(f"{ENVIRONMENT} is missing: make test makes it")
        pytest.skip("pygeoapi is not installed: make test does it")
    (folder / "out").mkdir(parents=True, exist_ok=True)
    (folder / "tests_processes.py").write_bytes((HERE / "pygeoapi_processes.py").read_bytes())
    port = _free_port()
    (folder / "config.yml").write_text(CONFIGURATION.format(port=port, folder=folder), encoding="utf-8")
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")},
        "PYTHONPATH": str(folder),
        "PYGEOAPI_CONFIG": str(folder / "config.yml"),
        "PYGEOAPI_OPENAPI": str(folder / "openapi.yml"),
    }
    generate = [str(ENVIRONMENT / "pygeoapi"), "openapi", "generate", str(folder / "config.yml")]
    generate += ["--output-file", str(folder / "openapi.yml")]
    subprocess.run(generate, check=True, env=environment, capture_output=True, timeout=STARTS_WITHIN)
    serve = [str(ENVIRONMENT / "gunicorn"), "--threads", "4", "--bind", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(serve, env=environment, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            _wait_for(f"http://127.0.0.1:{port}/conformance?f=json", process, folder / "log")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(url, timeout=5):
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    print(log.read_text(encoding="utf-8", errors="replace"), file=sys.stderr)
    pytest.fail("pygeoapi does not start")


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        return int(listening.getsockname()[1])
