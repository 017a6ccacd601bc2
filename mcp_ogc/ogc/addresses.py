"""Where an endpoint's resources are: links made absolute, ids made paths. Every link here is a stranger's text."""

from __future__ import annotations

import re
from collections.abc import Callable
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from mcp_ogc.errors import NoSuchJob, NoSuchProcess, UnreadableAnswer, quoted
from mcp_ogc.net.hosts import is_inside, is_signed
from mcp_ogc.recent import Recent

MOST_NAMED = 1000
# Ids that would be another resource once the path is normalised (RFC 3986 §5.2.4).
DOTS = ("", ".", "..")

RESOURCE = re.compile(r"^/?$|/(?:(?:processes|jobs)(?:/.*)?|conformance|api|openapi)/?$", re.DOTALL)
"""One of the standard's at the end of a path, or the landing page where there is none."""


class Addresses:
    """The resources below one base URL, without its last slash."""

    def __init__(self, url: str, *, rebase_links: bool = True) -> None:
        self.base = url.rstrip("/")
        self._rebase_links = rebase_links
        self._named: Recent[str, str] = Recent(MOST_NAMED)
        """Resources that are taken to be below the base URL, and the host their links name."""

    def own(self, href: str) -> str:
        """A link of the endpoint's own resources, made absolute; one to another origin is taken by its path.

        Behind a proxy servers link to the address they have inside (quirk Q50), and by the path they have there: where
        that is not below the base URL, as where the proxy takes a prefix away, the standard's resource in it is; at a
        host that is known elsewhere only where the whole path is one. Where links are meant as they are given, the
        settings say so.
        """
        linked = self.linked(href)
        host = urlsplit(linked).hostname or ""
        url = self._rebased(linked, RESOURCE.search if is_inside(host) else RESOURCE.match)
        if self._rebase_links and host != urlsplit(self.base).hostname and not is_inside(host):
            self._named.keep(url.split("?", 1)[0], host)
        return url

    def advice(self, url: str) -> str:
        """What to do where a resource of the endpoint is not at `url`, if its link named another host; else ""."""
        if not self._rebase_links:
            host = urlsplit(url).hostname
            return (
                f"The endpoint's links name the host {host}: with rebase_links = true in the endpoint's section of the "
                f"settings they are taken to be below {self.base}"
                if host != urlsplit(self.base).hostname
                else ""
            )
        place = url.split("?", 1)[0]
        while self._named.get(place) is None and len(place) > len(self.base):
            place = place.rpartition("/")[0]
        host = self._named.get(place)
        return (
            f"The endpoint's link to it names the host {host}, and was taken to be below {self.base}: if it is meant "
            "as it is, write rebase_links = false into the endpoint's section of the settings"
            if host
            else ""
        )

    def reachable(self, href: str) -> str:
        """A link of whatever the endpoint gives, such as a log; a host that only its own network knows is its own.

        One that is signed is good for the host it names and no other: it is left as it is.
        """
        url = self.linked(href)
        parts = urlsplit(url)
        inside = parts.scheme in ("http", "https") and is_inside(parts.hostname or "")
        # A path that only has the name of a resource in it may be that of a file beside the endpoint.
        return self._rebased(url, RESOURCE.match) if inside and not is_signed(url) else url

    def _rebased(self, url: str, resource_in: Callable[[str], re.Match[str] | None]) -> str:
        if not self._rebase_links:
            return url
        base, link = urlsplit(self.base), urlsplit(url)
        path, is_below = link.path, f"{link.path}/".startswith(f"{base.path}/")
        if link.netloc != base.netloc and not is_below and (resource := resource_in(path)):
            path = f"{base.path}{resource[0]}"
        return link._replace(scheme=base.scheme, netloc=base.netloc, path=path).geturl()

    def linked(self, href: str) -> str:
        """Any link the endpoint gives, made absolute."""
        return absolute(f"{self.base}/", href)

    def process(self, process_id: str) -> str:
        """`/processes/{processID}`."""
        if process_id in DOTS:
            raise NoSuchProcess(f"process {quoted(process_id)}: there is none of that id")
        return f"{self.base}/processes/{_segment(process_id)}"

    def job(self, job_id: str) -> str:
        """`/jobs/{jobID}`, never with a slash after it (quirk Q11)."""
        if job_id in DOTS:
            raise NoSuchJob(f"job {quoted(job_id)}: there is none of that id")
        return f"{self.base}/jobs/{_segment(job_id)}"


def absolute(url: str, href: str) -> str:
    """A reference resolved against where it was found (RFC 3986 §5), for `s3://` too.

    Raises:
        UnreadableAnswer: It is no URL, such as `http://[x`.
    """
    try:
        # The standard library joins relative references only for schemes it knows.
        if url.startswith("s3://") and not urlsplit(href).scheme:
            return urljoin(url.replace("s3://", "http://", 1), href).replace("http://", "s3://", 1)
        return urljoin(url, href)
    except ValueError as error:
        raise UnreadableAnswer(f"{href!r} is not a URL: {error}") from error


def last_segment(url: str) -> str:
    """The last segment of a URL's path, decoded; "" where it is no URL."""
    try:
        return unquote(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1])
    except ValueError:
        return ""


def process_of(url: str) -> str | None:
    """The process a job's URL is below, as in the drafts: `…/processes/{processID}/jobs/{jobID}`."""
    found = re.search(r"/processes/([^/?#]+)/jobs/[^/?#]+", url)
    return unquote(found.group(1)) if found else None


def with_query(url: str, **values: str | int | None) -> str:
    """A URL with these parameters set beside those it has; None sets nothing."""
    given = {name: str(value) for name, value in values.items() if value is not None}
    if not given:
        return url
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name not in given]
    return parts._replace(query=urlencode([*kept, *given.items()])).geturl()


def _segment(one: str) -> str:
    return quote(one, safe=":", errors="replace")
