"""Whatever goes wrong on the way, a file that is saved is the one the job made."""

import hashlib
from pathlib import Path

import pytest

from tests.faults.conversation import NEXT_CALL, Case, Conversation, Open, conversations, try_all
from tests.server.talk import finished
from tests.servers.faults.fault import OF_CONNECTIONS, Fault

pytestmark = pytest.mark.anyio

CONTENT = b"0123456789" * 300
PACKAGE = """cwlVersion: v1.2
$graph:
- class: Workflow
  id: writing
  label: Writing
  doc: Writes digits
  inputs: {}
  outputs: {digits: {type: File, outputSource: write/digits}}
  steps: {write: {run: '#write', in: {}, out: [digits]}}
- class: CommandLineTool
  id: write
  baseCommand: [sh, -c, 'for n in $(seq 300); do printf 0123456789; done > digits.bin']
  inputs: {}
  outputs: {digits: {type: File, outputBinding: {glob: digits.bin}}}
"""


@pytest.mark.parametrize("endpoint", ["local"], indirect=True)
async def test_a_file_is_saved_as_it_was_made_or_not_at_all(endpoint: Open, tmp_path: Path) -> None:
    async with endpoint(tmp_path / "endpoint") as url:
        async with conversations([url], tmp_path / "before", [False]) as (talk,):
            await talk.call("ogc_deploy_process", package=PACKAGE)
            made = await talk.call("ogc_execute_process", process_id="writing", inputs={}, wait_seconds=0)
            assert (await finished(talk.client, made["job_id"]))["status"] == "successful"

        async def try_one(talk: Conversation, case: Case) -> str | None:
            amiss = (await talk.amiss(case, job_id=made["job_id"])).structured_content or {}
            after = await talk.call(case.tool, job_id=made["job_id"])
            for told in (amiss, after):
                (digits, *_) = [row for row in told["files"] if row["path"].endswith("digits.bin")] or [told]
                if told is amiss and NEXT_CALL.search(digits.get("problem", "")):
                    continue
                if digits.get("sha256") != hashlib.sha256(CONTENT).hexdigest():
                    return str(digits)
            return None

        # Without those that come before the file is asked for, and one that only takes as long as an export may.
        faults = [fault for fault in Fault if fault not in OF_CONNECTIONS | {Fault.DRIPPING}]
        cases = [Case(fault, "ogc_export_job", "GET", "digits.bin") for fault in faults]
        await try_all([url] * len(cases), tmp_path, cases, try_one)
