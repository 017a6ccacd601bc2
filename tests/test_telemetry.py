"""Spans and metrics, as an operator sees them who has configured OpenTelemetry's SDK."""

import secrets

import pytest
from mcp import Client
from opentelemetry import trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import HistogramDataPoint, InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from mcp_ogc.authentication import BearerAuthentication
from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, Settings
from tests.server.talk import call, refused
from tests.servers.processes.endpoint import TestEndpoint, served

pytestmark = pytest.mark.anyio

CANARY = secrets.token_hex(16)


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


@pytest.fixture
def reader(monkeypatch: pytest.MonkeyPatch) -> InMemoryMetricReader:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr("opentelemetry.metrics._internal.get_meter_provider", lambda: provider)
    return reader


def points(reader: InMemoryMetricReader, name: str) -> list[HistogramDataPoint]:
    data = reader.get_metrics_data()
    assert data is not None
    found = [one for r in data.resource_metrics for s in r.scope_metrics for one in s.metrics if one.name == name]
    return [point for one in found for point in one.data.data_points if isinstance(point, HistogramDataPoint)]


async def test_messages_and_the_requests_they_cause_are_measured_and_tell_nothing_of_whom_or_what(
    settings: Settings, spans: InMemorySpanExporter, reader: InMemoryMetricReader
) -> None:
    async with served(TestEndpoint()) as url:
        far = EndpointSettings(url=url, authentication=BearerAuthentication(token=CANARY))
        settings = settings.model_copy(update={"endpoints": {"far": far}})
        async with Client(build_server(settings)) as client:
            asked = {"process_id": "echo", "inputs": {"text": CANARY}, "endpoint": "far"}
            await call(client, "ogc_execute_process", **asked, wait_seconds=20)
            await refused(client, "ogc_get_job", job_id="no-such-job", endpoint="far")
    sent = [span for span in spans.get_finished_spans() if span.attributes and "server.address" in span.attributes]
    assert {span.name for span in sent} == {"GET", "POST"}
    statuses = {(span.attributes or {})["http.response.status_code"] for span in sent}
    assert {200, 201, 404} <= statuses
    assert {str((span.attributes or {})["server.address"]) for span in sent} == {"127.0.0.1"}
    calls = {
        (point.attributes or {}).get("gen_ai.tool.name"): dict(point.attributes or {})
        for point in points(reader, "mcp.server.operation.duration")
        if (point.attributes or {}).get("mcp.method.name") == "tools/call"
    }
    assert "error.type" not in calls["ogc_execute_process"]
    assert calls["ogc_get_job"]["error.type"] == "tool_error"
    assert sum(point.count for point in points(reader, "http.client.request.duration")) == len(sent)
    told = "".join(span.to_json() for span in spans.get_finished_spans()) + str(reader.get_metrics_data())
    assert CANARY not in told
    assert "no-such-job" not in told
    assert "/jobs" not in told


async def test_a_request_that_fails_is_a_span_that_failed(
    settings: Settings, spans: InMemorySpanExporter, reader: InMemoryMetricReader
) -> None:
    endpoints = {"far": EndpointSettings(url="http://127.0.0.1:9/ogc-api")}
    settings = settings.model_copy(update={"endpoints": endpoints})
    async with Client(build_server(settings)) as client:
        await refused(client, "ogc_list_processes", endpoint="far")
    failed = [span for span in spans.get_finished_spans() if span.name == "GET"]
    assert failed
    assert {(span.attributes or {})["error.type"] for span in failed} == {"Unreachable"}
    assert all(not span.status.is_ok for span in failed)
    assert points(reader, "http.client.request.duration")
