"""Prompts: Markdown files with TOML front matter (`+++`), so that people who write them need no Python.

Front matter: `name`, `title`, `description`, and `[[arguments]]` with `name`, `description`, `required`. In the text,
`{{name}}` is the argument's value, or its `default`. An argument with `texts` is a choice: each of its values stands
for a text, which front matter names by its file beside the prompts; arguments that follow are filled in there too.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from mcp_ogc.errors import UnknownName

if TYPE_CHECKING:
    from mcp.server.mcpserver.prompts import Prompt

FENCE = "+++\n"


class Argument(BaseModel):
    """One argument of a prompt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    description: str
    required: bool = False
    default: str = ""
    texts: Mapping[str, str] = {}
    """What each value stands for; empty where any value may be given, and stands for itself."""

    def text(self, given: str | None) -> str:
        """What a value puts into the prompt.

        Raises:
            UnknownName: It is a choice, and the value is none of them.
        """
        value = given or self.default
        if not self.texts:
            return value
        if value not in self.texts:
            raise UnknownName(self.name, value, tuple(self.texts))
        return self.texts[value]


class PromptFile(BaseModel):
    """One prompt as it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    description: str
    arguments: tuple[Argument, ...] = ()
    text: str

    def render(self, **values: str) -> str:
        """The text with its arguments filled in."""
        text = self.text
        for argument in self.arguments:
            text = text.replace(f"{{{{{argument.name}}}}}", argument.text(values.get(argument.name)))
        return text


def folder() -> Path:
    """Where the prompts are: inside the installed package, or at the top level of a checkout."""
    installed = Path(__file__).with_name("_prompts")
    return installed if installed.is_dir() else Path(__file__).parents[1] / "prompts"


def read_prompts() -> Iterator[PromptFile]:
    """Every prompt, by file name."""
    for path in sorted(folder().glob("*.md")):
        _, front, text = path.read_text(encoding="utf-8").split(FENCE, 2)
        told = tomllib.loads(front)
        for argument in told.get("arguments", ()):
            files: dict[str, str] = argument.get("texts", {})
            argument["texts"] = {value: (folder() / name).read_text(encoding="utf-8") for value, name in files.items()}
        yield PromptFile(**told, text=text.strip() + "\n")


def as_mcp(prompt: PromptFile) -> Prompt:
    """A prompt as the SDK registers it."""
    from mcp.server.mcpserver.prompts import Prompt
    from mcp.server.mcpserver.prompts.base import PromptArgument

    arguments = [
        PromptArgument(name=argument.name, description=argument.description, required=argument.required)
        for argument in prompt.arguments
    ]
    return Prompt(
        name=prompt.name,
        title=prompt.title,
        description=prompt.description,
        arguments=arguments,
        fn=prompt.render,
    )


def misfit(known: Collection[Prompt], name: str, arguments: Mapping[str, object]) -> str | None:
    """What is wrong with asking for a prompt, and what would be right; None where it can be filled in."""
    prompt = next((one for one in known if one.name == name), None)
    if prompt is None:
        from difflib import get_close_matches

        near = get_close_matches(name, [one.name for one in known], n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        return f"There is no prompt {name!r} here.{meant} Prompts: {', '.join(one.name for one in known)}"
    takes = prompt.arguments or []
    missing = [one.name for one in takes if one.required and one.name not in arguments]
    unknown = sorted(set(arguments) - {one.name for one in takes})
    if not missing and not unknown:
        return None
    wrong = [*(f"needs {one}" for one in missing), *(f"has no argument {one}" for one in unknown)]
    fitting = [f"{one.name}{'' if one.required else ' (optional)'}: {one.description}" for one in takes]
    return f"The prompt {name} {', '.join(wrong)}. Its arguments: {'; '.join(fitting) or 'none'}"
