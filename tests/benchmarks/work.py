"""One piece of work in a process of its own: its CPU seconds, its wall time, its peak memory."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Work:
    cpu: float
    """Seconds, of all threads, imports left out."""
    wall: float
    megabytes: float
    """At most resident at once, imports included."""
    answer: Any = None


def in_process(module: str, *arguments: str, python: str = sys.executable) -> Work:
    """What a `python -m MODULE` that ends with `tell` took."""
    done = subprocess.run([python, "-m", module, *arguments], check=True, capture_output=True, encoding="utf-8")
    return Work(**json.loads(done.stdout.splitlines()[-1]))


def of_command(*command: str) -> Work:
    """What another program took, its start included. Linux tells the memory of a process that has ended."""
    begun = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}")
    return Work(usage.ru_utime + usage.ru_stime, time.perf_counter() - begun, usage.ru_maxrss / 1024)


def tell(work: Callable[[], Any]) -> None:
    """Do it, and print what it took."""
    cpu, wall = time.process_time(), time.perf_counter()
    answer = work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    print(json.dumps({"cpu": cpu, "wall": wall, "megabytes": kilobytes / 1024, "answer": answer}))
