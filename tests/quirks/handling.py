"""What handles each quirk, what stands in its place once it is taken away, and the test that then fails.

What differs between kinds of servers is data: a row for each field a dialect has of its own. What is the same for all
of them is in functions: a row for each quirk that no field is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta, timezone
from typing import Any

from mcp_ogc import errors
from mcp_ogc.jobs.transcript import read_transcript
from mcp_ogc.ogc.addresses import Addresses
from mcp_ogc.ogc.answers import json_or_none
from mcp_ogc.ogc.dialects.dialect import Dialect
from mcp_ogc.ogc.dialects.recognition import named
from mcp_ogc.ogc.lists import read_jobs
from mcp_ogc.ogc.models import Execute, JobList, JobStatus, JsonObject, Link, StatusInfo, Value
from mcp_ogc.ogc.statuses import status_info
from tests.ogc import test_dialects as recognising
from tests.packages import test_lint as linting
from tests.quirks import test_q01_q02_q03_q48_preferences as preferences
from tests.quirks import test_q04_q11_q41_q50_addresses as addresses
from tests.quirks import test_q05_to_q08_new_jobs as new_jobs
from tests.quirks import test_q09_q10_q49_statuses as statuses
from tests.quirks import test_q12_to_q16_lists as lists
from tests.quirks import test_q17_q28_ends_of_jobs as ends
from tests.quirks import test_q18_to_q26_packages as packages
from tests.quirks import test_q27_errors as problems
from tests.quirks import test_q29_reasons_of_failures as reasons
from tests.quirks import test_q30_logs as logs
from tests.quirks import test_q31_raw_results as raw_results
from tests.quirks import test_q32_keys_of_results as keys
from tests.quirks import test_q33_references as references
from tests.quirks import test_q34_empty_results as empty_results
from tests.quirks import test_q35_false_inputs as false_inputs
from tests.quirks import test_q36_arrays_described_as_scalars as arrays
from tests.quirks import test_q37_schemas_of_several_dialects as schemas
from tests.quirks import test_q38_mandatory_inputs as mandatory
from tests.quirks import test_q39_q46_q47_execution_bodies as bodies
from tests.quirks import test_q40_q44_q45_bodies as answers
from tests.quirks import test_q42_a_namespace_belongs_to_one_person as namespaces
from tests.quirks import test_q43_phases as phases
from tests.servers.processes.quirk import Quirk

Test = Callable[..., Any]
NAMES = {"name": "what the settings say", "title": "what people are told"}
"""Fields of a dialect that change nothing on the wire, and what they are for."""


@dataclass(frozen=True)
class Case:
    """A test of the suite, and which of its cases."""

    test: Test
    given: Mapping[str, Any]


def case(test: Test, **given: Any) -> Case:
    return Case(test, given)


def recognised(name: str, url: str = "https://h", landing: str = "{}") -> Case:
    kind = {"url": url, "headers": {}, "landing": landing, "classes": ()}
    return case(recognising.test_a_kind_of_server_is_recognised, **kind, name=name)


def linted(rule: str) -> Case:
    row = next(row for row in linting.ON_SERVERS if row[1] == rule)
    given = zip(("dialect", "rule", "old", "new", "where"), row, strict=True)
    return case(linting.test_what_a_server_trips_over_is_found_for_that_server_only, **dict(given))


def of_personality(test: Test, personality: str, **more: Any) -> Case:
    return case(test, personality=personality, **more)


WRAPPED = packages.test_q19_a_package_within_an_application_package_has_the_form_of_the_server
SENT_AT_ONCE = packages.test_q18_a_package_is_sent_at_once_as_a_type_that_is_taken
FOLLOWED = lists.test_q14_a_full_page_without_a_next_one_is_followed_by_what_the_kind_of_server_counts_by
MEMBERS = bodies.test_q39_beside_its_inputs_an_execution_has_what_the_kind_of_server_reads
AS_JSON = answers.test_q40_a_kind_of_server_that_is_known_for_it_is_asked_for_json_at_once
NO_LOGS = logs.test_q30_a_kind_of_server_that_keeps_none_is_known_to_have_none
REASON = logs.test_q30_the_reason_is_found_in_the_logs_wherever_they_are
APPLICATION = "application/ogcapppkg+json"

FIELDS: Mapping[str, Case] = {
    "zoo.marks": case(recognising.test_real_servers_are_recognised, transcript="zoo/01-landing", name="zoo"),
    "zoo.prefer": case(preferences.test_q03_a_header_alone_asks_for_a_document_too),
    "zoo.unit_form": of_personality(WRAPPED, "zoo"),
    "zoo.page_parameter": of_personality(FOLLOWED, "zoo", second="skip=2"),
    "zoo.job_list_limit": case(lists.test_q12_the_job_list_is_never_asked_for_whole, limit=100),
    "zoo.phases": case(phases.test_q43_the_phase_and_the_time_are_told_and_no_percentage),
    "zoo.reads_false": case(false_inputs.test_q35_false_is_left_out_where_its_default_was_lost_and_that_is_said),
    "zoo.tells_defaults": case(schemas.test_q37_defaults_that_the_description_lost_are_read_from_the_package),
    "zoo.deploys_tools": case(packages.test_q23_a_tool_is_not_sent_to_a_server_that_deploys_workflows_only),
    "zoo.forbidden_in_ids": linted("id-forbidden"),
    "zoo.names_modules": linted("id-module"),
    "zoo.stages_out": linted("stage-out"),
    "zoo.staged_types": linted("stage-in"),
    "zoo.null_word": linted("null-word"),
    "zoo.keeps_lists": linted("single-value"),
    "weaver.marks": recognised("weaver", "https://h/weaver"),
    "weaver.prefer": case(preferences.test_q02_a_header_alone_asks_for_a_document_where_it_is_split_at_semicolons),
    "weaver.unit_form": of_personality(WRAPPED, "weaver"),
    "weaver.page_parameter": of_personality(FOLLOWED, "weaver", second="page=1"),
    "weaver.job_list_parameters": case(lists.test_q13_a_kind_of_server_that_is_known_is_asked_once),
    "weaver.result_paths": case(
        raw_results.test_q31_where_the_results_do_not_come_those_that_are_keyed_by_output_are_read
    ),
    "weaver.logs": case(REASON, name="weaver"),
    "weaver.deploys_parts": case(packages.test_q24_the_other_processes_a_package_becomes_are_told),
    "weaver.chooses_workflow": linted("workflow-choice"),
    "pygeoapi.marks": case(
        recognising.test_real_servers_are_recognised, transcript="pygeoapi/01-landing", name="pygeoapi"
    ),
    "pygeoapi.execute_members": of_personality(MEMBERS, "pygeoapi", members={}),
    "pygeoapi.format_parameter": of_personality(AS_JSON, "pygeoapi"),
    "pygeoapi.job_list_filters": of_personality(
        lists.test_q14_every_page_of_jobs_is_found_and_keeps_its_filter, "pygeoapi"
    ),
    "pygeoapi.dismissal_stops": case(ends.test_q17_a_dismissal_that_stops_nothing_says_so_before_it_is_confirmed),
    "pygeoapi.logs": case(NO_LOGS, name="pygeoapi"),
    "geoserver.marks": recognised("geoserver", "https://h/geoserver/ogc/processes/v1"),
    "geoserver.format_parameter": of_personality(AS_JSON, "geoserver"),
    "geoserver.logs": case(NO_LOGS, name="geoserver"),
    "javaps.marks": recognised("javaps", landing='{"title": "52°North javaPS"}'),
    "javaps.execute_members": of_personality(MEMBERS, "javaps", members={"mode": "async", "response": "document"}),
    "javaps.logs": case(NO_LOGS, name="javaps"),
    "ecmwf.marks": recognised("ecmwf", "https://h/api/retrieve/v1"),
    "ecmwf.status_parameters": case(REASON, name="ecmwf"),
    "maap.marks": recognised("maap", landing='{"title": "NASA MAAP processes"}'),
    "maap.execute_wants": case(
        bodies.test_q39_a_member_that_is_wanted_there_and_not_set_is_asked_for_before_anything_is_sent
    ),
    "maap.deploy_types": of_personality(SENT_AT_ONCE, "maap", media_type=APPLICATION),
    "maap.unit_form": of_personality(WRAPPED, "maap"),
    "maap.statuses": case(
        statuses.test_q09_words_of_one_kind_of_server_are_read_there, word="offline", status=JobStatus.FAILED
    ),
    "unity.marks": recognised("unity", landing='{"title": "OGC API - Processes of Unity SPS"}'),
    "unity.deploy_types": of_personality(SENT_AT_ONCE, "unity", media_type=APPLICATION),
    "unity.unit_form": case(
        packages.test_q19_a_server_that_fetches_packages_itself_is_given_the_address_or_says_that_it_wants_one
    ),
    "unity.logs": case(NO_LOGS, name="unity"),
    "fastprocesses.marks": case(
        recognising.test_real_servers_are_recognised, transcript="fastprocesses/01-landing", name="fastprocesses"
    ),
    "fastprocesses.logs": case(NO_LOGS, name="fastprocesses"),
    "local.runs_natively": case(linting.test_a_tool_without_an_image_is_sound_where_tools_run_natively),
}


def no_text(*_: Any, **__: Any) -> str:
    return ""


def nothing(*_: Any, **__: Any) -> None:
    return None


def none_at_all(*_: Any, **__: Any) -> Iterator[Any]:
    return iter(())


async def always(*_: Any, **__: Any) -> bool:
    return True


async def unknown(*_: Any, **__: Any) -> None:
    return None


def with_a_slash(client: Any, job_id: str) -> str:
    return f"{client.url}/jobs/{job_id}/"


def as_it_is_written(link: Link, rel: str) -> bool:
    return link.rel == rel


def unfiltered(page: str, document: JsonObject, links: tuple[Link, ...], dialect: Dialect, **_: Any) -> JobList:
    return read_jobs(page, document, links, dialect, process_id=None, status=None)


def as_if_it_had_not_failed(document: JsonObject, dialect: Dialect) -> StatusInfo:
    info = status_info(document, dialect)
    return info.model_copy(update={"status": JobStatus.SUCCESSFUL}) if info.status is JobStatus.FAILED else info


def without_the_message(info: StatusInfo | None, *others: Any) -> Any:
    return read_transcript(info and info.model_copy(update={"message": None}), *others)


def by_its_media_type(media_type: str, body: bytes) -> bool:
    return "json" in media_type and json_or_none(body) is None


def with_transmission(request: Execute) -> JsonObject:
    outputs: JsonObject = {name: {"transmissionMode": "value"} for name in request.outputs or ()}
    return {**Value.wire(request), "outputs": outputs}


def asks_for_no_job(*_: Any) -> Dialect:
    return replace(named("zoo"), prefer="return=representation")


# By quirk: what handles it, what stands in its place, and the test that then fails.
FUNCTIONS: tuple[tuple[str, Any, Case], ...] = (
    (
        "mcp_ogc.ogc.core.CoreClient._learn",
        nothing,
        case(preferences.test_q01_what_was_run_at_once_is_kept_and_asked_for_more_plainly_from_then_on),
    ),
    (
        "mcp_ogc.net.http.REDIRECT_STATUSES",
        (),
        case(
            addresses.test_q04_results_that_are_a_redirect_are_followed_also_to_the_name_inside,
            quirks={Quirk.Q4, Quirk.Q41},
        ),
    ),
    (
        "mcp_ogc.ogc.new_jobs._place",
        nothing,
        of_personality(new_jobs.test_q05_an_empty_answer_or_null_has_its_job_in_location, "geoserver"),
    ),
    ("mcp_ogc.ogc.new_jobs.CREATED", (201,), case(new_jobs.test_q06_202_is_a_job_as_well_as_201)),
    (
        "mcp_ogc.ogc.new_jobs._hrefs",
        none_at_all,
        case(new_jobs.test_q07_without_location_a_relative_link_tells_the_job),
    ),
    (
        "mcp_ogc.ogc.statuses.ID_MEMBERS",
        ("jobID",),
        case(new_jobs.test_q08_the_id_of_a_job_is_found_under_each_of_its_names, members=("job_id",)),
    ),
    (
        "mcp_ogc.jobs.followed.is_recent",
        nothing,
        of_personality(statuses.test_q10_a_new_job_that_is_not_there_and_then_failed_is_looked_at_again, "zoo"),
    ),
    (
        "mcp_ogc.ogc.core.CoreClient._job",
        with_a_slash,
        case(addresses.test_q11_no_slash_follows_a_job_id_however_the_url_is_configured, slashes=""),
    ),
    (
        "mcp_ogc.ogc.capabilities._lists_jobs",
        unknown,
        of_personality(lists.test_q15_where_there_is_no_job_list_the_journal_is_one_and_that_is_said, "geoserver"),
    ),
    (
        "mcp_ogc.ogc.job_client.read_jobs",
        unfiltered,
        case(lists.test_q16_filters_that_are_ignored_are_applied_here, dialect=named("pygeoapi")),
    ),
    (
        "mcp_ogc.ogc.deployments.last_segment",
        no_text,
        of_personality(packages.test_q20_the_id_a_server_gives_counts_more_than_the_package_s_own, "unity"),
    ),
    (
        "mcp_ogc.ogc.client.ProcessesClient._exists",
        always,
        case(packages.test_q21_a_duplicate_that_is_not_there_is_a_deployment_that_failed),
    ),
    (
        "mcp_ogc.tools.deployments._choice",
        nothing,
        case(packages.test_q22_the_workflow_that_is_meant_is_chosen_and_checked_before_anything_is_sent),
    ),
    (
        "mcp_ogc.ogc.client.PACKAGE_TYPES",
        ("*/*",),
        of_personality(
            packages.test_q25_a_package_is_asked_for_by_one_precise_type_and_read_whatever_it_is_called, "zoo"
        ),
    ),
    (
        "mcp_ogc.ogc.problems.KINDS",
        {},
        case(packages.test_q26_a_process_that_is_busy_says_so_and_what_to_do),
    ),
    (
        "mcp_ogc.ogc.problems.KINDS",
        {},
        case(
            problems.test_q27_the_last_segment_of_a_type_is_what_it_means_whatever_its_status,
            code="NoSuchJob",
            expected=errors.NoSuchJob,
        ),
    ),
    (
        "mcp_ogc.ogc.job_client.status_info",
        as_if_it_had_not_failed,
        case(ends.test_q28_the_results_of_a_failed_job_are_that_it_failed_and_why, quirks=[Quirk.Q28]),
    ),
    (
        "mcp_ogc.jobs.diagnosis.read_transcript",
        without_the_message,
        case(reasons.test_q29_the_reason_is_read_from_the_message_of_the_job, name="pygeoapi"),
    ),
    (
        "mcp_ogc.ogc.results.forms._from_links",
        none_at_all,
        case(raw_results.test_q31_link_headers_are_files_of_the_outputs_they_are_named_after),
    ),
    (
        "mcp_ogc.ogc.results.forms._place",
        nothing,
        case(keys.test_q32_an_output_that_is_told_by_its_places_has_its_own_name_and_is_a_file),
    ),
    (
        "mcp_ogc.ogc.addresses.Addresses.reachable",
        Addresses.linked,
        case(references.test_q33_a_host_that_only_the_servers_network_knows_is_the_servers_own),
    ),
    (
        "mcp_ogc.jobs.diagnosis.diagnose_empty",
        nothing,
        case(empty_results.test_q34_an_empty_document_means_that_stage_out_found_no_catalogue),
    ),
    (
        "mcp_ogc.ogc.inputs.preparation._in_array",
        lambda shape, value: value,
        case(arrays.test_q36_a_single_value_arrives_as_an_array_of_it, given=arrays.ITEM),
    ),
    (
        "mcp_ogc.ogc.inputs.checking.check",
        nothing,
        case(mandatory.test_q38_a_missing_input_is_told_at_once_and_nothing_is_sent),
    ),
    (
        "mcp_ogc.ogc.models.Link.is_rel",
        as_it_is_written,
        case(addresses.test_q41_a_relation_is_the_same_with_https_and_with_http, https=True),
    ),
    (
        "mcp_ogc.net.refusal.Entry._namespace",
        no_text,
        case(namespaces.test_q42_a_good_token_in_anothers_namespace_is_told_from_a_bad_one),
    ),
    (
        "mcp_ogc.ogc.exchange.mended_json",
        json_or_none,
        case(answers.test_q44_what_stays_damaged_is_mended_as_far_as_it_goes),
    ),
    (
        "mcp_ogc.ogc.results.forms.says_json",
        by_its_media_type,
        case(answers.test_q45_text_that_is_called_json_is_a_text),
    ),
    (
        "mcp_ogc.ogc.models.Execute.wire",
        Value.wire,
        case(bodies.test_q46_an_empty_object_of_outputs_is_never_sent),
    ),
    (
        "mcp_ogc.ogc.models.Execute.wire",
        with_transmission,
        of_personality(
            bodies.test_q47_named_outputs_are_asked_for_without_saying_how_they_are_transmitted, "strict-v2"
        ),
    ),
    (
        "mcp_ogc.ogc.core.recognise",
        asks_for_no_job,
        case(preferences.test_q48_what_can_only_run_as_a_job_is_never_called_without_saying_so),
    ),
    (
        "mcp_ogc.ogc.models.UTC",
        timezone(timedelta(hours=5)),
        case(statuses.test_q49_times_without_a_zone_are_utc_and_null_is_none, naive=True),
    ),
    (
        "mcp_ogc.ogc.addresses.Addresses.own",
        Addresses.linked,
        of_personality(addresses.test_q50_links_that_name_the_address_inside_are_taken_to_be_below_the_base_url, "zoo"),
    ),
)
