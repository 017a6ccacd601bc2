"""Properties of parsers of remote data, beside those that the tests of each parser hold."""

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mcp_ogc.errors import OgcError, UnknownName, UnreadableAnswer
from mcp_ogc.net.http import retry_after
from mcp_ogc.net.id_token import verified
from mcp_ogc.net.objects import Objects
from mcp_ogc.net.storage import Storage
from mcp_ogc.ogc.client import ProcessesClient
from mcp_ogc.ogc.dialects.standard import STANDARD
from mcp_ogc.ogc.inputs.extents import read_extent
from mcp_ogc.ogc.models import Execute, StatusInfo
from mcp_ogc.ogc.statuses import status_info
from mcp_ogc.rasters.worker.frames import LARGEST_BODY, LARGEST_MESSAGE, LENGTHS, frame, lengths
from mcp_ogc.text import explain
from mcp_ogc.tools.paging import decode, encode
from tests.parsers.endpoint import BASE, reached
from tests.parsers.endpoint import settings as of_server
from tests.parsers.fuzzing import read_or_refuse, without_waiting
from tests.parsers.identity import CLAIMS, ISSUER, keys, signed
from tests.parsers.message import Message
from tests.parsers.mutation import ODD_FIELDS, ODD_TEXTS, STATUSES
from tests.parsers.parser import Parser
from tests.parsers.registry import PARSERS

pytestmark = pytest.mark.anyio

REFUSAL_CHARACTERS = 4000
"""Of what the model reads of a failure: a thousand tokens."""


def documents(parser: Parser) -> st.SearchStrategy[Any]:
    """JSON made of the words of a parser's grammar."""
    words = parser.words
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    leaves = (
        scalars | st.sampled_from(ODD_TEXTS) | st.sampled_from([v for v in words.values if isinstance(v, str)] or [""])
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(words.names), inner, max_size=6),
        max_leaves=20,
    )


def bodies(parser: Parser) -> st.SearchStrategy[bytes]:
    """Documents, texts of the grammar's tokens, and bytes."""
    written = documents(parser).map(lambda told: json.dumps(told, ensure_ascii=False).encode("utf-8", "surrogatepass"))
    texts = st.lists(st.sampled_from(parser.words.tokens) | st.sampled_from(ODD_TEXTS), max_size=30).map("".join)
    return written | texts.map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=200)


def given_to(parser: Parser) -> st.SearchStrategy[bytes]:
    usual = [Message.read(seed) for seed in parser.seeds]
    if not parser.seeds[0].startswith(b"HTTP "):
        return bodies(parser)
    fields = st.sampled_from([field for message in usual for field in message.fields] + list(ODD_FIELDS))
    answers = st.builds(Message, st.sampled_from(STATUSES), st.lists(fields, max_size=4).map(tuple), bodies(parser))
    return answers.map(lambda message: message.wire)


@settings(
    max_examples=30,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
@pytest.mark.parametrize("parser", [one for one in PARSERS if one.share >= 0.3], ids=lambda parser: parser.name)
def test_what_is_read_is_bounded_and_what_is_not_is_refused_briefly(parser: Parser, data: st.DataObject) -> None:
    told = data.draw(given_to(parser))
    with without_waiting():
        found, refusal = asyncio.run(read_or_refuse(parser, told))
    if refusal is not None:
        assert len(explain(refusal)) <= REFUSAL_CHARACTERS
    assert len(repr(found)) <= 200 * len(told) + 20_000  # nothing small becomes something large


@given(st.integers(0, 10**6))
def test_seconds_to_be_left_alone_are_read(seconds: int) -> None:
    assert retry_after(httpx.Response(503, headers={"Retry-After": str(seconds)})) == seconds


@given(st.integers(-3600, 10**6), st.integers(-14, 14))
def test_a_date_until_which_to_be_left_alone_is_read_in_any_zone(seconds: int, hours: int) -> None:
    until = datetime.now(timezone(timedelta(hours=hours))) + timedelta(seconds=seconds)
    read = retry_after(httpx.Response(503, headers={"Retry-After": format_datetime(until)}))
    assert read == pytest.approx(max(0, seconds), abs=5)


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"])))
def test_whatever_a_server_wants_to_be_left_alone_for_is_a_time_or_nothing(text: str) -> None:
    read = retry_after(httpx.Response(503, headers=[(b"Retry-After", text.encode("latin-1"))]))
    assert read is None or read >= 0


@given(st.datetimes(timezones=st.just(UTC) | st.integers(-14, 14).map(lambda h: timezone(timedelta(hours=h)))))
def test_times_are_read_as_they_are_written_and_naive_ones_as_utc(time: datetime) -> None:
    assert status({"created": time.isoformat()}).created == time
    assert status({"created": f" {time.isoformat().replace('+00:00', 'Z')} "}).created == time
    naive = time.replace(tzinfo=None)
    assert status({"created": naive.isoformat()}).created == naive.replace(tzinfo=UTC)


@given(st.text() | st.integers() | st.floats() | st.booleans() | st.lists(st.integers()) | st.just(10**400))
def test_what_is_no_time_is_none(told: object) -> None:
    created = status({"created": told}).created
    assert created is None or created.tzinfo


def status(members: Mapping[str, Any]) -> StatusInfo:
    return status_info({"jobID": "j", "status": "running", **members})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=6,
)


positions = json_values.filter(lambda value: not (isinstance(value, int) and value < 0))


@given(st.text(), st.text(), positions)
def test_a_cursor_is_good_for_its_own_list_only(scope: str, other: str, position: Any) -> None:
    cursor = encode(scope, at=position)
    assert decode(cursor, scope) == {"at": position}
    assume(other != scope)
    with pytest.raises(UnknownName, match="no page"):
        decode(cursor, other)


@given(
    st.dictionaries(st.sampled_from(sorted(CLAIMS)) | st.text(st.characters(codec="utf-8"), max_size=5), json_values)
)
def test_the_claims_of_a_token_are_those_that_were_signed_or_are_refused(claims: dict[str, Any]) -> None:
    told = {**CLAIMS, **claims}
    try:
        read = verified(signed(told), keys(), issuer=ISSUER, client_id="us", nonce="n")  # type: ignore[arg-type]
    except UnreadableAnswer:
        return
    assert read == told
    assert read["iss"] == ISSUER


@given(st.data())
def test_a_token_that_is_changed_anywhere_is_refused(data: st.DataObject) -> None:
    token = signed(CLAIMS)
    at = data.draw(st.integers(0, len(token) - 2))  # the last character has bits that say nothing
    changed = token[:at] + data.draw(st.sampled_from("Aaz09_.-").filter(lambda one: one != token[at])) + token[at + 1 :]
    with pytest.raises(UnreadableAnswer):
        verified(changed, keys(), issuer=ISSUER, client_id="us", nonce="n")  # type: ignore[arg-type]


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_a_frame_is_as_long_as_it_says(message: bytes, body: bytes) -> None:
    told = frame(message, body)
    first, second = lengths(told[: LENGTHS.size])
    rest = told[LENGTHS.size :]
    assert (rest[:first], rest[first : first + second], rest[first + second :]) == (message, body, b"")


@given(st.binary(min_size=LENGTHS.size, max_size=LENGTHS.size))
def test_no_frame_is_longer_than_what_either_side_sends(prefix: bytes) -> None:
    try:
        message, body = lengths(prefix)
    except ValueError:
        message, body = LENGTHS.unpack(prefix)
        assert message > LARGEST_MESSAGE or body > LARGEST_BODY
        return
    assert message <= LARGEST_MESSAGE
    assert body <= LARGEST_BODY


degrees = st.integers(-1790, 1790).map(lambda tenths: tenths / 10)
latitudes = st.integers(-890, 890).map(lambda tenths: tenths / 10)


@given(
    st.lists(degrees, min_size=2, max_size=2, unique=True).map(sorted),
    st.lists(latitudes, min_size=2, max_size=2, unique=True).map(sorted),
)
def test_a_box_is_the_same_in_every_form_it_is_written_in(xs: list[float], ys: list[float]) -> None:
    (west, east), (south, north) = xs, ys
    corners = [west, south, east, north]
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    wkt = f"POLYGON(({', '.join(f'{x} {y}' for x, y in ring)}))"
    polygon = {"type": "Polygon", "coordinates": [ring]}
    forms: list[Any] = [
        corners,
        ",".join(map(str, corners)),
        wkt,
        polygon,
        {"type": "Feature", "properties": {}, "geometry": polygon},
        {"bbox": corners},
        json.dumps({"bbox": corners}),
    ]
    for form in forms:
        extent = read_extent(form)
        assert extent is not None, form
        assert (extent.west, extent.south, extent.east, extent.north) == pytest.approx(corners), form


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=30))
async def test_the_job_a_location_names_is_the_job(job_id: str) -> None:
    assume(job_id.strip(".") != "")
    answer = Message.of("", status=201, Location=f"{BASE}/jobs/{quote(job_id, safe='')}")
    endpoint = ProcessesClient(reached(answer.wire, {}), BASE, limits=of_server().limits, dialect=STANDARD)
    info = await endpoint.execute("echo", Execute(inputs={}))
    assert isinstance(info, StatusInfo)
    assert info.job_id == job_id


@given(st.integers(0, 10**18))
async def test_the_size_of_an_object_is_what_its_range_is_of(size: int) -> None:
    http = reached(Message.of(b"x", "image/tiff", 206, Content_Range=f"bytes 0-0/{size}").wire, {})
    objects = Objects(http, Storage({}), [], of_server().limits)
    assert (await objects.info(f"{BASE}/a.tif")).size == size


@given(st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40))
async def test_an_odd_range_is_no_size(told: str) -> None:
    http = reached(Message.of(b"x", "image/tiff", 206, Content_Range=told).wire, {})
    objects = Objects(http, Storage({}), [], of_server().limits)
    try:
        assert (await objects.info(f"{BASE}/a.tif")).size is None or told.startswith("bytes ")
    except OgcError:
        return
