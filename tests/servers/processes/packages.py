"""Application packages as servers read them: just enough CWL to know what is a process."""

from __future__ import annotations

import io
import json
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from starlette.requests import Request

from tests.servers.processes.catalogue import Process, Product, described, water_items
from tests.servers.processes.personality import UnitForm

SCALARS = {
    "string": {"type": "string"},
    "boolean": {"type": "boolean"},
    "int": {"type": "integer", "format": "int32"},
    "long": {"type": "integer", "format": "int64"},
    "float": {"type": "number", "format": "float"},
    "double": {"type": "number", "format": "double"},
    "File": {"type": "string", "format": "uri"},
    "Directory": {"type": "string", "format": "uri"},
}
FORBIDDEN = (",", ";", "$q$", "$$")


class BadPackage(Exception):
    """What Python says of it, as ZOO-Project tells it on."""


async def cwl_of(request: Request, form: UnitForm, at: dict[str, str]) -> str:
    """The CWL of a deployment's body, in whichever form is taken.

    Args:
        request: The deployment.
        form: Of an execution unit (Q19).
        at: Texts by the URLs packages may be at.
    """
    text = (await request.body()).decode()
    media_type = request.headers.get("content-type", "").split(";")[0]
    if "cwl" in media_type:
        return text
    try:
        document = json.loads(text)
    except ValueError as error:
        raise BadPackage(str(error)) from error
    if form is UnitForm.TEXT and "cwlRawText" in document:
        return str(document["cwlRawText"])
    units = document.get("executionUnit")
    unit = units[0] if isinstance(units, list) and units else units
    if form is UnitForm.UNIT and not isinstance(unit, dict):
        return text  # CWL itself
    if not isinstance(unit, dict):
        raise BadPackage("'executionUnit'")
    if "href" in unit:
        if unit["href"] not in at:
            raise BadPackage(f"HTTP Error 404: {unit['href']}")
        return at[unit["href"]]
    match form:
        case UnitForm.VALUE if "mediaType" in unit:
            return _text(unit["value"])
        case UnitForm.FORMATTED if "mediaType" in unit.get("format", {}):
            return _text(unit["value"])
        case UnitForm.UNIT:
            # Without `unit` the object itself is taken for the CWL.
            return _text(unit.get("unit", unit))
    raise BadPackage("'href'" if form in (UnitForm.HREF, UnitForm.TEXT) else "'value'")


def parts_of(text: str) -> list[dict[str, Any]]:
    """The processes of a CWL document, `$graph` or not."""
    try:
        document = YAML(typ="safe", pure=True).load(io.StringIO(text))
    except YAMLError as error:
        raise BadPackage(str(error)) from error
    if not isinstance(document, dict) or "cwlVersion" not in document:
        raise BadPackage("'cwlVersion'")
    version = str(document.get("s:softwareVersion", "unknown"))
    return [{"s:softwareVersion": version, **part} for part in document.get("$graph", [document])]


def id_of(part: dict[str, Any]) -> str:
    return str(part.get("id", "")).removeprefix("#")


def is_forbidden(part: dict[str, Any]) -> bool:
    """Whether an id has what ZOO-Project keeps for itself."""
    return any(mark in name for name in [id_of(part), *part.get("inputs", {})] for mark in FORBIDDEN)


def process_of(part: dict[str, Any], text: str, process_id: str | None = None) -> Process:
    """A process that makes what the recorded water bodies run made."""
    outputs = [*part.get("outputs", {})] or ["result"]
    made = water_items({})["stac_catalog"]

    def makes(inputs: Any) -> dict[str, Product]:
        return {outputs[0]: made}

    return Process(
        id=process_id or id_of(part),
        title=str(part.get("label", "None")),
        description=str(part.get("doc", "None")),
        version=part["s:softwareVersion"],
        inputs={name: _input(one) for name, one in part.get("inputs", {}).items()},
        outputs={name: described({"type": "object"}, name) for name in outputs},
        job_control=("async-execute", "dismiss"),
        mutable=True,
        makes=makes,
        package=text,
    )


def _input(one: Any) -> dict[str, Any]:
    spec = one if isinstance(one, dict) else {"type": one}
    schema, optional = _schema(spec.get("type", "string"))
    if "default" in spec:
        schema, optional = {**schema, "default": spec["default"]}, True
    more = {"description": spec["doc"]} if "doc" in spec else {}
    return described(schema, str(spec.get("label", "None")), **({"minOccurs": 0} if optional else {}), **more)


def _schema(cwl_type: Any) -> tuple[dict[str, Any], bool]:
    """The schema of a CWL type, and whether it may be left out."""
    if isinstance(cwl_type, list):
        named = next(one for one in cwl_type if one != "null")
        return _schema(named)[0], "null" in cwl_type
    if isinstance(cwl_type, dict):
        if cwl_type.get("type") == "enum":
            return {"type": "string", "enum": cwl_type["symbols"]}, False
        if cwl_type.get("type") == "array":
            return {"type": "array", "items": _schema(cwl_type["items"])[0]}, False
        return {"type": "object"}, False
    if cwl_type.endswith("?"):
        return _schema(cwl_type[:-1])[0], True
    if cwl_type.endswith("[]"):
        return {"type": "array", "items": _schema(cwl_type[:-2])[0]}, False
    return dict(SCALARS.get(cwl_type, {"type": "string"})), False


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
