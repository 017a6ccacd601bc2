"""Every parser of remote data (`tests/parsers/`) given what nobody meant to send: what it raises, how long it takes."""

import sys

from tests.benchmarks.measure import Measure
from tests.parsers.fuzzing import SECONDS, fuzz
from tests.parsers.registry import PARSERS

INPUTS = 200_000
SEED = 20261125


def measure() -> tuple[Measure, ...]:
    found = fuzz(PARSERS, INPUTS, SEED)
    for finding in found.findings:
        print(finding, file=sys.stderr)
    share = found.read / found.count
    print(
        f"{found.count:,} inputs of {len(PARSERS)} parsers, {share:.0%} read, slowest: {found.slowest_parser}",
        file=sys.stderr,
    )
    took_long = sum(finding.what.startswith("took") for finding in found.findings)
    return (
        Measure(
            "fuzz",
            float(len(found.findings) - took_long),
            "inputs of 200,000 that raise what is not ours",
            "",
            None,
            None,
            "0",
            len(found.findings) == took_long,
        ),
        Measure(
            "fuzz-slowest",
            round(found.slowest, 3),
            "s of the processor",
            "",
            None,
            None,
            f"<= {SECONDS:g} s",
            found.slowest <= SECONDS,
        ),
    )
