"""Buckets of a person's workspace: its credentials come from an EOEPCA workspace API, not from the settings."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import anyio
import httpx
from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from mcp_ogc.errors import StorageError
from mcp_ogc.net.hosts import shown
from mcp_ogc.net.http import ENTRY, answered
from mcp_ogc.net.refusal import Entry

if TYPE_CHECKING:
    from mcp_ogc.net.auth import Learn
    from mcp_ogc.settings import StorageSettings

KEPT_SECONDS = 600
ANSWER_BYTES = 2**20


class _Credentials(BaseModel):
    """`storage.credentials` of a workspace (EOEPCA workspace API 2)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: str
    access: SecretStr
    secret: SecretStr
    bucketname: str
    region: str | None = None
    session_token: SecretStr | None = Field(
        None, validation_alias=AliasChoices("session_token", "sessionToken", "token")
    )


class _Storage(BaseModel):
    credentials: _Credentials


class _Workspace(BaseModel):
    storage: _Storage


class Workspaces:
    """Storage sections whose credentials are read from a workspace API, kept for ten minutes.

    Args:
        http: Sends the endpoint's credentials to the workspace's URL, because the settings say so.
        learn: Told of the keys.
        clock: Seconds that only go forward.
    """

    def __init__(self, http: httpx.AsyncClient, learn: Learn, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._learn = learn
        self._clock = clock
        self._kept: dict[str, tuple[float, _Credentials]] = {}
        self._asking = anyio.Lock()

    async def completed(self, section: StorageSettings) -> StorageSettings:
        """A section with its workspace's bucket, address and keys; what the settings say otherwise stays.

        Raises:
            StorageError: The workspace API does not tell them.
            AuthenticationRequired, AccessDenied: It lets nobody in.
            Unreachable: It does not answer.
        """
        assert section.workspace_url is not None
        async with self._asking:
            kept = self._kept.get(section.workspace_url)
            if kept is None or self._clock() - kept[0] > KEPT_SECONDS:
                kept = (self._clock(), await self._asked(section.workspace_url))
                self._kept[section.workspace_url] = kept
        told = kept[1]
        return section.model_copy(
            update={
                "buckets": section.buckets or (told.bucketname,),
                "advertised_endpoint": section.advertised_endpoint or told.endpoint,
                "endpoint": section.endpoint or told.endpoint,
                "region": section.region or told.region,
                "access_key_id": told.access,
                "secret_access_key": told.secret,
                "session_token": told.session_token,
            }
        )

    async def _asked(self, url: str) -> _Credentials:
        request = self._http.build_request("GET", url, headers={"Accept": "application/json"})
        response, body = await answered(self._http, request, ANSWER_BYTES)
        entry = response.extensions.get(ENTRY)
        if response.status_code in (401, 403) and isinstance(entry, Entry):
            raise entry.refused(response.status_code)
        if response.status_code >= 300:
            raise StorageError(
                f"The workspace {shown(request.url)} answered with HTTP {response.status_code}",
                remedy="Is workspace_url of the [storage.NAME] section the one of your workspace?",
            )
        try:
            told = _Workspace.model_validate_json(body).storage.credentials
        except ValidationError:
            raise StorageError(
                f"The workspace {shown(request.url)} does not tell the credentials of its storage",
                remedy="Write access_key_id and secret_access_key into the [storage.NAME] section instead",
            ) from None
        for secret in (told.access, told.secret, told.session_token):
            if secret is not None:
                self._learn(secret.get_secret_value())
        return told
