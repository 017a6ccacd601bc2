"""An OGC API - Processes endpoint on loopback, in a process of its own.

`python -m tests.benchmarks.upstream KIND [COUNT]` prints its port and serves until its standard input ends; then it
prints what it saw as one JSON object.

- `jobs`: COUNT jobs that run and end one by one over half a minute; every request is counted by its second.
- `storm`: executions.
- `catalogue`: COUNT processes.
- `items`: one job whose result is a collection of COUNT items like the recorded one.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

LIMIT = 100
RUN_SECONDS = (8.0, 30.0)
WORDS = ("water", "vegetation", "burnt area", "snow", "urban", "soil moisture", "ship", "cloud")


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def collection(count: int) -> dict[str, object]:
    """Copies of the recorded item, each elsewhere and at another time; one of a thousand too cloudy."""
    recorded = json.loads((Path(__file__).parents[1] / "data" / "zoo-water-bodies-results.json").read_bytes())
    features = []
    for number in range(count):
        item = json.loads(json.dumps(recorded["features"][0]))
        item["id"] = f"{item['id']}-{number:05}"
        west, south = -180 + number % 350, -80 + number * 160 / count
        item["bbox"] = [west, south, west + 1, south + 1]
        item["properties"]["datetime"] = f"20{number % 20:02}-0{number % 9 + 1}-08T18:45:23.598169Z"
        item["properties"]["eo:cloud_cover"] = 400.0 if number % 1000 == 7 else number % 97 / 10
        features.append(item)
    return {"type": "FeatureCollection", "features": features}


class Upstream:
    def __init__(self, kind: str, count: int) -> None:
        self.kind = kind
        self.random = random.Random(7)
        self.requests: Counter[int] = Counter()
        """Of jobs, by second."""
        self.readings: list[float] = []
        """When the list of jobs was begun."""
        self.jobs: dict[str, dict[str, object]] = {}
        self.ends: dict[str, float] = {}
        self.served: dict[str, float] = {}
        """When a job was first said to have ended."""
        begun = time.time()
        if kind == "jobs":
            for number in range(count):
                job_id = f"job-{number:04}"
                self.ends[job_id] = begun + self.random.uniform(*RUN_SECONDS)
                self.jobs[job_id] = {"jobID": job_id, "type": "process", "processID": "p", "created": now()}
        self.count = count
        self.collection = collection(count) if kind == "items" else {}

    def status(self, job_id: str) -> dict[str, object]:
        job = self.jobs[job_id]
        asked = time.time()
        ended = self.ends.get(job_id, float("inf")) <= asked
        if ended:
            self.served.setdefault(job_id, asked)
        return {**job, "status": "successful" if ended else "running"}

    def get(self, path: str, query: dict[str, list[str]]) -> tuple[int, object]:
        limit = min(int(query.get("limit", ["10"])[0]), 1000 if self.kind == "catalogue" else LIMIT)
        offset = int(query.get("offset", ["0"])[0])
        match path.strip("/").split("/"):
            case [""]:
                return 200, {"title": "upstream", "links": []}
            case ["conformance"]:
                return 200, {"conformsTo": ["http://www.opengis.net/spec/ogcapi-processes-1/1.0/conf/core"]}
            case ["processes"]:
                ids = range(offset, min(offset + limit, self.count))
                following = [{"rel": "next", "href": f"/processes?limit={limit}&offset={offset + limit}"}]
                links = following if offset + limit < self.count else []
                return 200, {"processes": [self.process(number) for number in ids], "links": links}
            case ["processes", process_id]:
                return 200, {"id": process_id, "version": "1", "inputs": {"n": {"schema": {"type": "integer"}}}}
            case ["jobs"]:
                newest = list(self.jobs)[::-1][offset : offset + limit]
                following = [{"rel": "next", "href": f"/jobs?limit={limit}&offset={offset + limit}"}]
                links = following if offset + limit < len(self.jobs) else []
                return 200, {"jobs": [self.status(job_id) for job_id in newest], "links": links}
            case ["jobs", "made"] if self.kind == "items":
                return 200, {"jobID": "made", "type": "process", "processID": "p", "status": "successful"}
            case ["jobs", "made", "results"] if self.kind == "items":
                return 200, self.collection
            case ["jobs", job_id] if job_id in self.jobs:
                return 200, self.status(job_id)
        return 404, {"type": "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-job"}

    def process(self, number: int) -> dict[str, object]:
        what = WORDS[number % len(WORDS)]
        return {
            "id": f"{what.replace(' ', '-')}-{number:04}",
            "version": "1.0.0",
            "title": f"Map of {what} for area {number}",
            "description": f"Maps {what} in a scene of Sentinel-2 or Landsat, by index and threshold. Area {number}.",
            "keywords": [what, "map"],
        }

    def made(self, inputs: dict[str, object]) -> str:
        job_id = f"job-{len(self.jobs):04}"
        self.jobs[job_id] = {
            "jobID": job_id,
            "type": "process",
            "processID": "p",
            "created": now(),
            "parameters": inputs,
        }
        return job_id

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                method, target, _ = line.decode().split()
                length = 0
                while (header := await reader.readline()) not in (b"\r\n", b""):
                    name, _, value = header.decode().partition(":")
                    length = int(value) if name.lower() == "content-length" else length
                body = await reader.readexactly(length)
                parts = urlsplit(target)
                if parts.path.startswith("/jobs"):
                    self.requests[int(time.time())] += 1
                if parts.path == "/jobs" and "offset" not in parts.query:
                    self.readings.append(time.time())
                if method == "POST":
                    job_id = self.made(json.loads(body)["inputs"])
                    reply(writer, 201, {"jobID": job_id, "status": "accepted"}, f"Location: /jobs/{job_id}\r\n")
                else:
                    reply(writer, *self.get(parts.path, parse_qs(parts.query)))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def report(self) -> dict[str, object]:
        return {
            "requests": sorted(self.requests.items()),
            "readings": self.readings,
            "jobs": {job_id: job.get("parameters") for job_id, job in self.jobs.items()},
            "ends": self.ends,
            "served": self.served,
        }


def reply(writer: asyncio.StreamWriter, status: int, body: object, headers: str = "") -> None:
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    writer.write(head.encode() + content)


async def main(kind: str, count: int) -> None:
    upstream = Upstream(kind, count)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    print(json.dumps(upstream.report()), flush=True)
    os._exit(0)  # connections that are kept are left as they are


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0))
