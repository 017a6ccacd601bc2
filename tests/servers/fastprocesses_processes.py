"""Processes of the fastprocesses that the tests start: run in its environment, not in ours."""

import time
from pathlib import Path
from typing import Any

from celery.signals import task_prerun
from fastprocesses.api.server import OGCProcessesAPI
from fastprocesses.common import job_status_cache
from fastprocesses.core.base_process import BaseProcess
from fastprocesses.core.models import (
    ProcessDescription,
    ProcessInput,
    ProcessJobControlOptions,
    ProcessOutput,
    ProcessOutputTransmission,
    Schema,
)
from fastprocesses.processes.process_registry import register_process
from pydantic import BaseModel

PAUSE = 0.05
KNOWN_WITHIN = 20.0
"""Seconds."""


@task_prerun.connect
def wait_until_the_job_is_known(task_id: str, **_: object) -> None:
    """Begin no task before its job is written.

    fastprocesses 0.16 hands a task to its worker before it writes the job, and a worker that ends first finds no job
    to update: it stays accepted for good. Its race is not what the tests are about.
    """
    deadline = time.monotonic() + KNOWN_WITHIN
    while not job_status_cache.get(f"job:{task_id}") and time.monotonic() < deadline:
        time.sleep(PAUSE)


class Greeted(BaseModel):
    greeting: str


def described(process_id: str, inputs: dict[str, str]) -> ProcessDescription:
    """A process that takes texts and gives a greeting."""
    return ProcessDescription(
        id=process_id,
        title=process_id.capitalize(),
        version="1.0.0",
        description=f"{process_id.capitalize()} of the tests",
        jobControlOptions=[ProcessJobControlOptions.SYNC_EXECUTE, ProcessJobControlOptions.ASYNC_EXECUTE],
        outputTransmission=[ProcessOutputTransmission.VALUE],
        inputs={
            name: ProcessInput(title=title, description=title, schema=Schema(type="string", minLength=1))
            for name, title in inputs.items()
        },
        outputs={"greeting": ProcessOutput(title="Greeting", description="The greeting", schema=Schema(type="string"))},
    )


@register_process("greeting")
class Greeting(BaseProcess):
    process_description = described("greeting", {"name": "Whom to greet"})

    async def execute(self, exec_body: dict[str, Any], job_progress_callback: Any = None) -> Greeted:
        name = exec_body["inputs"]["name"]
        if name == "nobody":
            raise ValueError("there is nobody to greet")
        return Greeted(greeting=f"Hello {name}")


@register_process("slow")
class Slow(BaseProcess):
    """Runs until a file is there."""

    process_description = described("slow", {"until": "A file that ends it"})

    async def execute(self, exec_body: dict[str, Any], job_progress_callback: Any = None) -> Greeted:
        until = Path(exec_body["inputs"]["until"])
        while not until.exists():
            time.sleep(PAUSE)
        return Greeted(greeting="Hello at last")


app = OGCProcessesAPI().get_app()
