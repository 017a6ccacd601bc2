"""pygeoapi as it is on PyPI, on loopback, with the processes of `pygeoapi_processes.py`."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.servers.environment import HERE, STARTS_WITHIN, executable, free_port, running, variables, wait_for

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
    """Its base URL, once it answers."""
    gunicorn = executable("gunicorn")
    (folder / "out").mkdir(parents=True, exist_ok=True)
    (folder / "tests_processes.py").write_bytes((HERE / "pygeoapi_processes.py").read_bytes())
    (folder / "scene.tif").write_bytes((HERE.parent / "data" / "L7_ETMs.tif").read_bytes())
    port = free_port()
    (folder / "config.yml").write_text(CONFIGURATION.format(port=port, folder=folder), encoding="utf-8")
    environment = variables(
        PYTHONPATH=str(folder),
        PYGEOAPI_CONFIG=str(folder / "config.yml"),
        PYGEOAPI_OPENAPI=str(folder / "openapi.yml"),
    )
    generate = [executable("pygeoapi"), "openapi", "generate", str(folder / "config.yml")]
    generate += ["--output-file", str(folder / "openapi.yml")]
    subprocess.run(generate, check=True, env=environment, capture_output=True, timeout=STARTS_WITHIN)
    serve = [gunicorn, "--threads", "4", "--bind", f"127.0.0.1:{port}", "pygeoapi.flask_app:APP"]
    with running(serve, folder, environment) as (process, log):
        wait_for(f"http://127.0.0.1:{port}/conformance?f=json", process, log)
        yield f"http://127.0.0.1:{port}"
