"""Goes through a conversation as an assistant that invents nothing: whatever it says, it has read before."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mcp import Client
from mcp_types import CallToolResult

from tests.server.talk import text_of
from tests.trajectories.contract import THE_SAME, breaches, misled, next_calls
from tests.trajectories.conversation import Step, Trajectory

TESTS = Path(__file__).parents[1]
MOST_REPEATS = 6
FREE = ("wait_seconds", "limit")
"""Numbers of the assistant's own choosing."""


@dataclass
class Told:
    """One answer."""

    tool: str
    arguments: Mapping[str, Any]
    text: str
    detailed: bool
    pictures: int
    structured: str
    """The structured content as JSON, empty where there is none: some clients give that to the model too."""


@dataclass
class Follower:
    """An assistant, and what it knows.

    Args:
        client: Of the server.
        trajectory: What to do.
    """

    client: Client
    trajectory: Trajectory
    answers: list[Told] = field(default_factory=list)
    _heard: list[str] = field(default_factory=list)
    _kept: dict[str, str] = field(default_factory=dict)
    _package: str = ""
    _schemas: dict[str, dict[str, Any]] = field(default_factory=dict)

    async def go(self) -> None:
        """Do all of it.

        Raises:
            AssertionError: An answer is not what it must be, or something was said that was never read.
        """
        tools = (await self.client.list_tools()).tools
        self._schemas = {tool.name: tool.input_schema for tool in tools}
        self._heard = [self.client.instructions or "", *(tool.model_dump_json() for tool in tools)]
        self._heard.append(self.trajectory.wants)
        for name, path in self.trajectory.gives.items():
            self._kept[name] = (TESTS / path).read_text(encoding="utf-8")
            self._heard.append(self._kept[name])
        for step in self.trajectory.steps:
            if step.says:
                self._heard.append(step.says)
            if (step.next or step.call) and not self._is_there(step):
                await self._take(step)

    def _is_there(self, step: Step) -> bool:
        """Whether what is waited for has come already: how fast a job ends is nobody's promise."""
        return step.until is not None and bool(re.search(step.until, self.answers[-1].text))

    async def _take(self, step: Step) -> None:
        tool, arguments = self._intended(step)
        for _ in range(MOST_REPEATS):
            result = await self._call(tool, arguments, step)
            if step.until is None or re.search(step.until, text_of(result)):
                break
        text = text_of(result)
        assert bool(result.is_error) is step.refused, text
        missing = [one for one in step.answer if one not in text]
        assert not missing, f"{missing} not in the answer of {tool}:\n{text}"
        unwanted = [one for one in step.absent if one in text]
        assert not unwanted, f"{unwanted} in the answer of {tool}:\n{text}"
        assert not step.picture or self.answers[-1].pictures, f"{tool} showed no picture"
        for name, pattern in step.keep.items():
            found = re.search(pattern, text)
            assert found, f"{pattern} not in the answer of {tool}:\n{text}"
            self._kept[name] = found.group(1)

    async def _call(self, tool: str, arguments: dict[str, Any], step: Step) -> CallToolResult:
        assert tool in self._schemas, f"there is no tool {tool} here"
        result = await self.client.call_tool(tool, arguments)
        text = text_of(result)
        assert not (broken := breaches(text, self._schemas)), f"{tool} breaks the contract: {broken}\n{text}"
        if result.structured_content:
            assert not (broken := misled(text, result.structured_content, self._schemas)), f"{tool}: {broken}\n{text}"
        self._heard.append(text)
        pictures = sum(block.type == "image" for block in result.content)
        told = result.structured_content
        structured = json.dumps(told, ensure_ascii=False, separators=(",", ":")) if told else ""
        self.answers.append(Told(tool, arguments, text, step.detailed, pictures, structured))
        return result

    def _intended(self, step: Step) -> tuple[str, dict[str, Any]]:
        """The call, after everything in it was found in what was heard."""
        if step.next:
            written = [one for one in next_calls(self.answers[-1].text) if one.tool == step.next]
            assert written, f"the last answer writes no call of {step.next}:\n{self.answers[-1].text}"
            tool, arguments = step.next, dict(written[-1].arguments)
        else:
            tool, arguments = step.call or "", {}
        arguments |= self._filled(step.arguments)
        for path, value in self._filled(step.change).items():
            *way, last = path.split(".")
            place = arguments
            for name in way:
                place = place[name]
            place[last] = value
        for path in step.drop:
            *way, last = path.split(".")
            place = arguments
            for name in way:
                place = place[name]
            del place[last]
        invented = [one for one in _said(arguments) if not self._has_heard(one)]
        assert not invented, f"{tool} would be called with what nobody has said: {invented}"
        if step.package:
            arguments["package"] = self._changed(step)
        elif arguments.get("package") == THE_SAME:
            arguments["package"] = self._package
        self._package = arguments.get("package", self._package)
        return tool, arguments

    def _changed(self, step: Step) -> str:
        assert step.package
        text = self._kept[step.package.of]
        for old, new in step.package.replace:
            assert old in text, f"{old!r} is not in the text that is to be changed"
            assert self._has_heard(new), f"nobody has said {new!r}"
            text = text.replace(old, new)
        self._kept[step.package.of] = text
        return text

    def _filled(self, value: Any) -> Any:
        """With what was kept in the place of its name."""
        if isinstance(value, dict):
            return {name: self._filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self._filled(one) for one in value]
        if isinstance(value, str) and value.startswith("{") and value.endswith("}"):
            return self._kept[value[1:-1]]
        return value

    def _has_heard(self, one: str) -> bool:
        """Whether it was said, as a word or several: not as a part of another."""
        pattern = re.compile(rf"(?<!\w){re.escape(one)}(?!\w)")
        return any(pattern.search(text) for text in self._heard)


def _said(value: Any, name: str = "") -> Iterator[str]:
    """The names, texts and numbers of a call's arguments."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _said(one, key)
    elif isinstance(value, list):
        for one in value:
            yield from _said(one, name)
    elif isinstance(value, str) and value:
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool) and name not in FREE:
        yield str(value)
