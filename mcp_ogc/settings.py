"""What the operator configures: a TOML file, `MCP_OGC_*` variables, nothing else.

The file is `--config`, else `config.toml` in the user's configuration folder: never the working directory, because a
cloned repository must not redirect tokens. Variables win over the file; an empty variable means unset, because desktop
clients pass optional values as empty strings (or as the literal `${user_config.x}`).
"""

import os
import shlex
import sys
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from subprocess import list2cmdline
from typing import Annotated, Literal, Self

from platformdirs import PlatformDirs
from pydantic import BeforeValidator, Field, JsonValue, PrivateAttr, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings import SettingsError as UnreadableVariable

from mcp_ogc.authentication import Authentication, BearerAuthentication, HttpUrl, NoAuthentication, Section
from mcp_ogc.consistency import check
from mcp_ogc.errors import SettingsError
from mcp_ogc.serving import HttpSettings, UserEndpointSettings, UserSettings
from mcp_ogc.users import OPERATOR, User

EndpointName = Annotated[str, Field(pattern=r"^[a-z0-9-]{1,32}$")]
Toolset = Literal["discover", "execute", "results", "packages"]
DialectName = Literal[
    "standard", "zoo", "weaver", "pygeoapi", "geoserver", "javaps", "maap", "unity", "ecmwf", "fastprocesses"
]
DIRS = PlatformDirs("mcp-ogc", appauthor=False)


def _unset_is_none(value: object) -> object:
    """An empty string or an unreplaced placeholder of a desktop client means unset."""
    if isinstance(value, str) and (not value.strip() or value.startswith("${")):
        return None
    return value


def _downloads() -> Path:
    return DIRS.user_downloads_path / "mcp-ogc"


class EndpointSettings(Section):
    """`[endpoints.NAME]`: one OGC API - Processes base URL."""

    url: HttpUrl
    """Base URL: the landing page, namespace included (`https://host/acme/ogc-api`)."""
    authentication: Authentication = NoAuthentication()
    ca_file: Path | None = None
    """PEM file of the certificate authority, beside the system's trust store."""
    dialect: DialectName | None = None
    """The kind of server it is; recognised where absent."""
    execute_members: dict[str, JsonValue] = Field(default_factory=dict)
    """Members an execution needs there beside the standard's, such as MAAP's `queue`."""
    rebase_links: bool = True
    """Whether the endpoint's own links are taken to be below `url`, whatever host they name (behind a proxy)."""


class StorageSettings(Section):
    """`[storage.NAME]`: an object storage, and how it is reached from here."""

    buckets: tuple[str, ...] = ()
    """Buckets (shell patterns) this section serves."""
    advertised_endpoint: str | None = None
    """The endpoint that results name in `storage:*`, such as an in-cluster address."""
    endpoint: str | None = None
    """The address to use instead, such as `http://127.0.0.1:4566`; AWS where absent."""
    region: str | None = None
    path_style: bool = True
    profile: str | None = None
    """A profile of the AWS configuration files."""
    access_key_id: SecretStr | None = None
    secret_access_key: SecretStr | None = None
    session_token: SecretStr | None = None
    anonymous: bool = False
    """Send unsigned requests (public buckets)."""
    workspace_url: HttpUrl | None = None
    """The workspace at an EOEPCA workspace API, `https://workspace-api.example.org/workspaces/ws-ada`: its bucket,
    endpoint and credentials are read there, with the credentials of `workspace_endpoint`."""
    workspace_endpoint: EndpointName | None = None

    @model_validator(mode="after")
    def _workspace_whole(self) -> Self:
        if (self.workspace_url is None) != (self.workspace_endpoint is None):
            raise ValueError("workspace_url and workspace_endpoint go together: the endpoint's credentials are sent")
        return self


class CatalogueSettings(Section):
    """`[catalogues.NAME]`: a STAC catalogue or file server whose host may be reached, private or not."""

    url: HttpUrl


class Limits(Section):
    """`[limits]`: bounds on what one request may take."""

    connect_seconds: float = Field(default=10, gt=0)
    read_seconds: float = Field(default=30, gt=0)
    request_seconds: float = Field(default=40, gt=0, le=45)
    """For a whole GET with its redirects and retries: no tool blocks past 45 s."""
    document_bytes: int = Field(default=32 * 2**20, gt=0)
    """A JSON document, a log, a package."""
    asset_bytes: int = Field(default=4 * 2**30, gt=0)
    """One raster read, or one file exported."""
    stac_pages: int = Field(default=20, gt=0)
    """Pages of items followed in one result."""


class RasterSettings(Section):
    """`[rasters]`: how rasters are read."""

    drivers: tuple[Literal["GIF", "WEBP", "BMP", "GRIB"], ...] = ()
    """GDAL drivers beside those of GeoTIFF, PNG, JPEG and JPEG 2000: each is one more parser of hostile files."""
    count_seconds: float = Field(default=900, gt=0)
    """For counting every pixel of one raster, which goes on in the background."""


class RuleSettings(Section):
    """`[rules]`: what may be used, whatever is asked for. Patterns are the shell's; what is denied is denied."""

    endpoints: tuple[str, ...] = ("*",)
    """Of the configured endpoints, and `local`."""
    denied_endpoints: tuple[str, ...] = ()
    processes: tuple[str, ...] = ("*",)
    """Of process ids, or `endpoint/id`."""
    denied_processes: tuple[str, ...] = ()
    callbacks: tuple[HttpUrl, ...] = ()
    """URLs below which an endpoint may be told to call back, by inputs that name a callback."""

    def permits_endpoint(self, name: str) -> bool:
        """Whether an endpoint may be used; one that may not is as if it were not configured."""
        return any(fnmatchcase(name, one) for one in self.endpoints) and not any(
            fnmatchcase(name, one) for one in self.denied_endpoints
        )


class QuotaSettings(Section):
    """`[quotas]`: how much each user may use, beside what endpoints allow."""

    running_jobs: int = Field(default=50, ge=1)
    """Jobs of a user, submitted from here, that are open at once on all endpoints."""
    submissions_per_hour: int = Field(default=60, ge=1)
    confirm_area_km2: float = Field(default=1_000_000, gt=0)
    """An execution whose boxes are larger than this is previewed first."""
    bytes_per_hour: int = Field(default=200 * 10**9, gt=0)
    """What is read of results and scenes on other machines."""


class LocalSettings(Section):
    """`[local]`: the embedded endpoint."""

    enabled: bool = True
    folder: Path | None = None
    """Where its database, packages and jobs live; a folder of the user's data folder where absent."""
    running_jobs: int = Field(default=2, ge=1)
    """Jobs that run at once; the others wait as accepted."""
    trusted_packages: tuple[str, ...] = ()
    """`sha256:…` digests of packages that may run without a container engine, or `*` for all: a package is code."""
    container_engine: Annotated[
        Literal["docker", "podman", "singularity", "none"] | None, BeforeValidator(_unset_is_none)
    ] = None
    """The engine to use; found where absent; `none` for no containers."""


class Settings(BaseSettings):
    """Everything the operator configures. Secrets are `SecretStr` and never printed."""

    model_config = SettingsConfigDict(
        env_prefix="MCP_OGC_", env_nested_delimiter="__", env_ignore_empty=True, frozen=True, extra="forbid"
    )

    endpoints: dict[EndpointName, EndpointSettings] = Field(default_factory=dict)
    default_endpoint: Annotated[EndpointName | None, BeforeValidator(_unset_is_none)] = None
    url: Annotated[HttpUrl | None, BeforeValidator(_unset_is_none)] = None
    """`MCP_OGC_URL`: alone, makes the endpoint `default`."""
    token: Annotated[SecretStr | None, BeforeValidator(_unset_is_none)] = None
    """`MCP_OGC_TOKEN`: the bearer token of the endpoint `default`."""
    storage: dict[EndpointName, StorageSettings] = Field(default_factory=dict)
    catalogues: dict[EndpointName, CatalogueSettings] = Field(default_factory=dict)
    limits: Limits = Limits()
    rules: RuleSettings = RuleSettings()
    quotas: QuotaSettings = QuotaSettings()
    local: LocalSettings = LocalSettings()
    rasters: RasterSettings = RasterSettings()
    http: HttpSettings = HttpSettings()
    users: dict[str, UserSettings] = Field(default_factory=dict)
    toolsets: tuple[Toolset, ...] = ("discover", "execute", "results", "packages")
    read_only: bool = False
    """Whether nothing may be changed: true in the file is true, whatever a variable says."""
    data_folder: Annotated[Path, BeforeValidator(lambda v: _unset_is_none(v) or DIRS.user_data_path)] = Field(
        default_factory=lambda: DIRS.user_data_path
    )
    """Journal and the local endpoint's files."""
    download_folder: Annotated[Path, BeforeValidator(lambda v: _unset_is_none(v) or _downloads())] = Field(
        default_factory=_downloads
    )
    """Where `ogc_export_job` writes."""
    permitted_folders: tuple[Path, ...] = ()
    """Folders below which local files may be read, beside the local endpoint's own."""
    audit_file: Annotated[Path | None, BeforeValidator(_unset_is_none)] = None
    """Where each call that changes something is written, a line of JSON each; `audit.jsonl` of the data folder."""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], BeforeValidator(lambda v: _unset_is_none(v) or "warning")
    ] = "warning"
    _file: Path | None = PrivateAttr(default=None)
    _user: User = PrivateAttr(default=OPERATOR)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables win over the file, whose content arrives as initial values; `.env` files are not read."""
        return env_settings, init_settings

    def configured_endpoints(self) -> dict[str, EndpointSettings]:
        """Remote endpoints that may be used, `MCP_OGC_URL` as `default` among them; `local` is not in here."""
        endpoints = dict(self.endpoints)
        if self.url:
            authentication: NoAuthentication | BearerAuthentication = (
                BearerAuthentication(token=self.token) if self.token else NoAuthentication()
            )
            endpoints["default"] = EndpointSettings(url=self.url, authentication=authentication)
        return {name: one for name, one in endpoints.items() if self.rules.permits_endpoint(name)}

    @property
    def has_local(self) -> bool:
        """Whether there is the embedded endpoint."""
        return self.local.enabled and self.rules.permits_endpoint("local")

    def listening(self, host: str, port: int) -> "Settings":
        """These settings, served at another address."""
        return self.model_copy(update={"http": self.http.model_copy(update={"host": host, "port": port})})

    def of(self, user: User) -> "Settings":
        """These settings as they are for a user: with the user's own credentials and folders."""
        if user.name == self._user.name:
            return self
        own = self._own_endpoints(user)
        endpoints = {
            name: one.model_copy(update={"authentication": own[name].authentication}) if name in own else one
            for name, one in self.configured_endpoints().items()
        }
        theirs = self.model_copy(
            update={
                "endpoints": endpoints,
                "url": None,
                "token": None,
                "download_folder": self.download_folder / "users" / user.folder,
                "local": self.local.model_copy(
                    update={"folder": self.local.folder and self.local.folder / "users" / user.folder}
                ),
            }
        )
        theirs._user = user
        return theirs

    def _own_endpoints(self, user: User) -> dict[str, UserEndpointSettings]:
        return self.users.get(user.subject, UserSettings()).endpoints

    @property
    def user(self) -> User:
        """Whose settings these are."""
        return self._user

    @property
    def shared_endpoints(self) -> frozenset[str]:
        """Remote endpoints where this user has no credentials of their own: what is there may be another user's."""
        if not self._user.name:
            return frozenset()
        return frozenset(self.configured_endpoints()).difference(self._own_endpoints(self._user))

    @property
    def journal_path(self) -> Path:
        """All users' jobs."""
        return self.data_folder / "journal.sqlite3"

    @property
    def user_folder(self) -> Path:
        """Where what is one user's is kept."""
        return self.data_folder / "users" / self._user.folder if self._user.name else self.data_folder

    def command(self, *arguments: str) -> str:
        """A command of ours as it is typed, with the configuration file that was named for this one."""
        named = ("--config", str(self._file)) if self._file else ()
        words = ("mcp-ogc", *arguments, *named)
        return list2cmdline(words) if sys.platform == "win32" else shlex.join(words)

    @property
    def audit_path(self) -> Path:
        """The file of the audit."""
        return self.audit_file or self.data_folder / "audit.jsonl"

    @property
    def sign_in_folder(self) -> Path:
        """Where it is kept who is signed in, and the tokens where there is no keychain."""
        return self.data_folder / "sign-ins"

    @property
    def local_folder(self) -> Path:
        """Where the local endpoint lives."""
        return self.local.folder or self.user_folder / "local"


def config_path() -> Path:
    """The configuration file that is read where `--config` names none."""
    return DIRS.user_config_path / "config.toml"


def load(path: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsError: The file is absent although named, is not TOML, or holds something that does not fit; every
            problem with its place.
    """
    file = path or config_path()
    values: dict[str, object] = {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8-sig"))  # Windows' editors write a mark at its beginning
    except FileNotFoundError:
        if path is not None:
            raise SettingsError(f"The configuration file {file} does not exist") from None
    except OSError as error:
        raise SettingsError(f"The configuration file {file} can't be read: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"The configuration file {file} is not TOML: {error}") from error
    try:
        settings = Settings(**values)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [f"- {'.'.join(str(part) for part in e['loc'])}: {e['msg']}" for e in error.errors(include_input=False)]
        where = f"{file} and MCP_OGC_* variables" if values else "MCP_OGC_* variables"
        raise SettingsError("\n".join([f"The settings ({where}) do not fit:", *lines])) from None
    except UnreadableVariable as error:
        raise SettingsError(
            f"A MCP_OGC_* variable can't be read: {error}",
            remedy="""Lists and tables are JSON in a variable, for instance MCP_OGC_TOOLSETS='["discover"]'""",
        ) from None
    if values.get("read_only") and not settings.read_only:  # an upper bound: no variable relaxes it
        settings = settings.model_copy(update={"read_only": True})
    settings._file = path.resolve() if path else None
    check(settings)
    return settings


def environment_without_settings() -> dict[str, str]:
    """The environment for child processes, without our variables: some hold secrets."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MCP_OGC_")}
