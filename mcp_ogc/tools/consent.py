"""Agreement to what destroys: the person is asked where the client can, else a preview comes before a token."""

from __future__ import annotations

from collections.abc import Mapping

import anyio
from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Elicit
from mcp_types.version import is_version_at_least
from pydantic import BaseModel, Field, JsonValue

from mcp_ogc.errors import ConfirmationRefused
from mcp_ogc.text import undrawn, visible
from mcp_ogc.tools.spec import Call, confirmations

LEFT_SECONDS = 10
"""Of a call's time, for what is agreed to."""
QUESTIONS_BETWEEN_CALLS = "2026-07-28"
"""Since when a question ends the call, which comes again with the answer: a person has all the time they want."""


class Consent(BaseModel):
    """What the person is asked."""

    agreed: bool = Field(default=False, description="yes, do it")


def asked(ctx: Call, confirm: str | None) -> bool:
    """Whether the person is to be asked: the client can show a question, and no token is given.

    A client that only opens URLs can't; one that names no mode is from before there were two.
    """
    elicitation = ctx.client_capabilities.elicitation if ctx.client_capabilities else None
    return confirm is None and elicitation is not None and (elicitation.form is not None or elicitation.url is None)


async def ask(ctx: Call, question: str, again: str) -> Consent | Elicit[Consent]:
    """Put a question to the person; where the call waits for the answer, for as long as it has time.

    Args:
        ctx: Of the call.
        question: What would be done; what can't be seen and links are taken out, for names in it are strangers'.
        again: The call that asks once more.

    Raises:
        ConfirmationRefused: The person did not decide in time, or the client's answer is none. No token instead: who
            can be asked is not passed over.
    """
    shown = undrawn(visible(question))
    if ctx.protocol_version and is_version_at_least(ctx.protocol_version, QUESTIONS_BETWEEN_CALLS):
        return Elicit(shown, Consent)
    with anyio.CancelScope(deadline=anyio.current_effective_deadline() - LEFT_SECONDS):
        try:
            answer = await ctx.elicit(shown, Consent)
        except ValueError as error:
            raise ConfirmationRefused(
                f"The client did not say what the person decided; nothing was done: {type(error).__name__}",
                remedy=f"Ask them; then: {again}",
            ) from error
        return answer.data if isinstance(answer, AcceptedElicitation) else Consent()
    raise ConfirmationRefused(
        "The person did not decide in time, and a later answer to that question is not heard; nothing was done",
        remedy=f"When they are ready, this asks them again: {again}",
    )


def agree(
    ctx: Call,
    consent: ElicitationResult[Consent],
    tool: str,
    arguments: Mapping[str, JsonValue],
    confirm: str | None,
) -> str | None:
    """None where it may be done; else a token to give after the preview.

    Raises:
        ConfirmationRefused: The person declined, or the token does not fit.
    """
    if confirm is not None:
        confirmations(ctx).redeem(confirm, tool, arguments)
        return None
    if not asked(ctx, confirm):
        return confirmations(ctx).issue(tool, arguments)
    if isinstance(consent, AcceptedElicitation) and consent.data.agreed:
        return None
    raise ConfirmationRefused("The person did not agree; nothing was done", remedy="Ask what they would like instead")
