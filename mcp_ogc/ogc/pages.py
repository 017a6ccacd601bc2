"""Pages of a list: the next one, where the server links it and where it does not (quirk Q14)."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

from mcp_ogc.ogc.addresses import absolute, with_query
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.models import Link, find_link

KINDS_OF_POSITION = ("offset", "skip", "page", "limit", "f", "next", "token", "cursor", "startindex")


def next_page(url: str, links: tuple[Link, ...], count: int, dialect: Dialect, total: int | None) -> str | None:
    """The address of the page after `url`; None where there is none.

    A `next` link is followed, with the filters it dropped (ZOO-Project drops them). Without one, a full page may have
    another after it: the dialect's parameter asks for it.

    Args:
        url: Of this page, as it was asked for.
        links: Of this page, in its body and its headers.
        count: Entries on this page, readable or not.
        dialect: How its positions are counted.
        total: How many entries there are in all, where the server says.

    Raises:
        UnreadableAnswer: There is another, and its link is no URL.
    """
    asked = dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))
    if link := find_link(links, "next"):
        place = absolute(url, link.href)
        given = dict(parse_qsl(urlsplit(place).query, keep_blank_values=True))
        dropped = {
            name: value
            for name, value in asked.items()
            if name not in given and name.casefold() not in KINDS_OF_POSITION
        }
        return with_query(place, **dropped)
    limit = int(asked["limit"]) if asked.get("limit", "").isdecimal() else 0
    if not limit or count < limit:
        return None
    position = int(asked[dialect.page_parameter]) if asked.get(dialect.page_parameter, "").isdecimal() else 0
    seen = (position + 1) * limit if dialect.page_parameter == "page" else position + count
    if total is not None and seen >= total:
        return None
    following = position + 1 if dialect.page_parameter == "page" else seen
    return with_query(url, **{dialect.page_parameter: following})
