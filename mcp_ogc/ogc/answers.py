"""What endpoints answer, before it is read: bodies, packages, links."""

from __future__ import annotations

import gc
import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from pydantic import JsonValue, ValidationError

from mcp_ogc.errors import UnreadableAnswer
from mcp_ogc.net.http import read_bounded, stream_bounded
from mcp_ogc.ogc.addresses import absolute
from mcp_ogc.ogc.models import JsonObject, LandingPage, Link, ProcessDescription, Value

if TYPE_CHECKING:
    import httpx

T = TypeVar("T", bound=Value)

EXCERPT = 300
LONG = 2**20
"""Characters of a document whose reading is felt elsewhere."""
CHARSET = re.compile(r"charset\s*=\s*\"?(utf-?8|us-ascii|latin-?1|iso-8859-\d{1,2}|windows-125\d)", re.IGNORECASE)
ESCAPE = re.compile(r'\\(["\\/bfnrtu]?)')
SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
PAGE = re.compile(rb"\s*(<!--.*?-->\s*)?<(!doctype\s+html|html)\b", re.IGNORECASE | re.DOTALL)
PAGE_READ = 4096
LINK_HEADER = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w!#$&+\-.^`|~*]+\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]+))*)')
LINK_PARAMETER = re.compile(r';\s*([\w!#$&+\-.^`|~*]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s",;]+))')


@dataclass(frozen=True, slots=True)
class Answer:
    """A body as it came: results, in whatever form."""

    status: int
    media_type: str
    body: bytes
    links: tuple[Link, ...]
    """The `Link` headers: where results by reference are (status 204)."""
    url: str

    @property
    def is_document(self) -> bool:
        """Whether the body is JSON, rather than a file or text that is an output itself."""
        return json_or_none(self.body) is not None

    @property
    def is_elsewhere(self) -> bool:
        """Whether it is a file that is read where it is: at the endpoint, or kept here because of its size."""
        is_left = is_file(self.media_type) or self.url.startswith("file:")
        return self.status != 204 and not self.body and bool(self.url) and is_left

    @property
    def digest(self) -> str:
        """`sha256:` and the digest of the body, and of the links that stand for one."""
        told = self.body + b"".join(link.href.encode() for link in self.links)
        return f"sha256:{hashlib.sha256(told).hexdigest()}"


@dataclass(frozen=True, slots=True)
class PackageAnswer:
    """The application package of a process, as text."""

    media_type: str
    text: str

    @property
    def digest(self) -> str:
        """`sha256:` and the digest of the text."""
        return f"sha256:{hashlib.sha256(self.text.encode()).hexdigest()}"


async def read_unless_file(response: httpx.Response, limit: int) -> bytes:
    """The body, up to a bound; none of a file, which may be of any size and is read where it is."""
    media_type = response.headers.get("content-type", "")
    if response.status_code >= 300 or not is_file(media_type):
        return await read_bounded(response, limit)
    if not is_generic(media_type):
        return b""
    found: list[bytes] = []
    async for chunk in stream_bounded(response, limit):
        if not found and chunk.lstrip()[:1] not in (b"{", b"["):
            return b""
        found.append(chunk)  # a document that is said to be just bytes (quirk Q45)
    return b"".join(found)


def result_links(response: httpx.Response) -> tuple[Link, ...]:
    """The links of an answer's headers; where it has no content, `Content-Location` is where its content is."""
    links = link_headers(response.headers.get_list("link"), str(response.url))
    place = response.headers.get("content-location", "")
    if response.status_code != 204 or not place:
        return links
    with suppress(UnreadableAnswer):
        href = absolute(str(response.url), place)
        if href not in [link.href for link in links]:
            return (*links, Link(href=href, type=response.headers.get("content-type")))
    return links


def is_file(media_type: str) -> bool:
    """Whether a body of this type is a file rather than a document, such as a raw GeoTIFF."""
    name = media_type.split(";", 1)[0].strip().lower()
    return "/" in name and not (name.startswith(("text/", "multipart/")) or name.endswith(("json", "xml", "yaml")))


def is_generic(media_type: str) -> bool:
    """Whether a media type says nothing of what it is of."""
    name = media_type.split(";", 1)[0].strip().lower()
    return name in ("", "application/octet-stream", "binary/octet-stream", "application/x-download", "*/*")


def text_or_none(body: bytes, media_type: str = "") -> str | None:
    """Bytes as text: UTF-8, what a byte order mark says, the charset of the media type, for `text/*` Windows-1252;
    None where they are none.
    """
    told = CHARSET.search(media_type)
    codecs = ["utf-16"] if body[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig"]
    codecs += [told[1]] if told else []
    codecs += ["cp1252"] if media_type.strip().lower().startswith("text/") else []
    for codec in codecs:
        with suppress(ValueError, LookupError):
            text = body.decode(codec)
            return None if "\x00" in text else text
    return None


def is_page(body: bytes) -> bool:
    """Whether a body is a page of HTML: a gateway's, or one for people, whatever it says it is."""
    return PAGE.match(body[:PAGE_READ]) is not None


def makes_pages(description: ProcessDescription | None) -> bool:
    """Whether a process says that it makes HTML, so that a page may be its result."""
    return description is not None and any(
        "html" in json.dumps(output.schema_) for output in description.outputs.values()
    )


def is_cut_off(media_type: str, body: bytes) -> bool:
    """Whether a body says that it is JSON, begins as such and can't be read to its end: it is damaged, or a part."""
    return says_json(media_type, body) and json_or_none(body) is None and mended_json(body) is None


def says_json(media_type: str, body: bytes) -> bool:
    """Whether a body says that it is JSON, and begins as such."""
    is_json = media_type.split(";", 1)[0].strip().lower().endswith("json")
    return is_json and body[:64].lstrip()[:1] in (b"{", b"[")


def landing_or_none(response: httpx.Response, body: bytes) -> LandingPage | None:
    """A landing page, with the links of its headers; None where it is none, such as a page for people."""
    document = json_or_none(body)
    if not isinstance(document, dict):
        return None
    links = link_headers(response.headers.get_list("link"), str(response.url))
    return with_links(validated(LandingPage, document, str(response.url)), links)


def with_links(landing: LandingPage, links: tuple[Link, ...]) -> LandingPage:
    """A landing page with the links of its headers after its own."""
    return landing.model_copy(update={"links": (*landing.links, *links)})


def link_headers(values: list[str], url: str) -> tuple[Link, ...]:
    """RFC 8288 `Link` headers; targets made absolute, parameters that are not a link's and targets that are no URL
    let pass.
    """
    links = []
    for value in values:
        for target, parameters in LINK_HEADER.findall(value):
            given = {name.lower(): quoted or token for name, quoted, token in LINK_PARAMETER.findall(parameters)}
            known = {name: given[name] for name in ("rel", "type", "title", "hreflang") if name in given}
            with suppress(UnreadableAnswer):
                links.append(Link(href=absolute(url, target), **known))
    return tuple(links)


def validated(model: type[T], document: object, url: str) -> T:
    """A document as a model; `UnreadableAnswer` names the first member that does not fit."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise UnreadableAnswer(f"{url} is not a {model.__name__}: {place}: {first['msg']}") from error


def json_or_none(body: bytes) -> JsonValue:
    """The JSON value a body is, None where it is none."""
    try:
        # ZOO-Project may put bytes that are no text, and control characters, into a message (quirk Q44).
        structured = body[:64].lstrip()[:1] in (b"{", b"[")
        text = body.decode("utf-8-sig", errors="replace" if structured else "strict")
        with _uncollected():
            document: JsonValue = json.loads(text, strict=False) if len(text) <= LONG else _LENIENT.decode(text)
        if SURROGATE.search(text):
            # Half of a surrogate pair is a JSON escape and no text: nothing that is written could hold it.
            document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        return None
    return document


def _itself(one: JsonObject) -> JsonObject:
    return one


def _number(text: str) -> float:
    return float(text)


_LENIENT = json.JSONDecoder(strict=False, object_hook=_itself, parse_float=_number)
"""Of a long document read in a thread: in what it calls others get their turn, in one call of C they don't."""


def mended_json(body: bytes) -> JsonValue:
    """The JSON value a damaged body begins with, None where it begins with none.

    ZOO-Project prints documents through a format string: another answer may follow, and a `%` or a stray escape may
    be in a text (quirk Q44).
    """
    text = body.decode("utf-8-sig", errors="replace").lstrip()
    text = ESCAPE.sub(lambda found: found[0] if found[1] else r"\\", text)
    try:
        with _uncollected():
            document: JsonValue = json.JSONDecoder(strict=False).raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None
    return document


@contextmanager
def _uncollected() -> Iterator[None]:
    """While JSON is parsed no garbage is looked for: it makes thousands of lists and objects, and no cycles.

    Looking for them took five sixths of the time of a large document.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def excerpt(body: bytes) -> str:
    """The beginning of a body, for whoever wants to know what it was."""
    return body[: EXCERPT * 4].decode("utf-8", errors="replace")[:EXCERPT].strip()


def unwrapped(body: bytes) -> str:
    """The CWL of an OGC application package (`executionUnit.value`), or the text as it is."""
    text = body.decode("utf-8", errors="replace")
    document = json_or_none(body)
    units = document.get("executionUnit") if isinstance(document, dict) else None
    unit = units[0] if isinstance(units, list) and units else units
    match unit:
        case {"value": str(cwl)}:
            return cwl
        case {"value": dict(cwl)} | {"unit": dict(cwl)}:
            return json.dumps(cwl, indent=2, ensure_ascii=False)
    return text


def reference(package: str) -> str | None:
    """Where the CWL is, of an application package that was deployed by reference (`executionUnit.href`)."""
    document = json_or_none(package.encode())
    units = document.get("executionUnit") if isinstance(document, dict) else None
    unit = units[0] if isinstance(units, list) and units else units
    href = unit.get("href") if isinstance(unit, dict) else None
    return href if isinstance(href, str) else None


def answer_of(response: httpx.Response, body: bytes) -> Answer:
    """An answer with all that reading it may need."""
    return Answer(
        status=response.status_code,
        media_type=response.headers.get("content-type", ""),
        body=body,
        links=result_links(response),
        url=str(response.url),
    )
