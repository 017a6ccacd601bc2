"""fastprocesses as it is on PyPI, on loopback, with the processes of `fastprocesses_processes.py`.

Three programs: its web application, a worker, and the Redis that both keep jobs and results in.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.servers.environment import HERE, STARTS_WITHIN, executable, free_port, running, variables, wait_for

PROCESSES = "fastprocesses_processes"


@contextmanager
def fastprocesses(folder: Path) -> Iterator[str]:
    """Its base URL, once it answers and its worker is there."""
    folder.mkdir(parents=True, exist_ok=True)
    celery, uvicorn, redis = executable("celery"), executable("uvicorn"), executable("redis-server")
    (folder / f"{PROCESSES}.py").write_bytes((HERE / f"{PROCESSES}.py").read_bytes())
    port, store = free_port(), str(free_port())
    environment = variables(
        PYTHONPATH=str(folder),
        FP_RESULT_CACHE_HOST="127.0.0.1",
        FP_RESULT_CACHE_PORT=store,
        FP_CELERY_BROKER_HOST="127.0.0.1",
        FP_CELERY_BROKER_PORT=store,
    )
    work = [celery, "-A", "fastprocesses.common.celery_app", "worker", "-I", PROCESSES, "-P", "threads", "-c", "4"]
    work += ["--without-mingle", "--without-gossip", "--without-heartbeat"]
    with ExitStack() as programs:
        keep = [redis, "--bind", "127.0.0.1", "--port", store, "--save", "", "--appendonly", "no"]
        programs.enter_context(running(keep, folder, environment))
        _, words = programs.enter_context(running(work, folder, environment))
        serve = [uvicorn, f"{PROCESSES}:app", "--host", "127.0.0.1", "--port", str(port)]
        process, log = programs.enter_context(running(serve, folder, environment))
        wait_for(f"http://127.0.0.1:{port}/conformance", process, log)
        _wait_for_worker(words)
        yield f"http://127.0.0.1:{port}"


def _wait_for_worker(log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if "Worker is ready" in log.read_text(encoding="utf-8", errors="replace"):
            return
        time.sleep(0.1)
    pytest.fail("the worker of fastprocesses does not start")
