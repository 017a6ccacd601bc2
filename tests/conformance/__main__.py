"""`python -m tests.conformance`: the official suites against the real server, and the Inspector's strict listing.

A failure that is not expected fails the run, and so does an expectation that no longer holds.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mcp_ogc.cli.config import server_command
from tests.npm import install, node

FOLDER = Path(__file__).parent
INSPECTOR = "@modelcontextprotocol/inspector/clients/launcher/build/index.js"


@dataclass(frozen=True, slots=True)
class Suite:
    """One run of a suite: npm's name for it in package.json, and what it is told."""

    package: str
    options: tuple[str, ...] = ()
    expected_failures: str | None = None

    def command(self, url: str, results: Path) -> list[str]:
        program = FOLDER / "node_modules" / self.package / "dist" / "index.js"
        expected = ["--expected-failures", str(FOLDER / self.expected_failures)] if self.expected_failures else []
        return [node(FOLDER), str(program), "server", "--url", url, "-o", str(results), *self.options, *expected]


SUITES = (
    Suite("conformance"),
    Suite("conformance-alpha", ("--requirements", "2025-11-25")),
    Suite("conformance-alpha", ("--requirements", "2026-07-28"), "expected-2026-07-28.yml"),
)


def main() -> int:
    if not install(FOLDER):
        print("skipped: the suites are Node programs, and npm is not installed here")
        return 0
    failed = [suite for suite in SUITES if not passes(suite)]
    listed = lists_strictly()
    for suite in failed:
        print(f"FAILED: {suite.package} {' '.join(suite.options)}")
    return 1 if failed or not listed else 0


def passes(suite: Suite) -> bool:
    """Run a suite against a server of its own and print its summary; all it said where it fails."""
    print(f"\n{suite.package} {' '.join(suite.options)}", flush=True)
    with tempfile.TemporaryDirectory() as results, serving() as url:
        told = subprocess.run(
            suite.command(url, Path(results)), capture_output=True, encoding="utf-8", timeout=300, check=False
        )
        _, _, summary = told.stdout.partition("=== SUMMARY ===")
        print(summary.strip() or told.stdout, told.stderr)
        if told.returncode or not summary:
            for checks in sorted(Path(results).glob("*/checks.json")):
                text = checks.read_text(encoding="utf-8")
                if "FAILURE" in text or "WARNING" in text:
                    print(checks.parent.name, text)
        return told.returncode == 0 and bool(summary)


def lists_strictly() -> bool:
    """Whether the Inspector finds nothing to say about the tools' schemas, over stdio as clients start the server."""
    program = FOLDER / "node_modules" / INSPECTOR
    listing = [node(FOLDER), str(program), "--cli", *server_command(), "--method", "tools/list", "--strict"]
    told = subprocess.run(listing, capture_output=True, encoding="utf-8", timeout=120, check=False)
    good = told.returncode == 0 and not told.stderr.strip() and '"ogc_list_endpoints"' in told.stdout
    print(f"\n{'✓' if good else '✗'} inspector tools/list --strict\n{told.stderr}")
    return good


@contextmanager
def serving() -> Iterator[str]:
    """The URL of a fresh server with the suite's fixtures."""
    command = [sys.executable, "-m", "tests.conformance.server"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


if __name__ == "__main__":
    sys.exit(main())
