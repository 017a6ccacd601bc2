"""T15: a package that is meant to harm is refused with its place, and what it points at is never read."""

import secrets
import sys
from pathlib import Path

import pytest
from mcp import Client

from mcp_ogc.packages.document import LARGEST
from mcp_ogc.packages.lint import lint
from mcp_ogc.server import build_server
from mcp_ogc.settings import Settings
from tests.packages.test_document import LAUGHS, STAIRS
from tests.packages.test_lint import SOUND, line_of
from tests.server.talk import refused, text_of

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)
STAGED = """\
  baseCommand: collect
  requirements:
    InitialWorkDirRequirement:
      listing: [{entryname: ../../etc/cron.d/x, entry: y}]
"""
FILE = "default: [{class: File, location: 'FILE'}]"
MALICIOUS = {
    "bomb of aliases": (SOUND + LAUGHS.replace("hints:", "x:hints:"), "document", ""),
    "bomb of depth": (SOUND + STAIRS.replace("hints:", "x:hints:"), "document", ""),
    "tag": (SOUND.replace("doc: Maps something", "doc: !!python/object/apply:os.system [id]"), "document", "!!python"),
    "import of itself": (SOUND.replace("doc: Maps something", "doc: {$import: '#main'}"), "reference", "$import"),
    "include": (SOUND.replace("doc: Maps something", "doc: {$include: 'FILE'}"), "reference", "$include"),
    "run of a file": (SOUND.replace('run: "#crop"', "run: 'FILE'"), "run", "run: 'FILE"),
    "run of itself": (SOUND.replace('run: "#crop"', 'run: "#main"'), "circle", "id: main"),
    "file as a default": (SOUND.replace("maps: {type", f"maps: {{{FILE}, type"), "file-beside", "class: File"),
    "staged outside": (SOUND.replace("  baseCommand: collect\n", STAGED), "staging", "../../etc"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALICIOUS)
async def test_t15_it_is_refused_with_its_place_before_anything_is_deployed(case: str, tmp_path: Path) -> None:
    text, rule, where = MALICIOUS[case]
    secret = tmp_path / "secret.yml"
    secret.write_text(CANARY, encoding="utf-8")
    text = text.replace("FILE", secret.as_uri())
    errors = {(finding.rule, finding.line) for finding in lint(text).errors}
    lines = [line_of(text, where.replace("FILE", secret.as_uri()))] if where else range(1, len(text.splitlines()) + 1)
    assert errors & {(rule, line) for line in lines}
    async with Client(build_server(Settings(data_folder=tmp_path / "data"))) as client:
        assert rule in await refused(client, "ogc_deploy_process", package=text)
        told = await client.call_tool("ogc_validate_package", {"package": text})
        assert (told.structured_content or {})["valid"] is False
        assert CANARY not in text_of(told)


def test_t15_a_text_beyond_the_bound_is_refused_without_being_read() -> None:
    (finding,) = lint("x: '" + "y" * (50 << 20) + "'").findings
    assert f"{LARGEST:,}" in finding.message


@pytest.mark.skipif(sys.platform == "win32", reason="cwltool does not run on Windows")
@pytest.mark.parametrize("referred", ["other.cwl", "http://127.0.0.1:9/other.cwl"])
def test_t15_what_runs_a_package_fetches_nothing_but_the_package(referred: str, tmp_path: Path) -> None:
    """Though one came to refer to another document after all."""
    from cwltool.context import LoadingContext
    from cwltool.load_tool import load_tool

    from mcp_ogc.local.driver import _only

    tool = "cwlVersion: v1.2\nclass: CommandLineTool\nbaseCommand: 'true'\ninputs: []\noutputs: []\n"
    (tmp_path / "other.cwl").write_text(tool, encoding="utf-8")
    package = tmp_path / "package.cwl"
    steps = f"steps: [{{id: s, run: '{referred}', in: [], out: []}}]"
    package.write_text(f"cwlVersion: v1.2\nclass: Workflow\ninputs: []\noutputs: []\n{steps}\n", encoding="utf-8")
    uri = package.as_uri()
    context = {"skip_schemas": True, "disable_js_validation": True, "fetcher_constructor": _only(uri)}
    with pytest.raises(Exception, match=r"undefined\s+reference\s+to"):
        load_tool(uri, LoadingContext(context))
