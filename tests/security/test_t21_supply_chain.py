"""T21: what is installed is what was resolved, byte by byte; known advisories are asked for by `make audit`."""

import re
import tomllib
from importlib.metadata import distributions
from itertools import chain
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = [*sorted(ROOT.glob("*.lock")), *sorted(ROOT.glob("tests/*/*.lock"))]
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def locked(path: Path) -> dict[str, list[tuple[Requirement, list[str]]]]:
    """The requirements of a lock file with their hashes, by name; a line that is none of both fails."""
    text = "".join(line for line in path.read_text(encoding="utf-8").splitlines(True) if not line.startswith("#"))
    found: dict[str, list[tuple[Requirement, list[str]]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        told, *options = re.split(r"\s+--hash=", line.strip())
        requirement = Requirement(told)
        found.setdefault(canonicalize_name(requirement.name), []).append((requirement, options))
    return found


@pytest.mark.parametrize("path", LOCKS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_requirement_is_one_version_with_its_hashes(path: Path) -> None:
    requirements = locked(path)
    assert len(requirements) > 5
    for requirement, hashes in chain.from_iterable(requirements.values()):
        (only,) = requirement.specifier
        assert only.operator == "==", requirement
        assert requirement.url is None
        assert hashes, requirement
        assert all(re.fullmatch("sha256:[0-9a-f]{64}", one) for one in hashes), requirement


def test_what_we_depend_on_is_locked_within_its_bounds() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = locked(ROOT / "requirements.lock")
    wanted = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    for one in map(Requirement, wanted):
        for there, _ in requirements[canonicalize_name(one.name)]:
            (version,) = there.specifier
            assert one.specifier.contains(version.version), f"{one} is locked at {there}"


def test_what_runs_here_is_what_is_locked() -> None:
    requirements = locked(ROOT / "requirements.lock")
    ours = {"mcp-ogc", "pip", "setuptools", "wheel"}
    for there in distributions():
        name = canonicalize_name(there.metadata["Name"])
        if name not in ours:
            meant = [one for one, _ in requirements[name] if one.marker is None or one.marker.evaluate()]
            assert [one.specifier.contains(there.version) for one in meant] == [True], f"{name} {there.version}"


def test_nothing_is_installed_without_its_hashes() -> None:
    installs = [line for line in MAKEFILE.splitlines() if "pip install" in line]
    assert installs
    for line in installs:
        assert "--require-hashes" in line or "--no-deps --no-build-isolation -e ." in line, line


def test_advisories_are_asked_for_of_every_lock_and_an_unanswered_question_is_a_failure() -> None:
    recipe = MAKEFILE[MAKEFILE.index("\naudit:") :].split("\n\n")[0]
    for option in ("--strict", "--require-hashes", "--disable-pip", "$(LOCKS)"):
        assert option in recipe
    listed = re.search(r"^LOCKS := (.*)$", MAKEFILE, re.MULTILINE)
    assert listed
    found = {path for pattern in re.findall(r"[^\s()$]+\.lock", listed[1]) for path in ROOT.glob(pattern)}
    assert found == set(LOCKS)
