"""Packages are read in threads, several at once, also the first ones of a process."""

import subprocess
import sys
from pathlib import Path

PACKAGE = Path(__file__).parents[2] / "mcp_ogc" / "local" / "sample" / "vegetation-index.cwl"
AT_ONCE = """
import sys, threading
from mcp_ogc.packages.lint import lint

text, start, failed = open(sys.argv[1], encoding="utf-8").read(), threading.Barrier(8), []

def read():
    start.wait()
    try:
        lint(text)
    except BaseException as error:
        failed.append(repr(error))

threads = [threading.Thread(target=read) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
sys.exit("; ".join(failed) or 0)
"""


def test_the_first_packages_of_a_process_can_be_read_at_once() -> None:
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", AT_ONCE, str(PACKAGE)], capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")
