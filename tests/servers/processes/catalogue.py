"""The processes an endpoint begins with, and what each makes."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.servers.processes.failures import Cause

DATA = Path(__file__).parents[2] / "data"
RECORDED = json.loads((DATA / "zoo-water-bodies-results.json").read_text(encoding="utf-8"))
RECORDED_RUN = "s3://results/68046976-7dcb-11f0-90ac-2a20aea25780/68046976-7dcb-11f0-90ac-2a20aea25780"
IN_CLUSTER_S3 = "http://eoap-zoo-project-localstack.eoap-zoo-project.svc.cluster.local:4566"

GEOJSON = "application/geo+json"
BBOX = "https://schemas.opengis.net/ogcapi/processes/part1/1.0/openapi/schemas/bbox.yaml"


@dataclass(frozen=True)
class Product:
    """One output a job made: a value, or a file."""

    value: Any = None
    body: bytes | None = None
    media_type: str = "application/json"
    name: str = "result"
    """Of the file."""

    @property
    def is_file(self) -> bool:
        return self.body is not None


Inputs = Mapping[str, Any]
Making = Callable[[Inputs], dict[str, Product]]


@dataclass(frozen=True)
class Process:
    """What is offered. `inputs` and `outputs` are descriptions in the standard's form."""

    id: str
    title: str
    makes: Making
    description: str = ""
    version: str = "1.0.0"
    inputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    outputs: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    job_control: tuple[str, ...] = ("sync-execute", "async-execute", "dismiss")
    mutable: bool = False
    fails: Cause | None = None
    package: str | None = None
    """CWL, of a deployed process."""
    keywords: tuple[str, ...] = ()

    @property
    def only_async(self) -> bool:
        return "sync-execute" not in self.job_control


def described(schema: dict[str, Any], title: str, **more: Any) -> dict[str, Any]:
    return {"title": title, "schema": schema, **more}


def _echoed(inputs: Inputs) -> dict[str, Product]:
    known = {name: value for name, value in inputs.items() if name in ECHO_INPUTS and name not in ("polls", "fail")}
    return {name: Product(value) for name, value in known.items()} or {"text": Product("")}


ECHO_INPUTS = {
    "text": described({"type": "string", "minLength": 1}, "A text"),
    "number": described({"type": "number", "minimum": 0, "maximum": 100, "default": 0}, "A number", minOccurs=0),
    "colour": described({"type": "string", "enum": ["blue", "green"]}, "One of a list", minOccurs=0),
    "flag": described({"type": "boolean", "default": False}, "True or false", minOccurs=0),
    "strict": described({"type": "boolean", "default": True}, "True or false", minOccurs=0),
    "bbox": described({"allOf": [{"format": "ogc-bbox"}, {"$ref": BBOX}]}, "A bounding box", minOccurs=0),
    "words": described({"type": "array", "items": {"type": "string"}}, "Several texts", minOccurs=0),
    "complex": described(
        {
            "oneOf": [
                {"type": "string", "contentMediaType": "text/xml"},
                {"type": "object"},
            ]
        },
        "XML or an object",
        minOccurs=0,
    ),
    "polls": described({"type": "integer", "minimum": 1}, "Polls until the job has ended", minOccurs=0),
    "fail": described({"type": "string", "enum": [str(cause) for cause in Cause]}, "How the job fails", minOccurs=0),
}

ECHO = Process(
    id="echo",
    title="Echo",
    description="Gives back what it is given",
    inputs=ECHO_INPUTS,
    outputs={
        name: {"title": one["title"], "schema": one["schema"]}
        for name, one in ECHO_INPUTS.items()
        if name not in ("polls", "fail")
    },
    makes=_echoed,
)

HELLO = Process(
    id="hello",
    title="Hello",
    description="Greets somebody",
    inputs={"name": described({"type": "string"}, "A name")},
    outputs={"greeting": described({"type": "string"}, "The greeting")},
    makes=lambda inputs: {"greeting": Product(f"Hello {inputs.get('name')}!")},
)

WATER_BODIES_INPUTS = {
    "stac_items": described({"type": "array", "items": {"type": "string"}}, "STAC items"),
    "aoi": described({"type": "string"}, "Area of interest", description="minx,miny,maxx,maxy"),
    "epsg": described({"type": "string", "default": "EPSG:4326"}, "CRS of the area", minOccurs=0),
    "bands": described(
        {"type": "array", "items": {"type": "string"}, "default": ["green", "nir08"]}, "Bands", minOccurs=0
    ),
}


def water_items(inputs: Inputs) -> dict[str, Product]:
    """The recorded item collection, as the value of its output."""
    return {"stac_catalog": Product(copy.deepcopy(RECORDED))}


def water_collection(inputs: Inputs) -> dict[str, Product]:
    """A STAC Collection whose items are links to `s3://` only, as the EOEPCA deployment guide recorded it."""
    run = "s3://eoepca/processing-results/water-bodies"
    links = [{"rel": "root", "href": f"{run}/catalog.json", "type": "application/json"}]
    links += [
        {"rel": "item", "href": f"{run}/{item['id']}/{item['id']}.json", "type": GEOJSON}
        for item in RECORDED["features"]
    ]
    extent = {
        "spatial": {"bbox": [[-121.399, 39.834, -120.74, 40.472]]},
        "temporal": {"interval": [["2023-12-01T00:00:00Z", "2023-12-08T23:59:59Z"]]},
    }
    collection = {
        "type": "Collection",
        "id": "water-bodies",
        "stac_version": "1.1.0",
        "description": "Water bodies",
        "license": "proprietary",
        "extent": extent,
        "links": links,
    }
    return {"stac_catalog": Product(collection)}


def nothing(inputs: Inputs) -> dict[str, Product]:
    """No STAC item was found at stage-out: an item collection without items."""
    return {"stac_catalog": Product({"type": "FeatureCollection", "features": []})}


def water_bodies(
    makes: Making = water_items, *, process_id: str = "water-bodies", fails: Cause | None = None
) -> Process:
    """The EOEPCA application; `makes` one of the above."""
    return Process(
        id=process_id,
        title="Water bodies",
        description="Maps open water in optical satellite scenes",
        inputs=WATER_BODIES_INPUTS,
        outputs={"stac_catalog": described({"type": "object"}, "STAC catalogue")},
        job_control=("async-execute", "dismiss"),
        mutable=True,
        makes=makes,
        fails=fails,
    )


def _files(inputs: Inputs) -> dict[str, Product]:
    point = {"type": "Feature", "geometry": {"type": "Point", "coordinates": [-34.9, -8.0]}, "properties": {"km2": 1.5}}
    table = "name,km2\n" + "".join(f"lake {n},{n / 2}\n" for n in range(1, 101))
    return {
        "table": Product(body=table.encode(), media_type="text/csv", name="lakes.csv"),
        "report": Product(body=b"Vinte lagos.\n", media_type="text/plain", name="report.txt"),
        "lakes": Product({"type": "FeatureCollection", "features": [point]}, media_type=GEOJSON),
        "raster": Product(
            body=(DATA / "L7_ETMs.tif").read_bytes(), media_type="image/tiff; application=geotiff", name="L7_ETMs.tif"
        ),
    }


FILES = Process(
    id="files",
    title="Files",
    description="A table, a text, GeoJSON and a raster",
    outputs={
        "table": described({"type": "string", "contentMediaType": "text/csv"}, "Lakes"),
        "report": described({"type": "string", "contentMediaType": "text/plain"}, "Report"),
        "lakes": described({"type": "object", "contentMediaType": GEOJSON}, "Lakes"),
        "raster": described({"type": "string", "contentMediaType": "image/tiff; application=geotiff"}, "Raster"),
    },
    makes=_files,
)
RASTER = Process(
    id="raster",
    title="One raster",
    outputs={"raster": FILES.outputs["raster"]},
    makes=lambda inputs: {"raster": _files(inputs)["raster"]},
)


def the_processes() -> dict[str, Process]:
    """What an endpoint begins with."""
    failing = [water_bodies(process_id=f"fails-{cause}", fails=cause) for cause in Cause]
    others = [
        water_bodies(),
        water_bodies(water_collection, process_id="water-bodies-collection"),
        water_bodies(nothing, process_id="water-bodies-empty"),
    ]
    return {process.id: process for process in [ECHO, HELLO, FILES, RASTER, *others, *failing]}


def generated(count: int) -> dict[str, Process]:
    """A catalogue of any size: `process-00000` and on."""
    words = ("water", "forest", "burnt area", "snow", "urban")
    return {
        (name := f"process-{n:05d}"): Process(
            id=name,
            title=f"{words[n % len(words)].capitalize()} map {n}",
            description=f"Maps {words[n % len(words)]} in scenes of tile {n}.",
            keywords=(words[n % len(words)],),
            inputs=HELLO.inputs,
            outputs=HELLO.outputs,
            makes=HELLO.makes,
        )
        for n in range(count)
    }
