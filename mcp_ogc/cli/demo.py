"""`mcp-ogc demo`: the whole line, through the MCP tools themselves, as an assistant would go."""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread

from mcp_ogc.cli.progress import JobProgress
from mcp_ogc.errors import OgcError, SettingsError
from mcp_ogc.settings import Settings, load

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult

WAIT_SECONDS = 10
WATER = 1
"""The class of the sample's map that is water."""


class DemoFailed(OgcError):
    """A tool refused; its answer says why."""


@dataclass(frozen=True, slots=True)
class ItemReport:
    """One item of the result."""

    id: str
    water_km2: float
    valid_percent: float
    summary_uri: str
    preview_path: str


@dataclass(frozen=True, slots=True)
class CallReport:
    """One tool call: what it took, and how much the assistant read."""

    tool: str
    seconds: float
    characters: int


@dataclass(slots=True)
class Report:
    """What `--json` prints."""

    job_id: str = ""
    status: str = ""
    seconds: float = 0.0
    items: list[ItemReport] = field(default_factory=list)
    calls: list[CallReport] = field(default_factory=list)


def add_arguments(options: argparse.ArgumentParser) -> None:
    """Declare the options."""
    options.add_argument("--json", action="store_true", help="print one JSON object instead of the conversation")
    options.add_argument("--previews", type=Path, metavar="FOLDER", help="where the pictures go; else the downloads")


def run(options: argparse.Namespace) -> int:
    """Deploy, run, follow, read: on the local endpoint, whatever else is configured."""
    given = load(options.config)
    if given.read_only:
        raise SettingsError(
            "read_only is set, and the demo deploys and executes", remedy="Run it with other settings: --config FILE"
        )
    settings = given.model_copy(
        update={
            "endpoints": {},
            "default_endpoint": None,
            "url": None,
            "token": None,
            "toolsets": Settings().toolsets,
        }
    )
    from mcp_ogc.net.redaction import configure_logging

    redaction = configure_logging(options.log_level or settings.log_level, settings)
    narrator: Silent = Silent() if options.json else Narrator(redaction)
    report = anyio.run(_converse, settings, narrator, options.previews or settings.download_folder / "demo")
    if options.json:
        print(json.dumps(asdict(report)))
    return 0 if report.status == "successful" and report.items else 1


async def _converse(settings: Settings, narrator: Silent, pictures: Path) -> Report:
    from mcp import Client

    from mcp_ogc.server import build_server

    begun = time.monotonic()
    refused: DemoFailed | None = None
    async with Client(build_server(settings)) as client:
        conversation = Conversation(client, narrator)
        try:
            await _find_water(conversation, pictures)
        except DemoFailed as error:  # the client's task group would wrap it
            refused = error
    if refused is not None:
        raise refused
    conversation.report.seconds = round(time.monotonic() - begun, 2)
    narrator.close(conversation.report)
    return conversation.report


async def _find_water(conversation: Conversation, pictures: Path) -> None:
    local = {"endpoint": "local"}
    await conversation.call("ogc_list_endpoints")
    listed = await conversation.call("ogc_list_processes", query="water", **local)
    if not any(process["process_id"] == "water-bodies" for process in listed["processes"]):
        await conversation.call("ogc_deploy_process", package="water-bodies", **local)
    process = await conversation.call("ogc_describe_process", process_id="water-bodies", **local)
    inputs = process["example_inputs"]
    # A second demo is a second run: what people want to see is the work, not yesterday's answer.
    job = await conversation.call(
        "ogc_execute_process", process_id="water-bodies", inputs=inputs, wait_seconds=0, new_run=True, **local
    )
    while job["status"] in ("accepted", "running"):
        job = await conversation.call("ogc_get_job", job_id=job["job_id"], wait_seconds=WAIT_SECONDS)
    conversation.report.job_id, conversation.report.status = job["job_id"], job["status"]
    if job["status"] != "successful":
        return
    results = await conversation.call("ogc_get_results", job_id=job["job_id"])
    items = results["outputs"][0]["items"]
    for item in items:
        await _read_map(conversation, item["id"], item["assets"][0]["raster"], pictures)
    west, south, east, north = (round(value, 4) for value in items[-1]["bbox"])
    half = [west, south, round((west + east) / 2, 4), north]
    await conversation.call("ogc_measure_raster", raster=items[-1]["assets"][0]["raster"], within=half)


async def _read_map(conversation: Conversation, item: str, raster: str, pictures: Path) -> None:
    summary = await conversation.call("ogc_summarize_raster", raster=raster)
    band = summary["bands"][0]
    water = next((row["km2"] for row in band["classes"] if row["value"] == WATER), 0.0)
    path = await _save_picture(conversation.last, pictures / f"{item}.png")
    conversation.narrator.learns(item, summary)
    conversation.report.items.append(ItemReport(item, water, band["valid_percent"], raster, str(path)))


async def _save_picture(result: CallToolResult, path: Path) -> Path:
    data = next(block.data for block in result.content if block.type == "image")
    try:
        await anyio.to_thread.run_sync(lambda: path.parent.mkdir(parents=True, exist_ok=True))
        await anyio.Path(path).write_bytes(base64.b64decode(data))
    except OSError as error:
        raise DemoFailed(f"The picture {path} can't be written: {error.strerror}") from None
    return path


class Conversation:
    """Calls tools as a client does, and keeps count."""

    def __init__(self, client: Client, narrator: Silent) -> None:
        self._client = client
        self.narrator = narrator
        self.report = Report()
        self.last: CallToolResult

    async def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool; its structured content.

        Raises:
            DemoFailed: The tool refused.
        """
        self.narrator.asks(tool, arguments)
        begun = time.monotonic()
        result = await self._client.call_tool(tool, arguments, progress_callback=self.narrator.progress)
        seconds = time.monotonic() - begun
        text = "\n".join(block.text for block in result.content if block.type == "text")
        self.report.calls.append(CallReport(tool, round(seconds, 3), len(text)))
        self.narrator.answers(result, text, seconds)
        self.last = result
        if result.is_error:
            raise DemoFailed(f"{tool} refused: {text}")
        return result.structured_content or {}


class Silent:
    """Tells nothing."""

    def asks(self, tool: str, arguments: dict[str, Any]) -> None:
        """A call is made."""

    def answers(self, result: CallToolResult, text: str, seconds: float) -> None:
        """An answer has come."""

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """A job has moved on."""

    def learns(self, item: str, summary: dict[str, Any]) -> None:
        """A map was read."""

    def close(self, report: Report) -> None:
        """The conversation is over."""


class Narrator(Silent):
    """Prints each call and its answer: a progress bar on a terminal, plain lines elsewhere."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        from rich.console import Console

        self._console = Console(soft_wrap=True, highlight=False)
        self._job = JobProgress(self._console, partial(self._console.print, markup=False), redact)
        self._maps: dict[str, dict[str, Any]] = {}

    def asks(self, tool: str, arguments: dict[str, Any]) -> None:
        """A call is made."""
        given = ", ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in arguments.items())
        self._console.print(f"→ {tool}({given})", style="bold cyan", markup=False)

    def answers(self, result: CallToolResult, text: str, seconds: float) -> None:
        """An answer has come."""
        self._job.hide()
        pictures = sum(block.type == "image" for block in result.content)
        for line in text.splitlines():
            self._console.print(f"  {line}", markup=False)
        if pictures:
            self._console.print("  [a picture]", markup=False)
        self._console.print(f"  ({seconds:.2f} s, {len(text)} characters)\n", style="dim", markup=False)

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        """A job has moved on."""
        self._job.moved(progress, message or "")

    def learns(self, item: str, summary: dict[str, Any]) -> None:
        """A map was read."""
        self._maps[item] = summary

    def close(self, report: Report) -> None:
        """The conversation is over."""
        if report.status != "successful":
            self._console.print(f"The job ended as {report.status}.", style="bold red")
            return
        self._console.print("What an assistant knows now:", style="bold")
        for item in report.items:
            self._console.print(f"  {item.id}: {_in_words(self._maps[item.id])}", markup=False)
            self._console.print(f"    picture: {item.preview_path}", markup=False)
        total = sum(item.water_km2 for item in report.items)
        characters = sum(call.characters for call in report.calls)
        self._console.print(
            f"{total:.2f} km² of water in {report.seconds:.0f} s, {len(report.calls)} calls, {characters} characters.",
            style="bold green",
        )


def _in_words(summary: dict[str, Any]) -> str:
    """A map in one sentence for a person."""
    band, (resolution, _) = summary["bands"][0], summary["resolution"]
    classes = ", ".join(
        f"{row['name']} {row['km2']:.2f} km² ({row['percent_of_all']:.1f} %)" for row in band["classes"]
    )
    counted = "every pixel counted" if summary["source"]["exact"] else "estimated from an overview"
    return (
        f"{summary['km2']:.2f} km² in pixels of {resolution:g} {summary['resolution_unit']}: {classes}; "
        f"{band['valid_percent']:.1f} % of its pixels valid, {counted}"
    )
