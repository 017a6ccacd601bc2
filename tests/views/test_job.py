"""A job within the view: followed to its end through the server's own tool."""

import copy
from typing import Any

from playwright.sync_api import expect

from tests.servers.apps_host import Shown
from tests.servers.water_answers import Answers


def running(answers: Answers, progress: int, message: str) -> dict[str, Any]:
    """The job as it was on its way."""
    job = copy.deepcopy(answers["job-ended"])
    told = job["structuredContent"]
    told.update(status="running", progress=progress, untrusted={"message": message})
    del told["finished"]
    return job


def logs_of(answers: Answers, name: str) -> dict[str, list[Any]]:
    logs = answers[f"{name}-logs"]
    return {logs["contents"][0]["uri"]: [logs]}


def test_a_job_shows_progress_the_step_it_is_in_and_the_end_of_its_log(shown: Shown, answers: Answers) -> None:
    job = running(answers, 62, "step otsu started, 6 of 9 done")
    shown.start(job, answers={"ogc_get_job": [job], **logs_of(answers, "job")})
    expect(shown.view.get_by_role("heading", level=1)).to_have_text("water-bodies: running")
    expect(shown.view.get_by_role("progressbar")).to_have_attribute("value", "62")
    steps = shown.view.get_by_role("list", name="Steps").get_by_role("listitem")
    expect(steps.filter(has_text="otsu (now)")).to_have_count(1)
    expect(steps).to_have_count(9)
    assert steps.all_inner_texts()[0].startswith("crop")


def test_a_job_is_followed_until_it_ends_then_its_results_are_a_button_away(shown: Shown, answers: Answers) -> None:
    job = running(answers, 10, "step crop started, 0 of 9 done")
    canned = {"ogc_get_job": [job, answers["job-ended"]], "ogc_get_results": [answers["results"]]}
    shown.start(answers["job-started"], answers={**canned, **logs_of(answers, "job")})
    expect(shown.view.get_by_role("heading", level=1)).to_have_text("water-bodies: successful", timeout=15_000)
    job_id = answers["job-ended"]["structuredContent"]["job_id"]
    asked = shown.heard("tools/call")
    assert (
        asked == [{"name": "ogc_get_job", "arguments": {"job_id": job_id, "endpoint": "local", "wait_seconds": 20}}] * 2
    )
    shown.view.get_by_role("button", name="Show the results").click()
    expect(shown.view.locator("path.footprint")).to_have_count(2)


def test_a_failed_job_says_why_and_shows_the_log_that_tells(shown: Shown, answers: Answers) -> None:
    shown.start(answers["failing-ended"], answers=logs_of(answers, "failing"))
    details = shown.view.locator("#details")
    expect(details).to_contain_text("application: it ended with an error, exit code 42")
    expect(shown.view.get_by_label("Log of failing")).to_contain_text("the disk is made of cheese")
    assert shown.heard("tools/call") == []


def test_what_is_unfolded_and_focused_stays_so_when_the_job_is_looked_at_again(shown: Shown, answers: Answers) -> None:
    job = running(answers, 62, "step otsu started, 6 of 9 done")
    later = running(answers, 75, "step otsu_2 started, 7 of 9 done")
    shown.start(job, answers={"ogc_get_job": [job, later], **logs_of(answers, "job")})
    first = shown.view.locator(".steps summary").first
    first.press("Enter")
    expect(shown.view.get_by_role("progressbar")).to_have_attribute("value", "75", timeout=15_000)
    expect(shown.view.locator(".steps details").first).to_have_attribute("open", "")
    expect(first).to_be_focused()


def test_a_job_is_left_alone_once_the_host_takes_the_view_away(shown: Shown, answers: Answers) -> None:
    job = running(answers, 10, "step crop started, 0 of 9 done")
    shown.start(job, answers={"ogc_get_job": [job]})
    expect(shown.view.get_by_role("progressbar")).to_be_visible()
    assert shown.ask("ui/resource-teardown", reason="closed")["result"] == {}
    asked = len(shown.heard("tools/call"))
    shown.page.clock.install()
    shown.page.clock.run_for(60_000)
    assert len(shown.heard("tools/call")) == asked


def test_without_a_way_to_the_server_the_person_is_told_to_ask(shown: Shown, answers: Answers) -> None:
    shown.start(running(answers, 10, "step crop started"), capabilities={})
    expect(shown.view.get_by_role("status")).to_contain_text("ask the assistant")
