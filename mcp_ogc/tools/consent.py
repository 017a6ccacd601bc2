"""Agreement to what destroys: the person is asked where the client can, else a preview comes before a token."""

from __future__ import annotations

from collections.abc import Mapping

from mcp.server.elicitation import AcceptedElicitation, ElicitationResult
from mcp.server.mcpserver import Elicit
from pydantic import BaseModel, Field, JsonValue

from mcp_ogc.errors import ConfirmationRefused
from mcp_ogc.text import undrawn, visible
from mcp_ogc.tools.spec import Call, confirmations


class Consent(BaseModel):
    """What the person is asked."""

    agreed: bool = Field(default=False, description="yes, do it")


def asked(ctx: Call, confirm: str | None) -> bool:
    """Whether the person is to be asked: the client can, and no token is given."""
    capabilities = ctx.client_capabilities
    return confirm is None and capabilities is not None and capabilities.elicitation is not None


def question(text: str) -> Elicit[Consent]:
    """What the person is asked, with nothing in it that can't be seen and no link: names in it are strangers'."""
    return Elicit(undrawn(visible(text)), Consent)


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
