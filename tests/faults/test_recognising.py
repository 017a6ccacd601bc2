"""What an endpoint is and can do is not what a gateway before it said once."""

from pathlib import Path
from typing import Any

import pytest

from tests.faults.conversation import Conversation, Open, conversations
from tests.servers.faults.fault import Fault
from tests.servers.faults.plan import NoFault, Planned

pytestmark = pytest.mark.anyio

FAULTS = (Fault.PAGE, Fault.UNAVAILABLE, Fault.TRUNCATED, Fault.CUT_BODY, Fault.TOO_MANY)


async def rows(talks: list[Conversation]) -> list[dict[str, Any]]:
    """What is told of each endpoint, without what is each one's own."""
    told = (await talks[0].client.call_tool("ogc_list_endpoints", {})).structured_content or {}
    return [
        {name: value for name, value in row.items() if name not in ("name", "url", "default")}
        for row in told["endpoints"]
    ]


@pytest.mark.parametrize("endpoint", ["local", "zoo"], indirect=True)
async def test_once_a_fault_is_over_the_endpoint_is_known_for_what_it_is(
    endpoint: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_ogc.workspace.FAULT_SECONDS", 0)
    async with endpoint(tmp_path / "endpoint") as url:
        async with conversations([url], tmp_path / "before", [False]) as (talk,):
            (right,) = await rows([talk])
            asked = sorted({one.request.path.partition("?")[0] for one in talk.proxy.exchanges})
        cases = [(fault, path) for path in asked for fault in FAULTS]
        async with conversations([url] * len(cases), tmp_path, [False] * len(cases)) as talks:
            for talk, (fault, path) in zip(talks, cases, strict=True):
                talk.proxy.plan = Planned(fault, "GET", path)
            await rows([*talks])
            for talk in talks:
                talk.proxy.plan = NoFault()
            after = await rows([*talks])
    wrong = [f"{fault} of {path}: {row}" for (fault, path), row in zip(cases, after, strict=True) if row != right]
    assert not wrong, "\n".join(wrong)
