"""The packaging prompt's example, followed to the letter: deployed, run, its results read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, MCPError

from mcp_ogc.local.sample.samples import SCENES, scene_folder
from mcp_ogc.local.trust import containment
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.lint import lint
from mcp_ogc.server import build_server
from mcp_ogc.settings import LocalSettings, Settings
from tests.server.talk import call, finished, refused, text_of

pytestmark = pytest.mark.anyio
KINDS = ("tool", "scatter", "steps")
ITEMS = [(scene_folder() / scene / f"{scene}.json").as_uri() for scene in SCENES]


async def prompt(client: Client, **given: str) -> str:
    (message,) = (
        await client.get_prompt("package-application", {"command": "process.py --band red", **given})
    ).messages
    return str(message.content.text)


def example(text: str) -> str:
    """The package of a prompt."""
    (cwl,) = re.findall(r"^```cwl\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return str(cwl)


async def deployed_and_run(settings: Settings, kind: str, inputs: dict[str, Any]) -> dict[str, Path]:
    """The files that the example of a kind makes, by item."""
    async with Client(build_server(settings)) as client:
        package = example(await prompt(client, kind=kind))
        told = await refused(client, "ogc_deploy_process", package=package, endpoint="local")
        assert "is not trusted" in told
        assert "they decide" in told
        assert "authentication" not in told, "nobody signs in to the local endpoint"
    trusting = LocalSettings(trusted_packages=(load(package).digest,), container_engine="none")
    async with Client(build_server(settings.model_copy(update={"local": trusting}))) as client:
        answer = await client.call_tool("ogc_deploy_process", {"package": package, "endpoint": "local"})
        assert "Here it runs natively, not in containers" in text_of(answer)
        assert "the images that it names are not used" in text_of(answer)
        checked = await call(client, "ogc_execute_process", process_id="my-process", inputs=inputs, dry_run=True)
        assert checked["trial"] == (answer.structured_content or {})["trial"], "said again before it runs"
        job = await call(client, "ogc_execute_process", process_id="my-process", inputs=inputs, wait_seconds=20)
        ended = await finished(client, job["job_id"])
        assert ended["status"] == "successful", ended
        (output,) = (await call(client, "ogc_get_results", job_id=job["job_id"]))["outputs"]
        assert [asset["asset"] for item in output["items"] for asset in item["assets"]] == ["data"] * len(
            output["items"]
        )
        files = (await call(client, "ogc_export_job", job_id=job["job_id"], outputs=["stac_catalog"]))["files"]
        return {item["id"]: Path(file["path"]) for item, file in zip(output["items"], files, strict=True)}


@pytest.fixture
def untrusting(settings: Settings) -> Settings:
    return settings.model_copy(update={"local": LocalSettings(container_engine="none")})


@pytest.mark.parametrize(
    ("kind", "inputs"), [("tool", {"stac_item": ITEMS[0]}), ("scatter", {"stac_items": ITEMS, "band": "nir08"})]
)
async def test_an_example_followed_to_the_letter_runs(untrusting: Settings, kind: str, inputs: dict[str, Any]) -> None:
    made = await deployed_and_run(untrusting, kind, inputs)
    assert list(made) == list(SCENES)[: len(made)]
    for item, path in made.items():
        assert path.read_bytes() == (scene_folder() / item / f"{inputs.get('band', 'red')}.tif").read_bytes()


async def test_an_example_of_several_steps_makes_a_table(untrusting: Settings) -> None:
    made = await deployed_and_run(untrusting, "steps", {"stac_item": ITEMS[1]})
    sizes = [f"{band}.tif,{(scene_folder() / SCENES[1] / f'{band}.tif').stat().st_size}" for band in ("red", "nir08")]
    assert made[SCENES[1]].read_text(encoding="utf-8").split() == ["image,bytes", *sizes]


@pytest.mark.parametrize("kind", KINDS)
async def test_a_template_is_contained_in_the_image_that_is_asked_for(untrusting: Settings, kind: str) -> None:
    async with Client(build_server(untrusting)) as client:
        text = await prompt(client, kind=kind, image="registry.example.org/mine:1.2.3")
    package = load(example(text))
    assert "registry.example.org/mine:1.2.3" in package.text
    assert not containment(package.text).native
    assert package.main_id == "my-process"
    assert not lint(package.text).findings, "no rule has anything to say of a template"
    assert len(text) < 9000, "a prompt is read whole"


async def test_the_template_that_is_not_asked_for_is_not_read(untrusting: Settings) -> None:
    async with Client(build_server(untrusting)) as client:
        assert await prompt(client) == await prompt(client, kind="tool")
        assert json.dumps("scatter: item") not in await prompt(client)
        with pytest.raises(MCPError, match="tool, scatter, steps"):
            await prompt(client, kind="something")
