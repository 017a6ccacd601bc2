"""How a package runs on the local endpoint before it goes to a cluster, and what a cluster does otherwise.

The local endpoint tells it in the metadata of a process description, so that it is known before anything runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from mcp_ogc.ogc.models import Metadata, ProcessDescription

RUNS, DIFFERS = "local:runs", "local:differs"


@dataclass(frozen=True, slots=True)
class Trial:
    """In words, each a clause without a stop."""

    runs: str
    differs: tuple[str, ...]
    """What is not as on a cluster."""

    def metadata(self) -> tuple[Metadata, ...]:
        """As a process description carries it."""
        return (
            Metadata(title=RUNS, value=self.runs),
            *(Metadata(title=DIFFERS, value=difference) for difference in self.differs),
        )

    @classmethod
    def of(cls, description: ProcessDescription) -> Trial | None:
        """What a description of the local endpoint carries; None of a built-in process."""
        told = [(one.title, one.value) for one in description.metadata or () if isinstance(one.value, str)]
        runs = [str(value) for title, value in told if title == RUNS]
        return cls(runs[0], tuple(str(value) for title, value in told if title == DIFFERS)) if runs else None


ALWAYS = (
    "memory and cores that it asks for are no limits here, and a cluster ends what takes more",
    "file: inputs are of this machine, and a cluster needs URLs that it can reach",
)


def refused(reason: str) -> Trial:
    """Where it would not run."""
    return Trial(f"not at all: {reason}", ())


def natively(*, names_images: bool) -> Trial:
    """Without a container engine."""
    images = (
        "the images that it names are not used, its commands are those installed here"
        if names_images
        else "it names no images (DockerRequirement, dockerPull), which a cluster needs"
    )
    network = "every tool reaches the network, whatever NetworkAccess says"
    return Trial(
        "natively, not in containers: with the rights and the files of this server", (images, network, *ALWAYS)
    )


def contained(engine: str, *, native_parts: int) -> Trial:
    """With a container engine; `native_parts` of a trusted package run natively beside."""
    if not native_parts:
        return Trial(f"with {engine}, each tool in the image that it names", ALWAYS)
    parts = "one part" if native_parts == 1 else f"{native_parts} parts"
    return Trial(
        f"with {engine}, tools in the images that they name; {parts} natively, with the rights and the files of this "
        "server: it names no image, or it is JavaScript",
        ("what runs natively needs an image on a cluster", *ALWAYS),
    )
