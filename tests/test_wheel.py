"""What people install: the wheel has the prompts, the samples with their scene, and the commands."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy of the tree, in an environment that sees only its dependencies beside it."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("mcp_ogc", "prompts"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    target = folder / "site"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(target)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=120)
    return target


def run(installed: Path, program: str) -> str:
    """Run a program that sees the installed wheel before the checkout."""
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(installed), "PATH": "/usr/bin:/bin", "HOME": str(installed)},
        cwd=installed,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return ran.stdout


def test_the_prompts_travel_inside_the_wheel(installed: Path) -> None:
    program = "import mcp_ogc.prompts as p; print(p.folder(), *sorted(one.name for one in p.read_prompts()))"
    folder, *names = run(installed, program).split()
    assert Path(folder) == installed / "mcp_ogc" / "_prompts"
    assert names == ["diagnose-job", "interpret-results", "package-application", "run-workflow", "water-bodies"]


def test_the_samples_and_their_scene_travel_inside_the_wheel(installed: Path) -> None:
    program = (
        "from mcp_ogc.local.sample.samples import *; from pathlib import Path; import mcp_ogc;"
        "print(min(len(package_text(name)) for name in names()), len(list(scene_folder().rglob('*.tif'))));"
        "print(mcp_ogc.__file__)"
    )
    characters, bands, file = run(installed, program).split()
    assert int(characters) > 1000
    assert bands == "12"
    assert Path(file).is_relative_to(installed)


def test_the_view_travels_inside_the_wheel(installed: Path) -> None:
    page = run(installed, "import mcp_ogc.views.app as a; print(a.view_app().resources()[0].resource.path)").strip()
    assert Path(page).is_relative_to(installed)
    assert Path(page).read_text(encoding="utf-8").startswith("<!doctype html>")


def test_types_and_commands_travel_inside_the_wheel(installed: Path) -> None:
    assert (installed / "mcp_ogc" / "py.typed").exists()
    (metadata,) = installed.glob("mcp_ogc-*.dist-info")
    commands = (metadata / "entry_points.txt").read_text(encoding="utf-8")
    samples = [path.read_text(encoding="utf-8") for path in (installed / "mcp_ogc/local/sample").glob("*.cwl")]
    assert len(samples) == 3
    for command in ("mcp-ogc", *re.findall(r"baseCommand: (\S+)", "".join(samples))):
        assert f"{command} = " in commands
    assert (metadata / "licenses" / "LICENSE").exists()
