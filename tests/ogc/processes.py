"""Process descriptions of a test's own, and what is said of inputs."""

import json
from typing import Any

from mcp_ogc.errors import InvalidInputs
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.ogc.models import ProcessDescription


def process(**inputs: Any) -> ProcessDescription:
    """A process with these inputs, as a server describes them."""
    return ProcessDescription.model_validate({"id": "p", "inputs": inputs, "outputs": {}})


def problems(description: ProcessDescription, **inputs: Any) -> list[str]:
    """Each problem as it is told; none where the inputs fit."""
    try:
        check(description, inputs)
    except InvalidInputs as error:
        return [str(problem) for problem in error.problems]
    return []


def of(schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An input of a schema."""
    return {"schema": schema, **more}


def given_back(problem: str) -> Any:
    """The value a problem says to give."""
    return json.JSONDecoder().raw_decode(problem.partition("; give ")[2])[0]
