"""What of a package would run natively, and what is refused for it."""

import json
import sqlite3
from pathlib import Path

import httpx
import pytest
from ruamel.yaml import YAML

from mcp_ogc.local.store import MIGRATIONS, Store
from mcp_ogc.local.trust import containment, files_named
from tests.local.conftest import deploy, opened, problem, submit, tool, until

CWL = {"Content-Type": "application/cwl"}
IMAGE = "{DockerRequirement: {dockerPull: 'docker.io/library/alpine:3.22'}}"
HINTED = tool("p", "true").replace("  baseCommand", f"  hints: {IMAGE}\n  baseCommand")
REQUIRED = HINTED.replace("hints:", "requirements:")
LISTED = HINTED.replace(IMAGE, "[{class: DockerRequirement, dockerPull: 'alpine:3'}]")
SECOND_TOOL = "- class: CommandLineTool\n  id: second\n  baseCommand: 'true'\n  inputs: {}\n  outputs: {}\n"
SCRIPTED = "its JavaScript expressions"


def scripted(text: str) -> str:
    """With JavaScript, written so in the workflow."""
    return HINTED.replace("  label", f"  {text}\n  label", 1)


@pytest.mark.parametrize(
    ("package", "native", "names_images", "requires_engine"),
    [
        (tool("p", "true"), ("the tool tool",), False, False),
        (HINTED, (), True, False),
        (LISTED, (), True, False),
        (REQUIRED, (), True, True),
        (HINTED + "# DockerRequirement\n" + SECOND_TOOL, ("the tool second",), True, False),
        (HINTED.replace("dockerPull", "dockerFile"), ("the tool tool",), False, False),
        (scripted("requirements: {InlineJavascriptRequirement: {}}"), (SCRIPTED,), True, False),
        (scripted('requirements: {"Inline\\u004aavascriptRequirement": {}}'), (SCRIPTED,), True, False),
        (scripted("hints: [{class: 'cwl:InlineJavascriptRequirement'}]"), (SCRIPTED,), True, False),
    ],
    ids=["no image", "hint", "list", "requirement", "second tool", "image made here", "script", "hidden", "prefixed"],
)
def test_what_of_a_package_would_run_natively(
    package: str, native: tuple[str, ...], names_images: bool, requires_engine: bool
) -> None:
    found = containment(package)
    assert (found.native, found.names_images, found.requires_engine) == (native, names_images, requires_engine)
    assert type(found).of_stored(found.stored()) == found


def test_an_inline_tool_of_a_step_is_looked_at_too() -> None:
    document = YAML(typ="safe").load(HINTED)
    workflow, inner = document["$graph"]
    del inner["hints"]
    workflow["steps"]["run-it"]["run"] = inner
    assert containment(json.dumps({"cwlVersion": "v1.2", **workflow})).native == ("the tool tool",)


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ("{f: {type: File, default: {class: File, location: 'https://x.example/a'}}}", ()),
        ("[{id: f, type: Directory, default: {class: Directory, path: /etc}}]", ()),
        ("{f: string}", ()),
    ],
)
def test_defaults_of_the_workflow_are_inputs(inputs: str, named: tuple[str, ...]) -> None:
    workflow = tool("p", "true").replace("  inputs: {}", f"  inputs: {inputs}", 1)
    assert files_named(workflow, "p") == named


FILE = "{class: File, location: 'file:///etc/passwd'}"


OF_THE_TOOL = "  inputs: {}\n  outputs:\n"


@pytest.mark.parametrize(
    "package",
    [
        tool("p", "true", more=f"x: {{default: {FILE}}}"),
        tool("p", "true").replace(OF_THE_TOOL, OF_THE_TOOL.replace("{}", f"{{f: {{type: File, default: {FILE}}}}}")),
    ],
    ids=["default of a step", "default of a tool"],
)
@pytest.mark.anyio
async def test_a_package_that_names_files_itself_is_refused(http: httpx.AsyncClient, package: str) -> None:
    """Not even a trusted one: what is read is what its inputs say."""
    assert files_named(package, "p") == ("file:///etc/passwd",)
    assert files_named(package.replace("class: File", "class: cwl:File"), "p") == ("file:///etc/passwd",)
    told = await problem(await http.post("/processes", content=package, headers=CWL), 400)
    assert "/etc/passwd" in told["title"]


@pytest.mark.anyio
async def test_a_default_file_is_read_by_the_rules_of_inputs(http: httpx.AsyncClient, root: Path) -> None:
    (root.parent / "in.txt").write_text("from the default", encoding="utf-8")
    workflow = (
        "cwlVersion: v1.2\nclass: Workflow\nid: p\nlabel: L\ndoc: D\ninputs:\n  f: {type: File, default: {class: File, "
        "location: 'URL'}}\noutputs: {f: {type: File, outputSource: f}}\nsteps: {}\n"
    )
    await deploy(http, workflow.replace("URL", (root.parent / "in.txt").as_uri()))
    job_id = await submit(http, "p")
    info = await until(http, job_id)
    assert info["status"] == "successful", info["message"]
    href = (await http.get(f"/jobs/{job_id}/results")).json()["f"]["href"]
    assert Path(httpx.URL(href).path).read_text(encoding="utf-8") == "from the default"
    await deploy(http, workflow.replace("id: p", "id: q").replace("URL", "file:///etc/passwd"))
    info = await until(http, await submit(http, "q"))
    assert info["status"] == "failed"
    assert "not below a permitted folder" in info["message"]


@pytest.mark.anyio
async def test_trust_is_asked_at_deployment_and_again_at_execution(root: Path) -> None:
    package = tool("p", "true")
    async with opened(root) as http:
        await deploy(http, package)
    async with opened(root, trusted=()) as http:
        told = await problem(await http.put("/processes/p", content=package, headers=CWL), 403)
        assert "the tool tool" in told["title"]
        told = await problem(await http.post("/processes/p/execution", json={}), 403)
        digest = told["detail"].split('trusted_packages = ["')[1].split('"')[0]
    async with opened(root, trusted=(digest,)) as http:
        assert (await until(http, await submit(http, "p")))["status"] == "successful"


@pytest.mark.anyio
async def test_a_trusted_package_that_requires_an_engine_says_so_where_none_is(root: Path) -> None:
    async with opened(root) as http:
        told = await problem(await http.post("/processes", content=REQUIRED, headers=CWL), 403)
        assert "container engine" in told["title"]
        await deploy(http, HINTED)
        assert (await until(http, await submit(http, "p")))["status"] == "successful", "a hint is only one"


@pytest.mark.anyio
async def test_a_process_of_a_version_before_images_were_looked_at_needs_trust(root: Path) -> None:
    path = root / "local.sqlite3"
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.executescript(MIGRATIONS[0])
        connection.execute("PRAGMA user_version = 1")
        connection.execute(
            "INSERT INTO processes VALUES ('old', ?, ?, 'sha256:0', NULL, x'00', 'application/cwl', '')",
            ('{"id": "old"}', HINTED),
        )
    connection.close()
    Store(path).migrate()
    async with opened(root, trusted=()) as http:
        assert [one["id"] for one in (await http.get("/processes")).json()["processes"]] == ["echo", "pause", "old"]
        await problem(await http.post("/processes/old/execution", json={}), 403)
