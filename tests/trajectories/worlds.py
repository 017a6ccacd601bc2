"""What a conversation begins in: endpoints, and a server whose settings name them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

from mcp import Client

from mcp_ogc.server import build_server
from mcp_ogc.settings import EndpointSettings, LocalSettings, Settings
from tests.servers.processes.catalogue import HELLO, Process, Product, described, generated, the_processes, water_bodies
from tests.servers.processes.endpoint import Fault, TestEndpoint, served
from tests.trajectories.conversation import FarEndpoint, World

MANY = 5000


def german() -> dict[str, Process]:
    """A catalogue in another language than the person's."""
    texts = {
        "gletscherflaechen": ("Gletscherflächen", "Kartiert Gletscher und Firn aus optischen Satellitenbildern"),
        "schneebedeckung": ("Schneebedeckung", "Kartiert die Schneebedeckung eines Gebiets"),
        "gewaesser": ("Gewässerflächen", "Kartiert offene Wasserflächen"),
    }
    inputs = {
        "gebiet": described({"type": "string"}, "Gebiet", description="Name des Gebiets"),
        "jahr": described({"type": "integer", "minimum": 1985}, "Jahr"),
    }
    outputs = {"karte": described({"type": "string"}, "Karte")}
    made = HELLO.makes({"name": "Karte"})
    return {
        name: Process(
            id=name,
            title=title,
            description=text,
            inputs=inputs,
            outputs=outputs,
            makes=lambda inputs: {"karte": made["greeting"]},
        )
        for name, (title, text) in texts.items()
    }


def broad() -> dict[str, Process]:
    """A process with more inputs than anyone wants to read of at once."""
    inputs = {
        f"parameter-{n:02d}": described(
            {"type": "number", "default": n},
            f"Parameter {n}",
            description="What it does, at length. " * 12,
            minOccurs=0,
        )
        for n in range(40)
    }
    return {"broad": replace(HELLO, id="broad", inputs=inputs)}


def synchronous() -> dict[str, Process]:
    return {"hello": replace(HELLO, job_control=("sync-execute",))}


def mosaic() -> dict[str, Process]:
    """Processes that make more than anyone wants to read of at once: forty scenes of eight bands, or twelve."""
    bands = ("red", "green", "blue", "nir08", "swir16", "swir22", "mask", "metadata")
    items = [
        {
            "type": "Feature",
            "stac_version": "1.1.0",
            "id": f"scene-{n:02d}",
            "geometry": None,
            "bbox": [-35.0, -8.1, -34.8, -7.9],
            "properties": {"datetime": f"2026-01-{1 + n % 28:02d}T13:00:00Z"},
            "links": [],
            "assets": {
                band: {"href": f"s3://results/scene-{n:02d}/{band}.tif", "type": "image/tiff; application=geotiff"}
                for band in bands
            },
        }
        for n in range(40)
    ]

    def making(process_id: str, count: int) -> Process:
        made = {"type": "FeatureCollection", "features": items[:count]}
        return replace(water_bodies(lambda inputs: {"stac_catalog": Product(made)}), id=process_id)

    return {"mosaic": making("mosaic", 40), "strip": making("strip", 12)}


PROCESSES: dict[str, Callable[[], dict[str, Process]]] = {
    "usual": the_processes,
    "generated": lambda: {**generated(MANY), "water-bodies": water_bodies()},
    "german": german,
    "broad": broad,
    "synchronous": synchronous,
    "mosaic": mosaic,
}


def far_endpoint(far: FarEndpoint) -> TestEndpoint:
    """An endpoint as a conversation describes it."""
    endpoint = TestEndpoint(far.personality, polls=far.polls, processes=PROCESSES[far.processes]())
    endpoint.faults += [Fault(one.method, one.path, one.status, times=one.times, after=one.after) for one in far.faults]
    return endpoint


@asynccontextmanager
async def opened(world: World, folder: Path, pygeoapi_url: Callable[[], str]) -> AsyncIterator[Client]:
    """A client of a server in this world."""
    async with AsyncExitStack() as stack:
        urls = {
            name: await stack.enter_async_context(served(far_endpoint(far))) for name, far in world.endpoints.items()
        }
        if world.pygeoapi:
            urls[world.pygeoapi] = pygeoapi_url()
        trusted = ("*",) if world.local == "trusting" else ()
        settings = Settings(
            endpoints={name: EndpointSettings(url=url) for name, url in urls.items()},
            default_endpoint=world.default_endpoint,
            data_folder=folder / "data",
            download_folder=folder / "downloads",
            read_only=world.read_only,
            local=LocalSettings(enabled=world.local != "none", trusted_packages=trusted, container_engine="none"),
        )
        yield await stack.enter_async_context(Client(build_server(settings)))
