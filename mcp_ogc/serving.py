"""How MCP is served over HTTP, as the settings write it: `[http]`, and `[users]` with credentials of their own."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from mcp_ogc.authentication import (
    BasicAuthentication,
    BearerAuthentication,
    ClientCredentialsAuthentication,
    CookieAuthentication,
    HeaderAuthentication,
    HttpUrl,
    Section,
)
from mcp_ogc.users import Permission

# RFC 6749 §3.3.
ScopeName = Annotated[str, Field(pattern=r"^[\x21\x23-\x5b\x5d-\x7e]+$")]
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to a host that is listened on."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ScopeNames(Section):
    """`[http.scopes]`: what a token has to be given, in the issuer's words."""

    read: ScopeName = "mcp-ogc:read"
    """Without it nothing is answered."""
    execute: ScopeName = "mcp-ogc:execute"
    """Executing, dismissing, exporting."""
    deploy: ScopeName = "mcp-ogc:deploy"
    """Deploying and undeploying."""

    @property
    def by_permission(self) -> dict[Permission, str]:
        """The issuer's word for each permission."""
        return {"read": self.read, "execute": self.execute, "deploy": self.deploy}


class HttpSettings(Section):
    """`[http]`: streamable HTTP. Beyond loopback only with an issuer, whose tokens every request needs."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    url: HttpUrl | None = None
    """What clients connect to, `https://mcp.example.org/mcp`: the resource identifier (RFC 8707)."""
    issuer: HttpUrl | None = None
    """The authorization server; its discovery document is below (`/.well-known/openid-configuration`)."""
    ca_file: Path | None = None
    """PEM file of the issuer's certificate authority, beside the system's trust store."""
    audience: str | None = None
    """What a token has to be made for: `url` where absent."""
    scopes: ScopeNames = ScopeNames()
    allowed_hosts: tuple[str, ...] = ()
    """Values of the Host header beside that of `url`, such as one that a proxy sends; `name:*` for any port."""
    allowed_origins: tuple[Annotated[str, Field(pattern=r"^https?://[^/*]+$")], ...] = ()
    """Origins whose pages may call (CORS)."""
    idle_seconds: float = Field(default=1800, ge=600)
    """After which what is open for a user who asks for nothing is closed; confirmations are good for 600."""

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.url is None) != (self.issuer is None):
            raise ValueError("url and issuer go together: tokens of the issuer are made for the url")
        if self.url and urlsplit(self.url).scheme != "https" and not is_loopback(urlsplit(self.url).hostname or ""):
            raise ValueError("url has to be https: tokens are sent there")
        return self

    @property
    def is_open(self) -> bool:
        """Whether whoever connects is served."""
        return self.issuer is None

    @property
    def hosts(self) -> tuple[str, ...]:
        """Values a Host header may have."""
        own = (urlsplit(self.url).netloc,) if self.url else ()
        loopback = tuple(f"{name}:*" for name in LOOPBACK_NAMES) if is_loopback(self.host) else ()
        return (*own, *loopback, *self.allowed_hosts)

    @property
    def origins(self) -> tuple[str, ...]:
        """Values an Origin header may have, where there is one."""
        loopback = tuple(f"http://{name}:*" for name in LOOPBACK_NAMES) if self.is_open else ()
        return (*loopback, *self.allowed_origins)


class UserEndpointSettings(Section):
    """`[users."SUBJECT".endpoints.NAME]`: what is sent to an endpoint for this user, instead of what all share.

    Nobody signs in for somebody else with a browser, so that is none of the ways.
    """

    authentication: Annotated[
        BearerAuthentication
        | BasicAuthentication
        | HeaderAuthentication
        | CookieAuthentication
        | ClientCredentialsAuthentication,
        Field(discriminator="kind"),
    ]


class UserSettings(Section):
    """`[users."SUBJECT"]`: one user, by the `sub` of the tokens."""

    endpoints: dict[str, UserEndpointSettings] = Field(default_factory=dict)
