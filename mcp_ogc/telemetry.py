"""Spans and metrics, by OpenTelemetry's API and in the words of its semantic conventions.

The API does nothing until whoever runs the server installs OpenTelemetry's SDK and configures it. The SDK of MCP makes
a span for each message; here are the requests that follow from it, and how long both take. Nothing tells who the user
is, what was asked, or more of an address than its host: that is for the audit, which is kept at home.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

if TYPE_CHECKING:
    from opentelemetry import metrics

SCOPE = "mcp_ogc"
# Bounds of a histogram in seconds, as the conventions advise for both.
BOUNDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)


@dataclass(slots=True)
class Outcome:
    """What came of it, to be filled in."""

    status: int | None = None
    """HTTP status code."""
    error: str | None = None
    """Kind of failure: one of few."""


class Operations:
    """How long messages of clients take (`mcp.server.operation.duration`)."""

    def __init__(self) -> None:
        self._duration = _Duration(
            "mcp.server.operation.duration", "Duration of an MCP request, as its receiver sees it"
        )

    @contextmanager
    def measured(self, method: str, tool: str | None) -> Iterator[Outcome]:
        """Measure one message; `tool` where it calls one that there is."""
        attributes = {"mcp.method.name": method, **({"gen_ai.tool.name": tool} if tool else {})}
        with _timed(self._duration, attributes) as outcome:
            yield outcome


class Requests:
    """Requests to other machines: a span each, and how long they take (`http.client.request.duration`)."""

    def __init__(self) -> None:
        self._tracer = trace.get_tracer(SCOPE)
        self._duration = _Duration(
            "http.client.request.duration",
            "Duration of a request with its redirects and repetitions, to the head of its answer",
        )

    @contextmanager
    def measured(self, method: str, host: str, port: int) -> Iterator[Outcome]:
        """Measure one request."""
        attributes: dict[str, str | int] = {"http.request.method": method, "server.address": host, "server.port": port}
        with (
            self._tracer.start_as_current_span(
                method,
                kind=SpanKind.CLIENT,
                attributes=attributes,
                record_exception=False,
                set_status_on_exception=False,
            ) as span,
            _timed(self._duration, attributes) as outcome,
        ):
            try:
                yield outcome
            except BaseException as error:  # a cancellation too
                outcome.error = type(error).__qualname__
                raise
            finally:
                if outcome.status is not None:
                    span.set_attribute("http.response.status_code", outcome.status)
                    if outcome.status >= 400:
                        outcome.error = str(outcome.status)
                if outcome.error:
                    span.set_attribute("error.type", outcome.error)
                    span.set_status(StatusCode.ERROR)


class _Duration:
    """A histogram of seconds, made when something is recorded and somebody may have configured metrics.

    Whoever has, has imported the module of their API: else it is a hundredth of the cold start, for nothing.
    """

    def __init__(self, name: str, description: str) -> None:
        self._name = name
        self._description = description
        self._histogram: metrics.Histogram | None = None

    def record(self, seconds: float, attributes: Mapping[str, str | int]) -> None:
        """Note one, where anybody counts."""
        if self._histogram is None and "opentelemetry.metrics" in sys.modules:
            from opentelemetry import metrics

            self._histogram = metrics.get_meter(SCOPE).create_histogram(
                self._name, unit="s", description=self._description, explicit_bucket_boundaries_advisory=BOUNDS
            )
        if self._histogram is not None:
            self._histogram.record(seconds, attributes)


@contextmanager
def _timed(duration: _Duration, attributes: Mapping[str, str | int]) -> Iterator[Outcome]:
    outcome, begun = Outcome(), time.monotonic()
    try:
        yield outcome
    except BaseException as error:  # a cancellation too
        outcome.error = outcome.error or type(error).__qualname__
        raise
    finally:
        told = {"http.response.status_code": outcome.status, "error.type": outcome.error}
        duration.record(
            time.monotonic() - begun, {**attributes, **{name: one for name, one in told.items() if one is not None}}
        )
