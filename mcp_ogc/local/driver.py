"""The driver of one job: a process of its own, detached from whoever submitted it.

It waits for its turn, runs the package with cwltool, publishes, and writes its final state itself; no server need be
alive. It holds the lock of its folder for life (the descriptor comes from the server that started it), so that whoever
finds a running job whose lock is free knows that the driver is dead. Nothing heavy is imported before its turn.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import sys
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import JobFolder, Spec
from mcp_ogc.local.platform import is_locked, lock
from mcp_ogc.local.store import Store

if TYPE_CHECKING:
    from subprocess import Popen

    from cwltool.context import RuntimeContext
    from cwltool.job import JobBase

SHORTEST_WAIT, LONGEST_WAIT = 0.05, 0.5
LOG_TAIL = 1500
DIED = "The driver of this job ended without a word: it was killed, or the machine restarted"


class StepFailed(OgcError):
    """A step of the package ended with an exit code that is not success."""


def main() -> int:
    """Drive the job of the folder named on the command line."""
    folder = JobFolder(Path(sys.argv[1]))
    root = folder.path.parents[1]
    store, spec = Store(root / "local.sqlite3"), folder.read_spec()
    slot = _wait_for_turn(store, root, spec)
    store.start(spec.job_id)
    try:
        results = _run_builtin(spec, store) if spec.is_builtin else _run_package(folder, spec, store)
        folder.results.write_text(json.dumps(results), encoding="utf-8")
        store.end(spec.job_id, "successful", "done, the results are published")
    except Exception as error:
        traceback.print_exc()
        reason = str(error) if isinstance(error, OgcError) else f"{type(error).__name__}: {error}"
        store.end(spec.job_id, "failed", reason[-4000:])
    finally:
        shutil.rmtree(folder.tmp, ignore_errors=True)
        os.close(slot)
    return 0


def _wait_for_turn(store: Store, root: Path, spec: Spec) -> int:
    """Wait until this job is the first that waits and a slot is free; the slot's lock, to be held while it runs."""
    slots = root / "slots"
    slots.mkdir(exist_ok=True)
    pause = SHORTEST_WAIT
    while True:
        first = store.first_waiting()
        if first is None or first.job_id == spec.job_id:
            for number in range(spec.running_jobs):
                slot = lock(slots / f"{number}.lock")
                if slot is not None:
                    return slot
        elif not is_locked(JobFolder(root / "jobs" / first.job_id).lock):
            store.end(first.job_id, "failed", DIED)
            continue
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_WAIT)


def _run_builtin(spec: Spec, store: Store) -> dict[str, Any]:
    from mcp_ogc.local.processes import outputs_of, pause, seconds_of

    pause(
        seconds_of(spec.process_id, spec.inputs),
        lambda share: store.progress(spec.job_id, round(100 * share), "waiting"),
    )
    return outputs_of(spec.process_id, spec.inputs)


def _run_package(folder: JobFolder, spec: Spec, store: Store) -> dict[str, Any]:
    from cwltool.context import LoadingContext, RuntimeContext
    from cwltool.executors import MultithreadedJobExecutor
    from cwltool.load_tool import load_tool
    from cwltool.loghandler import _logger

    from mcp_ogc.local.publish import publish
    from mcp_ogc.local.stage_in import Reader, stage_in

    # cwltool looks its tools up on its own PATH, not on the one a package asks for.
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    complaints = _Complaints()
    _logger.addHandler(complaints)
    uri = folder.package.as_uri() + (f"#{spec.workflow_id}" if spec.workflow_id else "")
    tool = load_tool(uri, LoadingContext({"skip_schemas": True, "disable_js_validation": True}))

    store.progress(spec.job_id, 3, "staging in")
    folder.tmp.mkdir()
    reader = Reader([Path(path) for path in spec.readable_folders], spec.allowed_hosts)
    types = {declared["id"].rsplit("#", 1)[-1].rsplit("/", 1)[-1]: declared["type"] for declared in tool.tool["inputs"]}
    inputs = {
        name: stage_in(value, types.get(name), folder.tmp / "in" / str(number), reader)
        for number, (name, value) in enumerate(spec.inputs.items())
    }

    steps = Steps(folder, lambda progress, message: store.progress(spec.job_id, progress, message), _count(tool))
    context = RuntimeContext(
        {
            "basedir": str(folder.path),
            "outdir": str(folder.tmp / "out"),
            "tmpdir_prefix": f"{folder.tmp}/t-",
            "tmp_outdir_prefix": f"{folder.tmp}/o-",
            "use_container": spec.engine is not None,
            "podman": spec.engine == "podman",
            "singularity": spec.engine == "singularity",
            "compute_checksum": False,
            "cidfile_dir": str(folder.tmp) if spec.engine == "docker" else None,
            "cidfile_prefix": "container",
        }
    )
    executor = MultithreadedJobExecutor()
    context.select_resources = executor.select_resources
    with steps.watched():
        outputs, status = executor(tool, inputs, context)
    if status != "success" or outputs is None:
        raise steps.failure() or StepFailed(f"cwltool ended with {status}: {complaints.text() or 'it gave no reason'}")
    store.progress(spec.job_id, 95, "publishing")
    return publish(outputs, folder.published, spec.job_id)


def _count(tool: Any) -> int:
    """The steps of a workflow, those of its subworkflows with them; a scatter counts once."""
    return sum(_count(step.embedded_tool) for step in getattr(tool, "steps", ())) or 1


class Steps:
    """Watches steps start and end: an event and a log for each, progress for the job.

    Wraps `JobBase._execute`, which is cwltool's own: pinned by a test.
    """

    def __init__(self, folder: JobFolder, tell: Callable[[int, str], None], expected: int) -> None:
        self._folder = folder
        self._tell = tell
        self._expected = expected
        self._mutex = threading.Lock()
        self._started = 0
        self._ended = 0
        self._failed: tuple[str, int | None] | None = None
        folder.logs.mkdir(exist_ok=True)

    def watched(self) -> _Watch:
        """While this holds, every step that cwltool runs is watched."""
        return _Watch(self)

    def run(
        self, execute: Callable[..., None], job: JobBase, runtime: list[str], env: Any, context: Any, monitor: Any
    ) -> None:
        """One step, its output going to its own log; `monitor` is cwltool's own watch on containers."""
        name = "".join(c if c.isalnum() or c in "._-" else "_" for c in job.name)
        began = time.monotonic()
        with self._mutex:
            self._started += 1
            self._note("started", name)
        processes: list[Popen[str]] = []

        def watch(process: Popen[str]) -> None:
            processes.append(process)
            if monitor is not None:
                monitor(process)

        with (self._folder.logs / f"{name}.log").open("a", encoding="utf-8") as log:
            context = self._logged(context, log)
            execute(job, runtime, env, context, watch)
        code = processes[0].returncode if processes else None
        with self._mutex:
            self._ended += 1
            if code not in list(job.successCodes or [0]) and self._failed is None:
                self._failed = (name, code)
            self._note("ended", name, exit_code=code, seconds=round(time.monotonic() - began, 2))

    def failure(self) -> StepFailed | None:
        """The first step that failed, with the end of its log."""
        if self._failed is None:
            return None
        name, code = self._failed
        path = self._folder.logs / f"{name}.log"
        told = path.read_text(encoding="utf-8", errors="replace").strip()[-LOG_TAIL:]
        ended = f"exited {code}" if code is None or code >= 0 else f"was ended by signal {-code}"
        if code is None:
            ended = "could not be started"
        return StepFailed(f"step {name} {ended}: {told or 'its log is empty'}")

    @staticmethod
    def _logged(context: RuntimeContext, log: Any) -> RuntimeContext:
        logged = context.copy()
        logged.default_stdout = logged.default_stderr = log
        return logged

    def _note(self, event: str, step: str, **more: Any) -> None:
        line = json.dumps({"time": time.time(), "event": event, "step": step, **more})
        with self._folder.events.open("a", encoding="utf-8") as events:
            events.write(f"{line}\n")
        progress = 5 + 85 * self._ended // max(self._expected, self._started + 1)
        self._tell(progress, f"step {step} {event}, {self._ended} done")


class _Watch:
    def __init__(self, steps: Steps) -> None:
        self._steps = steps

    def __enter__(self) -> None:
        from cwltool.job import JobBase

        self._original = original = JobBase._execute
        steps = self._steps

        def execute(job: JobBase, runtime: list[str], env: Any, context: Any, monitor: Any = None) -> None:
            steps.run(original, job, runtime, env, context, monitor)

        JobBase._execute = execute  # type: ignore[method-assign, assignment]

    def __exit__(self, *_: object) -> None:
        from cwltool.job import JobBase

        JobBase._execute = self._original  # type: ignore[method-assign]


class _Complaints(logging.Handler):
    """Keeps what cwltool logs as errors: where no step failed, they say why."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self._lines.append(record.getMessage())

    def text(self) -> str:
        """The last lines."""
        return "\n".join(self._lines[-5:])[-LOG_TAIL:]


if __name__ == "__main__":
    sys.exit(main())
