"""What a server meant that did not give an object: HTTP statuses, and the codes of S3's error documents."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx

from mcp_ogc.errors import (
    AccessDenied,
    AskedTooOften,
    AuthenticationRequired,
    EndpointFault,
    OgcError,
    RemoteProblem,
    StorageError,
    UnreadableAnswer,
)
from mcp_ogc.net.hosts import shown
from mcp_ogc.net.http import ENTRY, call_again
from mcp_ogc.net.refusal import Entry

ERROR_BYTES = 4096
CODE = re.compile(rb"<Code>([A-Za-z]{1,60})</Code>")
REGION = re.compile(r"[a-z0-9-]{1,40}")
KEYS_REFUSED = ("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "RequestTimeTooSkewed")


async def problem_of(response: httpx.Response, s3: str | None) -> OgcError:
    """The error that an answer without the object stands for.

    Args:
        response: Its body is not read yet.
        s3: The s3 URL that was asked for, None where it was an http one.
    """
    url, status = shown(response.url), response.status_code
    message = f"{url} answered with HTTP {status}"
    entry = response.extensions.get(ENTRY)
    if status in (401, 403) and isinstance(entry, Entry):
        return entry.refused(status)
    if s3 is not None and (error := _of_storage(response, s3, await _code(response))):
        return error
    if status == 401 or 300 <= status < 400:  # a redirect that was not followed leads to where people sign in
        return AuthenticationRequired(message, status=status, remedy="Configure credentials for its host")
    if status == 403:
        return AccessDenied(
            message, status=status, remedy="Is the link signed and not expired; are its storage's credentials right?"
        )
    if status == 412:
        return UnreadableAnswer(f"{url} was replaced while it was read", remedy="Read it again")
    if status >= 500:
        told_to_wait = status == 503 and "retry-after" in response.headers
        return EndpointFault(message, status=status, remedy=call_again(response) if told_to_wait else "Try again")
    if status == 429:
        return AskedTooOften(f"{message}: it was asked too often", status=status, remedy=call_again(response))
    return RemoteProblem(message, status=status, remedy="Is the link still right?" if status in (404, 410) else "")


def _of_storage(response: httpx.Response, s3: str, code: str) -> OgcError | None:
    """What an S3 storage says by its code; None where the status says as much."""
    bucket, status = urlsplit(s3).netloc, response.status_code
    region = response.headers.get("x-amz-bucket-region", "")
    if status in (301, 400) and REGION.fullmatch(region):
        return StorageError(
            f"{shown(response.url)} is in the region {region}",
            remedy=f'Write region = "{region}" into the [storage.NAME] section that has its bucket',
        )
    if code == "NoSuchBucket":
        return StorageError(
            f"There is no bucket {bucket} on {response.url.host}",
            remedy="Is it another storage's? The [storage.NAME] section that has this bucket names the endpoint",
        )
    if code == "NoSuchKey":
        return RemoteProblem(
            f"{s3[:300]} does not exist, or not any more",
            status=status,
            remedy="Results may have been cleaned up: ogc_get_results shows what the job has now, or run it again",
        )
    if code in KEYS_REFUSED:
        return AccessDenied(
            f"{response.url.host} refuses the keys for bucket {bucket} ({code})",
            status=status,
            remedy="Renew the credentials: profile or keys of its [storage.NAME] section, or AWS_* variables",
        )
    if code == "AccessDenied":
        return AccessDenied(
            f"The storage's keys may not read {s3[:300]}",
            status=status,
            remedy="Ask for s3:GetObject on it; S3 says the same of an object that is not there to who may not list",
        )
    return None


async def _code(response: httpx.Response) -> str:
    """The code of an S3 error document, "" where there is none."""
    found = bytearray()
    async for chunk in response.aiter_bytes():
        found += chunk
        if len(found) >= ERROR_BYTES:
            break
    code = CODE.search(found)
    return code[1].decode("ascii") if code else ""
