"""Object storage: where an s3 URL is, and a signed request for it.

boto3 only resolves credentials and signs; the bytes go through the one way out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote

import anyio.to_thread

from mcp_ogc.errors import HostRefused, OgcError, StorageError
from mcp_ogc.net.hosts import is_inside, is_signed
from mcp_ogc.settings import StorageSettings

if TYPE_CHECKING:
    from boto3 import Session
    from pydantic import SecretStr

    from mcp_ogc.net.workspaces import Workspaces

AWS_REGION = "us-east-1"
MOST_SESSIONS = 16
# Both become part of a host name that is sent a signed request, and both are a stranger's text.
BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]")
REGION = re.compile(r"[a-z0-9-]{1,40}")
HREF = re.compile(r"s3://([^/:@]+)(?::\d{1,5})?/(.+)", re.IGNORECASE | re.DOTALL)
AWS_HOST = re.compile(r"s3[.-]([a-z0-9-]{1,40}\.)?amazonaws\.com(\.cn)?", re.IGNORECASE)
AWS = re.compile(r"aws|https?://([^/]+\.)?amazonaws\.com(\.cn)?(/.*)?", re.IGNORECASE)
ENDPOINT = re.compile(
    r"(https?)://(?:[^/@]*@)?([a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::(\d{1,5}))?(?:/.*)?", re.IGNORECASE
)
SERVICE = re.compile(r"(?P<service>[a-z0-9-]+)\.(?P<namespace>[a-z0-9-]+)\.svc(\.[a-z0-9.-]+)?")
LOCAL_SUFFIXES = (".svc", ".local", ".internal", ".localhost")


@dataclass(frozen=True, slots=True)
class StorageHint:
    """What STAC's storage extension said of an asset: untrusted, and only used to choose a section of the settings."""

    endpoint: str | None = None
    region: str | None = None
    platform: str | None = None
    requester_pays: bool = False


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request as it must be sent: URL and headers."""

    url: str
    headers: Mapping[str, str]


class Storage:
    """The object storages of the settings.

    Args:
        sections: `[storage.NAME]` by name.
        workspaces: Completes sections of a workspace.
    """

    def __init__(self, sections: Mapping[str, StorageSettings], workspaces: Workspaces | None = None) -> None:
        self._sections = sections
        self._workspaces = workspaces
        # A session is kept: it reads files and asks services once, and renews what expires by itself. Keys that a
        # workspace gave anew make another.
        self._session = lru_cache(MOST_SESSIONS)(_session)

    async def sign(
        self,
        href: str,
        hint: StorageHint | None = None,
        *,
        range_: tuple[int, int] | None = None,
        method: Literal["GET", "HEAD"] = "GET",
    ) -> SignedRequest:
        """A signed request for an object.

        Args:
            href: `s3://bucket/key`, the key as it is, not percent-encoded; a port after the bucket is dropped (MAAP
                writes `s3://bucket:80/…`).
            hint: What STAC said of the storage.
            range_: First and last byte, both included.
            method: HTTP method.

        Raises:
            StorageError: It is on a storage that no section maps, or no credentials are there.
            AuthenticationRequired, AccessDenied, Unreachable: A workspace API does not tell them.
        """
        bucket, key = bucket_and_key(href)
        section = await self._section(bucket, hint)
        if section is None and hint is not None:
            _check_is_aws(bucket, hint)
        headers = {"Range": f"bytes={range_[0]}-{range_[1]}"} if range_ else {}
        if hint is not None and hint.requester_pays:
            headers["x-amz-request-payer"] = "requester"
        chosen = section or StorageSettings(path_style=False)
        region = chosen.region or (hint.region if hint and REGION.fullmatch(hint.region or "") else None)
        if chosen.anonymous:
            return SignedRequest(_url(chosen, bucket, key, region or AWS_REGION), headers)

        def signed() -> SignedRequest:
            session = self._session(chosen)
            named = region or session.region_name or AWS_REGION
            return _signed(session, method, _url(chosen, bucket, key, named), headers, named)

        return await anyio.to_thread.run_sync(signed)

    def advertised(self, href: str) -> tuple[str, StorageHint] | None:
        """The object behind an http URL on an endpoint that a section says is only advertised; None for any other.

        What is signed in its query is signed for the advertised host, so it is left out.
        """
        named = _origin(href.split("?", 1)[0])
        for section in self._sections.values():
            if named and section.advertised_endpoint and _origin(section.advertised_endpoint) == named:
                path = unquote(href.split("?", 1)[0].split("://", 1)[1].partition("/")[2])
                return f"s3://{path}", StorageHint(endpoint=section.advertised_endpoint)
        return None

    async def _section(self, bucket: str, hint: StorageHint | None) -> StorageSettings | None:
        """The section for a bucket; workspaces are asked for theirs only where no other section has it."""
        sections = list(self._sections.values())
        section = _chosen(sections, bucket, hint)
        if self._workspaces is None:
            return section
        if section is not None:
            return await self._workspaces.completed(section) if section.workspace_url else section
        unnamed = [one for one in sections if one.workspace_url and not one.buckets]
        return _chosen([await self._workspaces.completed(one) for one in unnamed], bucket, hint)


def _session(section: StorageSettings) -> Session:
    import boto3
    from botocore.exceptions import BotoCoreError

    try:
        return boto3.Session(
            profile_name=section.profile,
            aws_access_key_id=_secret(section.access_key_id),
            aws_secret_access_key=_secret(section.secret_access_key),
            aws_session_token=_secret(section.session_token),
        )
    except BotoCoreError as error:
        raise _unresolved(error) from error


def _chosen(sections: Sequence[StorageSettings], bucket: str, hint: StorageHint | None) -> StorageSettings | None:
    """The section whose advertised endpoint is the one STAC names, else one whose buckets match."""
    named = _origin(hint.endpoint) if hint and hint.endpoint else None
    for section in sections:
        if named and section.advertised_endpoint and _origin(section.advertised_endpoint) == named:
            return section
    for section in sections:
        if any(fnmatchcase(bucket, pattern) for pattern in section.buckets):
            return section
    return None


def bucket_and_key(href: str) -> tuple[str, str]:
    """The two parts of an s3 URL.

    Raises:
        StorageError: It has not both, or its key would not stay in its bucket once it is part of an http URL.
    """
    parts = HREF.fullmatch(href)
    if parts and AWS_HOST.fullmatch(parts[1]):  # MAAP writes the service where the bucket should be (quirk Q33)
        parts = HREF.fullmatch(f"s3://{parts[2]}")
    if not parts or not BUCKET.fullmatch(parts[1]) or {".", ".."} & set(parts[2].split("/")):
        raise StorageError(f"{href[:200]!r} is not an object's URL", remedy="It reads s3://bucket/key")
    return parts[1], parts[2]


def _url(section: StorageSettings, bucket: str, key: str, region: str) -> str:
    path = quote(key)
    # Names with dots do not fit AWS's wildcard certificate.
    path_style = section.path_style or (section.endpoint is None and "." in bucket)
    scheme, host = (section.endpoint or f"https://s3.{region}.amazonaws.com").rstrip("/").split("://", 1)
    return f"{scheme}://{host}/{bucket}/{path}" if path_style else f"{scheme}://{bucket}.{host}/{path}"


def _signed(session: Session, method: str, url: str, headers: Mapping[str, str], region: str) -> SignedRequest:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError

    try:
        credentials = session.get_credentials()
        frozen = credentials.get_frozen_credentials() if credentials else None
    except BotoCoreError as error:
        raise _unresolved(error) from error
    if frozen is None:
        raise StorageError(
            f"There are no credentials for {url}",
            remedy="Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write access_key_id and"
            " secret_access_key, profile, or anonymous = true into the [storage.NAME] section that has its bucket",
        )
    request = AWSRequest(method=method, url=url, headers=headers)
    S3SigV4Auth(frozen, "s3", region).add_auth(request)
    return SignedRequest(url, dict(request.headers.items()))


def _unresolved(error: Exception) -> StorageError:
    return StorageError(
        f"The storage credentials can't be resolved: {error}",
        remedy="Check profile, access_key_id and secret_access_key of the [storage.NAME] section, and AWS_* variables",
    )


def _secret(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _origin(endpoint: str) -> str | None:
    """Scheme, host and port of an advertised endpoint, without user name and path; None where it is none."""
    parts = ENDPOINT.fullmatch(endpoint)
    return f"{parts[1]}://{parts[2]}{':' + parts[3] if parts[3] else ''}".lower() if parts else None


def beyond_reach(url: str, error: OgcError) -> StorageError | None:
    """How an object is reached that is on a storage which is not configured; None where it is on none of that kind.

    Args:
        url: Its http URL, the bucket first in its path.
        error: What came of trying that.
    """
    place, _, path = url.split("?", 1)[0].partition("://")[2].partition("/")
    named, bucket = _origin(url.split("?", 1)[0]), path.partition("/")[0]
    is_elsewhere = is_inside(place.rpartition("@")[2].partition(":")[0])
    if not is_elsewhere and not (isinstance(error, HostRefused) and is_signed(url)):
        return None
    return _elsewhere(bucket, named) if named and BUCKET.fullmatch(bucket) else None


def _check_is_aws(bucket: str, hint: StorageHint) -> None:
    """Nothing is signed for an endpoint because a stranger names it.

    Raises:
        StorageError: STAC names a storage other than AWS: the section to write, and how to reach it from here.
    """
    platform = hint.platform or ""
    named = hint.endpoint or (platform if "://" in platform else None)
    if named is not None and not AWS.fullmatch(named) and not AWS.fullmatch(platform):
        raise _elsewhere(bucket, named)


def _elsewhere(bucket: str, named: str) -> StorageError:
    """That a bucket is on a storage that is not configured, and how it is reached from here."""
    parts = ENDPOINT.fullmatch(named)
    if parts is None:
        return StorageError(
            f"The bucket {bucket} is on a storage that is not configured",
            remedy=_section_to_write(bucket, "https://ADDRESS"),
        )
    shown, scheme, host = _origin(named), parts[1].lower(), parts[2].lower().rstrip(".")
    port = int(parts[3] or (443 if scheme == "https" else 80))
    near = port if port > 1023 else port + 8000
    forwarded = _section_to_write(bucket, f"{scheme}://127.0.0.1:{near}", shown)
    if service := SERVICE.fullmatch(host):
        return StorageError(
            f"The bucket {bucket} is at {shown}, an address that only exists inside its cluster",
            remedy=f"Run `kubectl port-forward svc/{service['service']} -n {service['namespace']} {near}:{port}`, "
            f"and {forwarded}",
        )
    if "." not in host or host.endswith(LOCAL_SUFFIXES) or host.startswith("127."):
        return StorageError(
            f"The bucket {bucket} is at {shown}, an address that only exists where the job ran",
            remedy=f"Forward a port to it, and {forwarded}",
        )
    return StorageError(
        f"The bucket {bucket} is at {shown}, a storage that is not configured",
        remedy=_section_to_write(bucket, f"{shown}"),
    )


def _section_to_write(bucket: str, endpoint: str, advertised: str | None = None) -> str:
    lines = ["[storage.results]", f'buckets = ["{bucket}"]']
    lines += [f'advertised_endpoint = "{advertised}"'] if advertised else []
    lines += [f'endpoint = "{endpoint}"']
    return (
        "write into the settings:\n"
        + "\n".join(lines)
        + "\n(with access_key_id and secret_access_key, or profile, or anonymous = true)"
    )
