"""Where an endpoint's resources are: links made absolute, ids made paths. Every link here is a stranger's text."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlencode, urljoin, urlsplit

from mcp_ogc.errors import NoSuchJob, NoSuchProcess, UnreadableAnswer
from mcp_ogc.net.hosts import is_inside

# Ids that would be another resource once the path is normalised (RFC 3986 §5.2.4).
DOTS = ("", ".", "..")


class Addresses:
    """The resources below one base URL, without its last slash."""

    def __init__(self, url: str, *, rebase_links: bool = True) -> None:
        self.base = url.rstrip("/")
        self._rebase_links = rebase_links

    def own(self, href: str) -> str:
        """A link of the endpoint's own resources, made absolute; one to another origin is taken by its path.

        Behind a proxy servers link to the address they have inside (quirk Q50); where links are meant as they are
        given, the settings say so.
        """
        if not self._rebase_links:
            return self.linked(href)
        base = urlsplit(self.base)
        return urlsplit(self.linked(href))._replace(scheme=base.scheme, netloc=base.netloc).geturl()

    def reachable(self, href: str) -> str:
        """A link of whatever the endpoint gives, such as a log; a host that only its own network knows is its own."""
        url = self.linked(href)
        parts = urlsplit(url)
        inside = parts.scheme in ("http", "https") and is_inside(parts.hostname or "")
        return self.own(url) if inside else url

    def linked(self, href: str) -> str:
        """Any link the endpoint gives, made absolute."""
        return absolute(f"{self.base}/", href)

    def process(self, process_id: str) -> str:
        """`/processes/{processID}`."""
        if process_id in DOTS:
            raise NoSuchProcess(f"process {process_id!r}: there is none of that id")
        return f"{self.base}/processes/{_segment(process_id)}"

    def job(self, job_id: str) -> str:
        """`/jobs/{jobID}`, never with a slash after it (quirk Q11)."""
        if job_id in DOTS:
            raise NoSuchJob(f"job {job_id!r}: there is none of that id")
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
