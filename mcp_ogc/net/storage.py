"""Object storage: where an s3 URL is, and a signed request for it.

boto3 only resolves credentials and signs; the bytes go through the one way out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote, urlsplit

import anyio.to_thread

from mcp_ogc.errors import StorageError
from mcp_ogc.settings import StorageSettings

if TYPE_CHECKING:
    from pydantic import SecretStr

AWS_REGION = "us-east-1"
IN_CLUSTER = (".svc", ".svc.cluster.local", ".cluster.local", ".internal", ".local")


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
    """

    def __init__(self, sections: Mapping[str, StorageSettings]) -> None:
        self._sections = sections

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
            href: `s3://bucket/key`; a port after the bucket is dropped (MAAP writes `s3://bucket:80/…`).
            hint: What STAC said of the storage.
            range_: First and last byte, both included.
            method: HTTP method.

        Raises:
            StorageError: It is only reachable inside a cluster and no section maps it, or no credentials are there.
        """
        bucket, key = bucket_and_key(href)
        section = self._section(bucket, hint)
        if section is None and hint is not None and hint.endpoint and _is_in_cluster(hint.endpoint):
            raise _unmapped(bucket, hint.endpoint)
        chosen = section or StorageSettings(path_style=False)
        headers = {"Range": f"bytes={range_[0]}-{range_[1]}"} if range_ else {}
        if hint is not None and hint.requester_pays:
            headers["x-amz-request-payer"] = "requester"
        region = chosen.region or (hint.region if hint else None) or AWS_REGION
        url = _url(chosen, bucket, key, region)
        if chosen.anonymous:
            return SignedRequest(url, headers)
        return await anyio.to_thread.run_sync(_sign, chosen, method, url, headers, region)

    def _section(self, bucket: str, hint: StorageHint | None) -> StorageSettings | None:
        """The section whose advertised endpoint is the one STAC names, else one whose buckets match."""
        advertised = hint.endpoint.rstrip("/") if hint and hint.endpoint else None
        for section in self._sections.values():
            if advertised and section.advertised_endpoint and section.advertised_endpoint.rstrip("/") == advertised:
                return section
        for section in self._sections.values():
            if any(fnmatchcase(bucket, pattern) for pattern in section.buckets):
                return section
        return None


def bucket_and_key(href: str) -> tuple[str, str]:
    """The two parts of an s3 URL.

    Raises:
        StorageError: It has not both.
    """
    parts = urlsplit(href)
    bucket, key = parts.netloc.split(":", 1)[0], unquote(parts.path.removeprefix("/"))
    if parts.scheme != "s3" or not bucket or not key or "@" in parts.netloc:
        raise StorageError(f"{href[:200]!r} is not an object's URL", remedy="It reads s3://bucket/key")
    return bucket, key


def _url(section: StorageSettings, bucket: str, key: str, region: str) -> str:
    path = quote(key, safe="/~")
    if section.endpoint:
        base = section.endpoint.rstrip("/")
        if section.path_style:
            return f"{base}/{quote(bucket)}/{path}"
        scheme, host = base.split("://", 1)
        return f"{scheme}://{bucket}.{host}/{path}"
    # Names with dots do not fit AWS's wildcard certificate.
    if section.path_style or "." in bucket:
        return f"https://s3.{region}.amazonaws.com/{quote(bucket)}/{path}"
    return f"https://{bucket}.s3.{region}.amazonaws.com/{path}"


def _sign(section: StorageSettings, method: str, url: str, headers: dict[str, str], region: str) -> SignedRequest:
    import boto3
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.exceptions import BotoCoreError

    try:
        session = boto3.Session(
            profile_name=section.profile,
            aws_access_key_id=_secret(section.access_key_id),
            aws_secret_access_key=_secret(section.secret_access_key),
            aws_session_token=_secret(section.session_token),
        )
        credentials = session.get_credentials()
    except BotoCoreError as error:
        raise StorageError(f"The credentials for {url} can't be resolved: {error}") from error
    if credentials is None:
        raise StorageError(
            f"There are no credentials for {url}",
            remedy="Set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write access_key_id and"
            " secret_access_key, profile, or anonymous = true into the [storage.NAME] section that has its bucket",
        )
    request = AWSRequest(method=method, url=url, headers={**headers, "x-amz-content-sha256": "UNSIGNED-PAYLOAD"})
    S3SigV4Auth(credentials.get_frozen_credentials(), "s3", region).add_auth(request)
    return SignedRequest(url, dict(request.headers.items()))


def _secret(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None


def _is_in_cluster(endpoint: str) -> bool:
    """Whether an advertised endpoint only exists where it was advertised: a cluster's name, or a name without a dot."""
    host = (urlsplit(endpoint).hostname or "").rstrip(".").lower()
    return host.endswith(IN_CLUSTER) or "." not in host


def _unmapped(bucket: str, endpoint: str) -> StorageError:
    parts = urlsplit(endpoint)
    service, _, rest = (parts.hostname or "").partition(".")
    namespace = rest.split(".", 1)[0] or "NAMESPACE"
    port = parts.port or (443 if parts.scheme == "https" else 80)
    near = port if port > 1023 else port + 8000
    return StorageError(
        f"The bucket {bucket} is at {endpoint[:200]}, an address that only exists inside its cluster",
        remedy=f"Run `kubectl port-forward svc/{service} -n {namespace} {near}:{port}`, and write into the settings:\n"
        f'[storage.results]\nbuckets = ["{bucket}"]\nadvertised_endpoint = "{endpoint[:200]}"\n'
        f'endpoint = "{parts.scheme}://127.0.0.1:{near}"\n(with access_key_id and secret_access_key, or profile)',
    )
