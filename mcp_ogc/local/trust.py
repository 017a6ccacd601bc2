"""What of a package would run natively: with the rights and the files of whoever runs this server.

Read from the text, conservatively: a tool counts as contained where it names an image to pull itself. The driver holds
running to the same rule once more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

from mcp_ogc.errors import LocalEndpointError
from mcp_ogc.local.engines import Engine, find_engine
from mcp_ogc.local.platform import require_posix
from mcp_ogc.local.problems import PACKAGE_REFUSED, Problem
from mcp_ogc.packages.trial import Trial, contained, natively, refused

if TYPE_CHECKING:
    from mcp_ogc.local.store import ProcessRow

MADE_HERE = {"dockerFile", "dockerImport", "dockerLoad"}
"""Images that are made from files of this machine."""


@dataclass(frozen=True, slots=True)
class Containment:
    """How far a package stays in containers."""

    native: tuple[str, ...]
    """What would run natively, each in words; empty where all of it runs in containers."""
    names_images: bool
    """Whether a container engine is of any use to it."""
    requires_engine: bool
    """Whether it can't run without one: an image is among its requirements, not its hints."""

    def stored(self) -> str:
        """As JSON, for the database."""
        return json.dumps(asdict(self))

    @classmethod
    def of_stored(cls, text: str) -> Containment:
        """From the database."""
        stored = json.loads(text)
        return cls(**{**stored, "native": tuple(stored["native"])})


@dataclass(frozen=True, slots=True)
class Permission:
    """How a package may run."""

    engine: Engine | None
    """With this container engine; natively where None."""
    is_trusted: bool
    """Whether what names no image may run natively."""


class Trust:
    """What the operator lets run, and how.

    Args:
        digests: Of packages that may run natively, or `*`.
        engine: The container engine of the settings; found where None.
    """

    def __init__(
        self, digests: Iterable[str], engine: Literal["docker", "podman", "singularity", "none"] | None
    ) -> None:
        self._digests = frozenset(digests)
        self._engine = engine

    def permission(self, package: ProcessRow) -> Permission:
        """How a package may run. Deploying one is running its code, so both ask. Blocks while engines are asked.

        Raises:
            Problem: It may not, with what would let it.
        """
        contained = Containment.of_stored(package.containment)
        engine = find_engine(self._engine) if contained.names_images else None
        if {package.digest, "*"} & self._digests:
            if engine is None and contained.requires_engine:
                raise Problem(
                    403,
                    "This package requires a container engine, and none answers",
                    self._engines(),
                    type=PACKAGE_REFUSED,
                )
            return Permission(engine, is_trusted=True)
        if engine is not None and not contained.native:
            return Permission(engine, is_trusted=False)
        native = (
            f"it would run natively: {', '.join(contained.native[:5])}" if contained.native else "no engine answers"
        )
        raise Problem(
            403,
            f"Deploying a package is running its code, as you, with your files: this one is not trusted, and {native}",
            f'To trust it, read it, then put [local] trusted_packages = ["{package.digest}"] into the settings. '
            f"Or have every tool name an image (DockerRequirement, dockerPull), without JavaScript. {self._engines()}",
            type=PACKAGE_REFUSED,
        )

    def trial(self, package: ProcessRow) -> Trial:
        """How a package would run now, and what differs from a cluster. Blocks while engines are asked."""
        contained_parts = Containment.of_stored(package.containment)
        try:
            require_posix()
            permission = self.permission(package)
        except LocalEndpointError as error:
            return refused(error.message)
        except Problem:
            return refused("it is not trusted, or the container engine that it needs does not answer")
        if permission.engine is None:
            return natively(names_images=contained_parts.names_images)
        return contained(permission.engine.name, native_parts=len(contained_parts.native))

    def _engines(self) -> str:
        if self._engine == "none":
            return "Containers are switched off: [local] container_engine"
        return f"Engines that are used: {self._engine or 'docker, podman, singularity'}, installed and started"


def containment(text: str) -> Containment:
    """What of a package that `packages.cwl` has loaded would run natively."""
    native, names_images, requires_engine = [], False, False
    for node in _mappings(_document(text)):
        kind = _word(node.get("class"))
        if kind == "CommandLineTool":
            required, image = _image(node)
            names_images |= image is not None
            requires_engine |= required
            if image is None or MADE_HERE & set(image):
                native.append(f"the tool {_word(node.get('id')) or 'without id'}")
        if "InlineJavascriptRequirement" in (kind, *map(_word, node)):
            native.append("its JavaScript expressions")
    return Containment(tuple(dict.fromkeys(native)), names_images, requires_engine)


def files_named(text: str, workflow_id: str) -> tuple[str, ...]:
    """Files and directories that a package names itself, beside defaults of the inputs of what is run.

    Those defaults are staged in as inputs are; anything else cwltool would open without asking.
    """
    return tuple(_files(_document(text), workflow_id))


def _files(node: Any, workflow_id: str) -> Iterator[str]:
    if isinstance(node, Mapping):
        if _word(node.get("class")) in ("File", "Directory"):
            yield from (str(node[name])[:200] for name in ("location", "path") if node.get(name) is not None)
        own = _word(node.get("class")) == "Workflow" and _word(node.get("id")) == workflow_id
        for name, value in node.items():
            yield from _files(_without_defaults(value) if own and name == "inputs" else value, workflow_id)
    elif _is_list(node):
        for value in node:
            yield from _files(value, workflow_id)


def _without_defaults(inputs: Any) -> Any:
    declared = list(inputs.values()) if isinstance(inputs, Mapping) else inputs
    return [
        {name: value for name, value in one.items() if name != "default"} if isinstance(one, Mapping) else one
        for one in (declared if _is_list(declared) else ())
    ]


def _image(tool: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any] | None]:
    """Whether the image is required, and the DockerRequirement; a requirement outweighs a hint, as in cwltool."""
    for place in ("requirements", "hints"):
        told = tool.get(place) or ()
        named = told.items() if isinstance(told, Mapping) else ((one.get("class"), one) for one in told)
        for name, one in named:
            if _word(name) == "DockerRequirement" and isinstance(one, Mapping) and one.get("dockerPull"):
                return place == "requirements", one
    return False, None


def _mappings(node: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(node, Mapping):
        yield node
        for value in node.values():
            yield from _mappings(value)
    elif _is_list(node):
        for value in node:
            yield from _mappings(value)


def _document(text: str) -> Any:
    from ruamel.yaml import YAML

    return YAML(typ="safe", pure=True).load(text)


def _is_list(node: Any) -> bool:
    return isinstance(node, Sequence) and not isinstance(node, str)


def _word(name: Any) -> str:
    """A name of CWL without namespace or document: `cwl:File`, `https://w3id.org/cwl/cwl#File` and `#tool`."""
    return name.replace("#", ":").replace("/", ":").rsplit(":", 1)[-1] if isinstance(name, str) else ""
