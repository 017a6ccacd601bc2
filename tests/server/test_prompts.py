"""Prompts that are asked for wrongly: what would be right is told, as invalid parameters, and nothing is logged."""

import logging

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError
from mcp_types import INVALID_PARAMS

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("diagnose_job", {}, "no prompt 'diagnose_job' here. Did you mean diagnose-job?"),
        ("weather", {}, "Prompts: diagnose-job, interpret-results, package-application, run-workflow, water-bodies"),
        ("diagnose-job", {}, "needs job_id. Its arguments: job_id: the job that failed"),
        ("run-workflow", {"goal": "x", "gaol": "y"}, "has no argument gaol. Its arguments: goal: "),
        ("water-bodies", {"scene": "x"}, "has no argument scene. Its arguments: none"),
    ],
)
async def test_what_does_not_fit_is_told_with_what_would(
    client: Client, caplog: pytest.LogCaptureFixture, name: str, arguments: dict[str, str], told: str
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(MCPError) as refused:
        await client.get_prompt(name, arguments)
    assert refused.value.error.code == INVALID_PARAMS
    assert told in refused.value.error.message
    assert not [record for record in caplog.records if record.exc_info]
