"""A thousand submissions while the endpoint fails a third of the time: each is one job, or unconfirmed until found."""

import json
import sys
from collections import Counter

import anyio

from mcp_ogc.errors import OgcError, SubmissionUnconfirmed
from mcp_ogc.jobs.entries import SubmissionState
from mcp_ogc.jobs.reconciliation import reconcile
from mcp_ogc.jobs.submission import submit
from mcp_ogc.ogc.models import Execute
from mcp_ogc.opening import open_from_settings
from mcp_ogc.settings import Limits, QuotaSettings, Settings
from tests.benchmarks.beside import upstream
from tests.benchmarks.measure import Measure
from tests.servers.faults.fault import Fault
from tests.servers.faults.plan import Seeded
from tests.servers.faults.proxy import FaultProxy

SUBMISSIONS, AT_ONCE = 1000, 8
FAULTS = (
    Fault.CUT_BEFORE,
    Fault.CUT_AFTER,
    Fault.BAD_GATEWAY,
    Fault.BAD_GATEWAY_AFTER,
    Fault.UNAVAILABLE,
    Fault.SILENT,
)
QUOTAS = QuotaSettings(running_jobs=10 * SUBMISSIONS, submissions_per_hour=10 * SUBMISSIONS)
LIMITS = Limits(read_seconds=0.5, request_seconds=2)


async def storm(settings: Settings) -> tuple[Counter[str], dict[str, int], Counter[str]]:
    """How the submissions ended, which job each is in the journal, and the refusals that were tried again."""
    ended: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    async with open_from_settings(settings) as work:
        endpoint = work.endpoint("far")
        numbers = iter(range(SUBMISSIONS))

        async def worker() -> None:
            for number in numbers:
                while True:
                    try:
                        await submit(work, endpoint, "p", Execute(inputs={"n": number}))
                    except SubmissionUnconfirmed:
                        ended["unconfirmed"] += 1
                    except OgcError:  # refused: there is no job, and whoever wants one asks again
                        refused[str(number)] += 1
                        continue
                    else:
                        ended["job"] += 1
                    break

        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(worker)
        await reconcile("far", endpoint.client, work.journal)
        entries = await work.journal.newest(SUBMISSIONS * 3)
        jobs = {
            entry.job_id: int(str(entry.inputs["n"]))
            for entry in entries
            if entry.state is SubmissionState.CONFIRMED and entry.job_id and isinstance(entry.inputs, dict)
        }
        ended["unconfirmed at the end"] = sum(entry.state is SubmissionState.UNCONFIRMED for entry in entries)
    return ended, jobs, refused


def measure() -> Measure:
    with upstream("storm", 0, LIMITS) as beside:
        (far,) = beside.settings.endpoints.values()
        proxy = FaultProxy(far.url, Seeded(7, 1 / 3, FAULTS, methods=("POST",)), retry_after=1)
        with proxy.listening() as url:
            through = {"endpoints": {"far": far.model_copy(update={"url": url})}, "quotas": QUOTAS}
            ended, jobs, refused = anyio.run(storm, beside.settings.model_copy(update=through))
        report = beside.report()
    sent = [one for one in proxy.exchanges if one.request.method == "POST"]
    posts = Counter(str(json.loads(one.request.body)["inputs"]["n"]) for one in sent)
    faults = Counter(str(one.fault) for one in sent if one.fault)
    made = {job_id: int(inputs["n"]) for job_id, inputs in report["jobs"].items()}
    twice = sum(count > 1 + refused[number] for number, count in posts.items())
    missing = sum(job_id not in jobs for job_id in made)
    wrong = sum(jobs.get(job_id, number) != number for job_id, number in made.items())
    double = len(made) - len(set(made.values()))
    print(
        f"faults {dict(faults)}; ended {dict(ended)}; {len(made)} jobs at the endpoint, {len(jobs)} in the "
        f"journal; sent twice {twice}, jobs twice {double}, missing in the journal {missing}, mistaken {wrong}",
        file=sys.stderr,
    )
    accounted = ended["job"] + ended["unconfirmed"] == SUBMISSIONS and len(jobs) == len(made)
    lost = twice + double + missing + wrong
    return Measure(
        "submit-storm",
        lost,
        "submissions sent twice, missing or mistaken",
        f"of {SUBMISSIONS}, faults",
        sum(faults.values()),
        None,
        "0",
        lost == 0 and accounted,
    )
