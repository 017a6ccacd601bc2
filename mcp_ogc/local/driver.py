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
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp_ogc.errors import OgcError
from mcp_ogc.local.folder import JobFolder, Spec, mend_names, safe_name, tail
from mcp_ogc.local.platform import end_group_with_this_process, is_locked, lock
from mcp_ogc.local.store import Store

if TYPE_CHECKING:
    from subprocess import Popen

    from cwltool.context import RuntimeContext
    from cwltool.job import JobBase

    from mcp_ogc.local.reader import Reader

SHORTEST_WAIT, LONGEST_WAIT = 0.05, 0.5
LOG_TAIL = 1500
MESSAGE = 4000
DONE = "done, the results are published"
DIED = "The driver of this job ended without a word: it was killed, the machine restarted, or its disk was full"


class StepFailed(OgcError):
    """A step of the package ended with an exit code that is not success."""


def main() -> int:
    """Drive the job of the folder named on the command line."""
    folder = JobFolder(Path(sys.argv[1]))
    root = folder.path.parents[1]
    store, spec = Store(root / "local.sqlite3"), folder.read_spec()
    _wait_for_turn(store, root, spec)
    if not store.start(spec.job_id):
        return 0  # dismissed before it was killed
    end_group_with_this_process()
    try:
        results = _run_builtin(spec, store) if spec.is_builtin else _run_package(folder, spec, store)
        folder.write_results(results)
        end, message = "successful", DONE
    except Exception as error:
        # Before anything else is written: the disk may be full.
        folder.remove_results()
        shutil.rmtree(folder.tmp, ignore_errors=True)
        with suppress(OSError):
            traceback.print_exc()
        end, message = "failed", str(error) if isinstance(error, OgcError) else f"{type(error).__name__}: {error}"
    shutil.rmtree(folder.tmp, ignore_errors=True)
    store.end(spec.job_id, end, message[:MESSAGE])
    return 0


def _wait_for_turn(store: Store, root: Path, spec: Spec) -> None:
    """Wait until this job is the first that waits and a slot is free. The slot is this process's for life."""
    slots = root / "slots"
    slots.mkdir(exist_ok=True)
    pause = SHORTEST_WAIT
    while True:
        first = store.first_waiting()
        if first is None or first.job_id == spec.job_id:
            if any(lock(slots / f"{number}.lock") is not None for number in range(spec.running_jobs)):
                return
        elif not is_locked(JobFolder(root / "jobs" / first.job_id).lock):
            store.end(first.job_id, "failed", DIED)
        time.sleep(pause)
        pause = min(pause * 1.5, LONGEST_WAIT)


def _run_builtin(spec: Spec, store: Store) -> dict[str, Any]:
    from mcp_ogc.local.processes import outputs_of, pause, seconds_of

    seconds = seconds_of(spec.process_id, spec.inputs)
    pause(seconds, lambda share: store.progress(spec.job_id, round(100 * share), "waiting"))
    return outputs_of(spec.process_id, spec.inputs)


def _run_package(folder: JobFolder, spec: Spec, store: Store) -> dict[str, Any]:
    from cwltool.context import LoadingContext
    from cwltool.executors import MultithreadedJobExecutor
    from cwltool.load_tool import load_tool
    from cwltool.loghandler import _logger

    from mcp_ogc.local.confinement import confine
    from mcp_ogc.local.publish import Publication
    from mcp_ogc.local.reader import Reader

    folder.tmp.mkdir()
    folder.containers.mkdir()
    _prepare_environment(folder, spec)
    complaints = _Complaints()
    _logger.addHandler(complaints)
    uri = folder.package.as_uri()
    loading = {"skip_schemas": True, "disable_js_validation": True, "fetcher_constructor": _only(uri)}
    tool = load_tool(f"{uri}#{spec.workflow_id}" if spec.workflow_id else uri, LoadingContext(loading))

    store.progress(spec.job_id, 3, "staging in")
    reader = Reader([Path(path) for path in spec.readable_folders], spec.allowed_hosts)
    inputs = _staged_in(tool, spec.inputs, folder.tmp / "in", reader)

    steps = Steps(folder, lambda progress, message: store.progress(spec.job_id, progress, message), _count(tool))
    executor = MultithreadedJobExecutor()
    context = _runtime(folder, spec)
    own = folder.path.resolve()
    confine(context, lambda path: path.is_relative_to(own) or reader.permits(path))
    context.select_resources = executor.select_resources
    with steps.watched():
        outputs, status = executor(tool, inputs, context)
    if status != "success" or outputs is None:
        told = complaints.text()
        raise steps.failure(told) or StepFailed(f"cwltool ended with {status}: {told or 'it gave no reason'}")
    store.progress(spec.job_id, 95, "publishing")
    return Publication(folder.published, spec.job_id, reader.permits).document(outputs)


def _prepare_environment(folder: JobFolder, spec: Spec) -> None:
    """Of this process, and so of the tools: cwltool looks them up on its own PATH, whatever PATH a package asks for."""
    os.environ["PATH"] = os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", os.defpath)])
    os.environ["TMPDIR"] = str(folder.tmp)
    if spec.engine is not None:
        spec.engine.put_on_path(folder.tmp / "bin")


def _only(package: str) -> Callable[..., Any]:
    """A fetcher of nothing but the package: what it refers to was refused when it was deployed."""
    from schema_salad.exceptions import ValidationException
    from schema_salad.fetcher import DefaultFetcher

    class OnlyThePackage(DefaultFetcher):
        def fetch_text(self, url: str, content_types: list[str] | None = None) -> str:
            if url != package and url not in self.cache:
                raise ValidationException(f"{url[:200]} is not fetched: a package is one document")
            return str(super().fetch_text(url, content_types))

        def check_exists(self, url: str) -> bool:
            return url == package or url in self.cache

    return OnlyThePackage


def _staged_in(tool: Any, given: Mapping[str, Any], folder: Path, reader: Reader) -> dict[str, Any]:
    """The inputs as CWL wants them. A default that is a file comes the way of those that are given."""
    from mcp_ogc.local.stage_in import StageIn

    stage_in, staged = StageIn(reader, tool.schemaDefs), {}
    for number, declared in enumerate(tool.inputs_record_schema["fields"]):
        name = declared["name"]
        if name in given or declared.get("default") is not None:
            value = given.get(name, declared.get("default"))
            try:
                staged[name] = stage_in.bring(value, declared, folder / str(number))
            except OgcError as error:
                raise StepFailed(f"stage-in of {name}: {error}") from error
    return staged


def _runtime(folder: JobFolder, spec: Spec) -> RuntimeContext:
    from cwltool.context import RuntimeContext

    def refuse_native(tool: Any) -> None:
        name = str(tool.tool.get("id", "")).rsplit("#", 1)[-1]
        raise StepFailed(f"the tool {name} names no image, and this package may not run natively")

    engine = spec.engine.name if spec.engine else None
    context = RuntimeContext(
        {
            "basedir": str(folder.path),
            "outdir": str(folder.tmp / "out"),
            "tmpdir_prefix": f"{folder.tmp}/t-",
            "tmp_outdir_prefix": f"{folder.tmp}/o-",
            "use_container": engine is not None,
            "podman": engine == "podman",
            "singularity": engine == "singularity",
            "compute_checksum": False,
            "cidfile_dir": str(folder.containers),
            "cidfile_prefix": "container",
        }
    )
    if not spec.is_trusted:
        context.find_default_container = refuse_native
    return context


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
        name = safe_name(job.name)
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
            job.collect_outputs = _mending_names(job.collect_outputs)
            execute(job, runtime, env, context, watch)
        code = processes[0].returncode if processes else None
        with self._mutex:
            self._ended += 1
            if code not in list(job.successCodes or [0]) and self._failed is None:
                self._failed = (name, code)
            self._note("ended", name, exit_code=code, seconds=round(time.monotonic() - began, 2))

    def failure(self, complaints: str) -> StepFailed | None:
        """The first step that failed, with the end of its log, or why it could not be started."""
        if self._failed is None:
            return None
        name, code = self._failed
        told = tail(self._folder.logs / f"{name}.log", LOG_TAIL).strip()
        ended = f"exited {code}" if code is None or code >= 0 else f"was ended by signal {-code}"
        if code is None:
            ended, told = "could not be started", told or complaints
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


def _mending_names(collect: Callable[[str, int], Any]) -> Callable[[str, int], Any]:
    """What collects the outputs of a step, once their names are UTF-8: cwltool fails on what can be no URL."""

    def mended(outdir: str, code: int) -> Any:
        mend_names(Path(outdir))
        return collect(outdir, code)

    return mended


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
