"""The layers of the design hold: imports point down, and an outside library has one owner."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mcp_ogc

ROOT = Path(mcp_ogc.__file__).parent

FLOORS = {
    "cli": 6,
    **dict.fromkeys(("server", "opening", "http_app", "http_server", "stdio", "bearers"), 5),
    **dict.fromkeys(
        (
            "tools",
            "resources",
            "completions",
            "subscriptions",
            "prompts",
            "views",
            "text",
            "uris",
            "confirmation",
            "misuse",
            "outgoing",
            "sessions",
        ),
        4,
    ),
    **dict.fromkeys(
        (
            "workspace",
            "descriptions",
            "jobs",
            "packages",
            "rasters",
            "tables",
            "late_workspace",
            "embedded",
            "background",
            "columns",
            "export",
            "transfers",
            "answer_files",
            "inline_files",
            "file_names",
            "scenes",
            "provenance",
        ),
        3,
    ),
    "ogc": 2,
    **dict.fromkeys(
        (
            "net",
            "settings",
            "consistency",
            "authentication",
            "serving",
            "users",
            "telemetry",
            "errors",
            "audit",
            "recent",
            "scratch",
        ),
        1,
    ),
}
# A wing of its own: what it may import, and who may import it.
LOCAL_MAY_IMPORT = ("ogc.models", "ogc.inputs", "packages", "errors", "settings", "net.addresses")
MAY_IMPORT_LOCAL = ("cli", "opening")

OWNERS = {
    "httpx": (
        "net",
        "ogc.client",
        "ogc.own_jobs",
        "ogc.core",
        "ogc.deployments",
        "ogc.new_jobs",
        "ogc.receiving",
        "ogc.exchange",
        "ogc.answers",
        "opening",
    ),
    "boto3": ("net.storage",),
    "botocore": ("net.storage",),
    "jwt": ("net.id_token", "net.refusal"),
    "keyring": ("net.token_store",),
    "rasterio": ("rasters", "local.sample"),
    "pystac": ("ogc.results.items", "scenes", "local.publish", "local.sample"),
    "cwl_utils": ("packages",),
    "schema_salad": ("packages", "local.driver"),
    "cwltool": ("local.driver", "local.confinement"),
    "opentelemetry": ("telemetry",),
    "mcp": (
        "server",
        "stdio",
        "bearers",
        "http_app",
        "cli",
        "tools",
        "resources",
        "completions",
        "subscriptions",
        "prompts",
        "views",
        "text",
        "confirmation",
        "misuse",
        "outgoing",
        "net.auth",
    ),
    "mcp_types": (
        "server",
        "stdio",
        "cli",
        "tools",
        "resources",
        "completions",
        "subscriptions",
        "prompts",
        "views",
        "text",
        "confirmation",
    ),
}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if name:
            yield name, path


def imports(path: Path) -> Iterator[str]:
    """Every import of a file, late ones too, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def within(name: str, rooms: tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


MODULES = [pytest.param(name, path, id=name) for name, path in modules()]


@pytest.mark.parametrize(("name", "path"), MODULES)
def test_imports_point_down(name: str, path: Path) -> None:
    room = name.split(".")[0]
    for target in imports(path):
        if not target.startswith("mcp_ogc."):
            continue
        inner = target.removeprefix("mcp_ogc.")
        other = inner.split(".")[0]
        if other == room or inner == "__version__":
            continue
        if room == "local":
            assert within(inner, LOCAL_MAY_IMPORT), f"{name} imports {inner}: the local endpoint stands on its own"
        elif other == "local":
            assert room in MAY_IMPORT_LOCAL, (
                f"{name} imports {inner}: only the composition root opens the local endpoint"
            )
        else:
            assert FLOORS[other] <= FLOORS[room], f"{name} imports {inner}, which is a floor above it"


@pytest.mark.parametrize(("name", "path"), MODULES)
def test_an_outside_library_has_one_owner(name: str, path: Path) -> None:
    for target in imports(path):
        owners = OWNERS.get(target.split(".")[0])
        assert owners is None or within(name, owners), f"{name} imports {target}, which belongs to {owners}"


@pytest.mark.parametrize(("name", "path"), MODULES)
def test_a_file_is_one_noun_of_at_most_400_lines(name: str, path: Path) -> None:
    assert name.split(".")[-1] not in {"util", "utils", "helper", "helpers", "common", "base", "manager", "misc"}
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_map_tells_of_each_place_once() -> None:
    told = (ROOT.parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
    lines = [line for line in told.split("```")[1].splitlines() if line[:4].strip() and "----" not in line]
    places = [line.split()[0] for line in lines]
    assert [place for place in places if places.count(place) > 1] == []
    assert told.count("\nWhere does a new thing go?") == 1
