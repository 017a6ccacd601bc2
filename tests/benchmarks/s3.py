"""An S3 server (moto) in a process of its own that counts: `python -m tests.benchmarks.s3 FILE…` serves s3://rasters/NAME.

It prints its port; each line on stdin is answered with a JSON line of what was asked since the last one.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from threading import Thread
from typing import Any

import boto3
from botocore.config import Config
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

BUCKET = "rasters"
KEYS = {"aws_access_key_id": "bench", "aws_secret_access_key": "bench"}
REGION = "us-east-1"
RANGE = re.compile(r"bytes=(\d+)-(\d+)")


class Counting:
    """Counts GETs, and the bytes of their answers. Ranges of the files it sends itself: moto would load all of one."""

    def __init__(self, app: Callable[..., Iterable[bytes]], files: Sequence[Path]) -> None:
        self._app = app
        self._files = {f"/{BUCKET}/{path.name}": path for path in files}
        self.requests = 0
        self.bytes = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = self._files.get(environ["PATH_INFO"])
        ranged = RANGE.fullmatch(environ.get("HTTP_RANGE", ""))
        if environ["REQUEST_METHOD"] == "GET" and path and ranged:
            body = _range(path, int(ranged[1]), int(ranged[2]), start)
        else:
            body = b"".join(self._app(environ, start))
        if environ["REQUEST_METHOD"] == "GET":
            self.requests += 1
            self.bytes += len(body)
        return [body]

    def report(self) -> str:
        told = json.dumps({"requests": self.requests, "bytes": self.bytes})
        self.requests = self.bytes = 0
        return told


def _range(path: Path, first: int, last: int, start: Callable[..., Any]) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(first)
        body = file.read(last - first + 1)
    headers = [
        ("Content-Type", "image/tiff"),
        ("Content-Length", str(len(body))),
        ("Content-Range", f"bytes {first}-{first + len(body) - 1}/{size}"),
        ("ETag", f'"{size:x}"'),
    ]
    start("206 Partial Content", headers)
    return body


class Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_request(self, *_: object) -> None:
        pass


def main(paths: list[str]) -> None:
    counting = Counting(DomainDispatcherApplication(create_backend_app), [Path(path) for path in paths])
    server = make_server("127.0.0.1", 0, counting, threaded=True, request_handler=Quiet)
    Thread(target=server.serve_forever, daemon=True).start()
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{server.port}",
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}, proxies={}),
        **KEYS,
    )
    client.create_bucket(Bucket=BUCKET)
    for path in map(Path, paths):
        with path.open("rb") as file:
            client.put_object(Bucket=BUCKET, Key=path.name, Body=file, ContentType="image/tiff")
    counting.report()
    print(server.port, flush=True)
    for _ in sys.stdin:
        print(counting.report(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
