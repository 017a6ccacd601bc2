"""The ways to authenticate at an endpoint, as the settings write them: `authentication = { kind = "…", … }`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

HttpUrl = Annotated[str, Field(pattern=r"^https?://[^/]")]


class Section(BaseModel):
    """A section of the settings: frozen, and a word it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class NoAuthentication(Section):
    """Nothing is sent."""

    kind: Literal["none"] = "none"


class BearerAuthentication(Section):
    """`Authorization: Bearer <token>` (RFC 6750); the token comes from exactly one place."""

    kind: Literal["bearer"] = "bearer"
    token: SecretStr | None = None
    token_variable: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    """Name of the environment variable that has it."""
    token_file: Path | None = None
    """File that has it; read at each request, because another program may renew it."""
    token_command: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Program and arguments that print it; run again when the endpoint refuses the token. Never given to a shell."""

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = ("token", "token_variable", "token_file", "token_command")
        if sum(getattr(self, place) is not None for place in places) != 1:
            raise ValueError(f"give exactly one of {', '.join(places)}")
        return self


class BasicAuthentication(Section):
    """`Authorization: Basic …` (RFC 7617)."""

    kind: Literal["basic"] = "basic"
    username: str
    password: SecretStr


class HeaderAuthentication(Section):
    """A header of the deployment's own, such as `PRIVATE-TOKEN`."""

    kind: Literal["header"] = "header"
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$")]
    value: SecretStr


class CookieAuthentication(Section):
    """A session cookie, such as Magpie's `auth_tkt`."""

    kind: Literal["cookie"] = "cookie"
    name: Annotated[str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$")]
    value: SecretStr


class OidcAuthentication(Section):
    """A person signs in with `mcp-ogc login`, at an OpenID Connect provider."""

    kind: Literal["oidc"] = "oidc"
    issuer: HttpUrl
    """Its discovery document is below: `https://iam.example.org/realms/eoepca`."""
    client_id: str
    client_secret: SecretStr | None = None
    """Of a confidential client; a public one, which a program on people's machines is, has none."""
    scopes: tuple[str, ...] = ("openid", "offline_access")
    """Scopes the provider says it does not have are left out."""
    audience: str | None = None
    """Sent as `audience`, to providers that want it."""
    redirect_port: int = Field(default=0, ge=0, le=65535)
    """The port of `http://127.0.0.1:PORT/callback`, where the provider knows one only; any free one if 0."""


class ClientCredentialsAuthentication(Section):
    """The program signs in as itself, at an OpenID Connect provider (RFC 6749 §4.4)."""

    kind: Literal["client-credentials"] = "client-credentials"
    issuer: HttpUrl
    client_id: str
    client_secret: SecretStr
    scopes: tuple[str, ...] = ()
    audience: str | None = None


Authentication = Annotated[
    NoAuthentication
    | BearerAuthentication
    | BasicAuthentication
    | HeaderAuthentication
    | CookieAuthentication
    | OidcAuthentication
    | ClientCredentialsAuthentication,
    Field(discriminator="kind"),
]
