"""`make bench`: one JSON line on stdout for each measure, nothing else; notes go to stderr."""

import sys
from importlib import import_module

from tests.benchmarks.measure import Measure

NAMES = (
    "cold-start",
    "tool-tokens",
    "job-overhead",
    "call-overhead",
    "monitor-1000",
    "submit-storm",
    "big-catalogue",
)


def main(wanted: list[str]) -> int:
    if unknown := set(wanted) - set(NAMES):
        print(f"no such measure: {', '.join(sorted(unknown))}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    measures: list[Measure] = []
    for name in wanted or NAMES:
        print(f"measuring {name} …", file=sys.stderr)
        measure = import_module(f"tests.benchmarks.{name.replace('-', '_')}").measure()
        print(measure.line(), flush=True)
        measures.append(measure)
    return 0 if all(measure.holds is not False for measure in measures) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
