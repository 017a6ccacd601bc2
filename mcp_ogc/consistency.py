"""Settings that contradict each other, and variables that are none of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.errors import SettingsError

if TYPE_CHECKING:
    from mcp_ogc.settings import Settings


def check(settings: Settings) -> None:
    """Look for what contradicts itself, or names what is not there.

    Raises:
        SettingsError: With what would be right.
    """
    endpoints = settings.configured_endpoints()
    _check_variables(settings)
    if "local" in settings.endpoints:
        raise SettingsError(
            "The endpoint name local is the embedded endpoint's", remedy="Choose another name in [endpoints.NAME]"
        )
    if settings.token and not settings.url:
        raise SettingsError("MCP_OGC_TOKEN is set without MCP_OGC_URL", remedy="Set both, or neither")
    known = [*endpoints, *(["local"] if settings.has_local else [])]
    if settings.default_endpoint and settings.default_endpoint not in known:
        raise SettingsError(
            f"default_endpoint {settings.default_endpoint!r} is not configured", remedy=f"Known: {', '.join(known)}"
        )
    for subject, user in settings.users.items():
        if unknown := sorted(set(user.endpoints).difference(endpoints)):
            raise SettingsError(
                f"The endpoint {unknown[0]!r} of [users.{subject!r}] is not configured",
                remedy=f"Known: {', '.join(endpoints) or 'none'}",
            )
    if settings.users and settings.http.is_open:
        raise SettingsError(
            "[users] is set, and nobody is asked who they are", remedy="Set issuer and url in [http], or leave it out"
        )
    for name, storage in settings.storage.items():
        if storage.workspace_endpoint and storage.workspace_endpoint not in endpoints:
            raise SettingsError(
                f"workspace_endpoint {storage.workspace_endpoint!r} of [storage.{name}] is not configured",
                remedy=f"Known: {', '.join(endpoints) or 'none'}",
            )


def _check_variables(settings: Settings) -> None:
    """A variable of ours that is none is a mistake, as it is in the file: read-only with a slip is not read-only."""
    known, prefix = type(settings).model_fields, settings.model_config.get("env_prefix", "")
    ways = [one.authentication for one in settings.endpoints.values()]
    ways += [one.authentication for user in settings.users.values() for one in user.endpoints.values()]
    told = {way.token_variable for way in ways if isinstance(way, BearerAuthentication)}
    for variable, value in os.environ.items():
        name = variable.upper()
        field, *_ = name.removeprefix(prefix).lower().split("__")
        if name.startswith(prefix) and value and field not in known and variable not in told:
            from difflib import get_close_matches

            near = get_close_matches(field, known, n=1)
            meant = f"Did you mean {prefix}{near[0].upper()}?" if near else "The guide of endpoints has those there are"
            raise SettingsError(f"The variable {variable} is none of the settings", remedy=meant)
