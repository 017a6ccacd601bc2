"""`make bench`: one JSON line on stdout for each measure, nothing else; notes go to stderr."""

import subprocess
import sys
from importlib import import_module

from tests.benchmarks.measure import Measure

NAMES = (
    "cold-start",
    "tool-tokens",
    "answer-tokens",
    "job-overhead",
    "call-overhead",
    "monitor-1000",
    "submit-storm",
    "hang",
    "big-catalogue",
    *(f"exact-{kind}" for kind in ("b", "c", "c2", "d", "e")),
    "zonal",
    "worker-overhead",
    "approx-cog-s3",
    "lint",
    "lint-recall",
    "items-10000",
    "fuzz",
    "soak",
    "view",
)
ONLY_WHEN_NAMED = ("chaos",)
"""Takes as long as all others: `make chaos`."""


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - {*NAMES, *ONLY_WHEN_NAMED}:
        known = ", ".join((*NAMES, *ONLY_WHEN_NAMED))
        print(f"no such measure: {', '.join(sorted(unknown))}; there are: {known}", file=sys.stderr)
        return 2
    if len(wanted) == 1:
        return _measured(wanted[0])
    # Each in a process of its own: what one leaves behind is not in the memory of the next.
    command = [sys.executable, "-m", "tests.benchmarks"]
    return max([subprocess.run([*command, name], check=False).returncode for name in wanted or NAMES])


def _measured(name: str) -> int:
    print(f"measuring {name} …", file=sys.stderr)
    family, _, kind = name.partition("-") if name.startswith("exact-") else (name, "", "")
    module = import_module(f"tests.benchmarks.{family.replace('-', '_')}")
    found = module.measure(kind) if kind else module.measure()
    measures: tuple[Measure, ...] = found if isinstance(found, tuple) else (found,)
    for measure in measures:
        print(measure.line(), flush=True)
    return 0 if all(measure.holds is not False for measure in measures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
