"""What keeps each promise of SECURITY.md, what stands in its place once it is taken away, and a test that then fails.

Where a defence is in another process, in the page or in a file, the text of that is changed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from schema_salad.fetcher import DefaultFetcher

from mcp_ogc.rasters.source import MAGIC
from mcp_ogc.tools.catalogue import TOOLS
from tests.security import stand_ins as instead
from tests.security import test_t20_stdout_is_the_protocols as stdout
from tests.security import test_t21_supply_chain as supply_chain
from tests.security.test_t08_rasters_that_read_other_files import ANY, RAW


@dataclass(frozen=True)
class Defence:
    """`target` is where it is found as the program runs; `test` is a file's name and what pytest calls the case."""

    target: str
    stand_in: Any
    test: str

    @property
    def row(self) -> int:
        return int(self.test[6:8])


def of(file: str, *rows: tuple[str, Any, str]) -> tuple[Defence, ...]:
    return tuple(Defence(target, stand_in, f"{file}.py::{test}") for target, stand_in, test in rows)


NEVER, ANYTHING = re.compile(r"(?!)"), re.compile(r"(?s).*")
SEEN = "test_what_is_left_of_a_text_is_all_to_be_seen_and_nothing_of_it_is_followed"
LABELLED = "test_an_answer_labels_what_a_stranger_says"
PARSED = "test_a_package_is_parsed_and_checked_without_looking_at_an_address"
REFUSED = "test_an_address_that_is_not_public_is_refused_however_it_is_written"
PROXIED = "test_through_a_proxy_literal_addresses_and_names_are_checked_before_it_hears_of_them"
STAYS = "test_a_foreign_redirect_and_a_foreign_link_get_nothing"
BELOW = "test_what_is_not_below_a_permitted_folder_is_refused"
INPUT = "test_no_type_of_input_is_a_way_to_a_file"
SECRET = "{'class': 'File', 'location': 'SECRET'}"
MOUNTED = "test_cwltool_links_copies_and_mounts_nothing_else"
LINK = "{'class': 'File', 'location': 'FOLDER/link.txt'}"
DEEP = "test_json_of_a_hundred_thousand_levels_is_an_answer_that_cannot_be_read"
CALLED = "test_a_callback_among_the_inputs_is_refused_with_its_place"
HARMFUL = "test_t15_it_is_refused_with_its_place_before_anything_is_deployed"
# As HTML is, which shows: alone that neither loads nor runs anything, so the page's policy has nothing to stop.
SHOWN = "filter(n=>n!=null)),t}"
PARSED_AND_SHOWN = SHOWN.replace(
    "))", ').map(n=>typeof n==="string"?Object.assign(document.createElement("textarea"),{innerHTML:n}).value:n))'
)

DEFENCES: tuple[Defence, ...] = (
    *of(
        "test_t01_injection",
        ("mcp_ogc.text.DRAWN_AS_NOTHING", NEVER, SEEN),
        ("mcp_ogc.text.visible", instead.as_it_is, SEEN),
        ("mcp_ogc.text.undrawn", instead.as_it_is, SEEN),
        ("mcp_ogc.text.html.unescape", instead.as_it_is, SEEN),
        ("mcp_ogc.text.clean.__defaults__", (10**6,), "test_a_text_is_capped_and_says_what_was_left_out"),
        ("mcp_ogc.text.WORD", ANYTHING, f"{LABELLED}[ogc_list_processes-]"),
        ("mcp_ogc.tools.processes.untrusted", instead.as_it_is, f"{LABELLED}[ogc_list_processes-]"),
    ),
    *of(
        "test_t01_names_in_files_and_questions",
        ("mcp_ogc.text.WORD", ANYTHING, "test_what_a_raster_calls_its_crs_and_its_unit_is_labelled"),
        (
            "mcp_ogc.text.WORD",
            ANYTHING,
            "test_the_person_is_asked_in_words_that_can_all_be_seen[auto]",
        ),
    ),
    *of(
        "test_t02_tool_poisoning",
        ("mcp_ogc.server.TOOLS", tuple(reversed(TOOLS)), "test_tools_come_in_their_fixed_order"),
        ("mcp_ogc.outgoing.OURS", (), "test_a_secret_that_is_learned_does_not_reach_into_the_list"),
    ),
    *of(
        "test_t03_one_way_out",
        (
            "mcp_ogc.packages.cwl._options",
            lambda dialect: dialect.LoadingOptions(fileuri="https://stranger.example/"),
            f"{PARSED}[v1.2]",
        ),
        (
            "tests.security.test_t03_one_way_out.MAY_CONNECT",
            (),
            "test_only_the_way_out_imports_what_connects[net.hosts]",
        ),
    ),
    *of(
        "test_t03_private_addresses",
        ("mcp_ogc.net.hosts.is_public", instead.yes, f"{REFUSED}[http://[::ffff:127.0.0.1]/]"),
        ("mcp_ogc.net.addresses.GLOBAL_UNICAST", ip_network("::/0"), f"{REFUSED}[http://[fec0::1]/]"),
        (
            "mcp_ogc.net.hosts.check_form",
            instead.nothing,
            "test_other_schemes_and_user_names_are_refused[http://good@evil.example/]",
        ),
        (
            "mcp_ogc.net.hosts.Hosts.is_configured",
            instead.yes,
            "test_a_private_address_is_refused_before_any_connection",
        ),
        (
            "mcp_ogc.net.hosts.origin",
            lambda url: url.host,
            "test_a_configured_host_may_be_private_and_only_on_its_own_port_and_scheme",
        ),
        ("mcp_ogc.net.hosts.Hosts.check", instead.nothing_to_wait_for, f"{PROXIED}[http://2130706433/]"),
    ),
    *of(
        "test_t04_dns_rebinding",
        (
            "mcp_ogc.net.connections._PublicNetwork.connect_tcp",
            instead.resolved_again,
            "test_the_address_that_was_checked_is_the_one_connected_to",
        ),
    ),
    *of(
        "test_t05_redirects",
        ("mcp_ogc.net.http._redirected", instead.followed, "test_https_never_becomes_http"),
        ("mcp_ogc.net.http.REDIRECTS", 10, "test_five_hops_are_followed_and_a_sixth_is_not"),
        ("mcp_ogc.net.hosts.is_public", instead.yes, "test_a_public_host_that_redirects_inside_is_refused"),
        (
            "mcp_ogc.net.connections.check_form",
            instead.nothing,
            "test_a_redirect_to_what_is_no_plain_url_is_refused[file:///etc/passwd]",
        ),
    ),
    *of(
        "test_t06_credentials_stay_home",
        ("mcp_ogc.net.http.SENT_HEADERS", instead.Everything(), f"{STAYS}[header]"),
        ("mcp_ogc.net.auth.Credentials.realm", instead.first_of_all, f"{STAYS}[bearer]"),
        (
            "mcp_ogc.net.http._brought",
            instead.whatever_the_origin,
            "test_a_storage_that_redirects_does_not_pass_the_signature_on",
        ),
    ),
    *of(
        "test_t07_local_files",
        ("mcp_ogc.net.objects.Path.is_relative_to", instead.yes, f"{BELOW}[{{folder}}-not/secret.txt]"),
        ("mcp_ogc.net.objects.Path.resolve", Path.absolute, "test_a_link_is_judged_by_where_it_leads"),
        ("mcp_ogc.local.stage_in.StageIn._anything", lambda _, value, __: value, f"{INPUT}[Any-{SECRET}]"),
        ("mcp_ogc.local.confinement.confine", instead.nothing, f"{MOUNTED}[{LINK}]"),
        ("mcp_ogc.local.reader.Reader.permits", instead.yes, f"{INPUT}[File-{SECRET}]"),
    ),
    *of(
        "test_t08_rasters_that_read_other_files",
        (
            "mcp_ogc.rasters.source.MAGIC",
            ((b"<VRTDataset", "VRT"), *MAGIC),
            f"test_a_vrt_named_tif_is_refused_by_its_first_bytes[{RAW}-True]",
        ),
        (
            "mcp_ogc.rasters.source._refuse_pointers",
            instead.nothing,
            f"test_a_tiff_that_names_its_overviews_elsewhere_is_refused[{ANY}-True-True]",
        ),
        ("rasterio.Env", instead.without_options, f"test_neighbours_of_a_local_file_are_not_looked_at[{ANY}]"),
    ),
    *of(
        "test_t09_raster_bombs",
        (
            "mcp_ogc.rasters.statistics.reading.check_blocks",
            instead.nothing,
            "test_a_picture_that_must_be_decoded_whole_has_a_lower_bound",
        ),
    ),
    *of(
        "test_t09_bodies_without_end",
        ("mcp_ogc.net.body.PIECE", 0, "test_a_small_answer_that_unpacks_to_ten_gigabytes_is_left_at_its_bound"),
    ),
    *of(
        "test_t09_documents_without_end",
        ("mcp_ogc.ogc.exchange.mended_json", json.loads, f"{DEEP}[/ogc/jobs/p-ogc_get_job]"),
    ),
    *of(
        "test_t10_secrets_in_what_we_print",
        (
            "mcp_ogc.net.redaction.Redaction.__call__",
            lambda _, text: text,
            "test_a_traceback_that_quotes_a_secret_is_masked",
        ),
        ("mcp_ogc.net.hosts.shown", str, "test_a_refusal_does_not_repeat_what_authenticates"),
        ("pydantic.SecretStr._display", lambda self: self.get_secret_value(), "test_settings_show_no_secret"),
    ),
    *of(
        "test_t10_tokens_that_come_at_run_time",
        (
            "mcp_ogc.net.redaction.Redaction.learn",
            instead.nothing,
            "test_what_a_server_says_back_is_masked_in_answers_and_logs",
        ),
    ),
    *of(
        "test_t11_destruction_without_consent",
        (
            "mcp_ogc.ogc.rules.Rules.check_method",
            instead.nothing,
            "test_what_asks_an_endpoint_to_change_is_not_sent_whoever_wants_it",
        ),
        (
            "mcp_ogc.server.offered",
            lambda _: TOOLS,
            "test_a_read_only_server_does_not_have_it_not_even_by_name[ogc_dismiss_job-arguments1]",
        ),
        (
            "mcp_ogc.settings.Settings.model_copy",
            lambda self, **_: self,
            "test_no_variable_relaxes_what_the_file_says[false]",
        ),
        (
            "mcp_ogc.confirmation.hmac.compare_digest",
            instead.yes,
            "test_a_confirmation_is_good_once_for_one_tool_with_its_arguments",
        ),
        ("mcp_ogc.confirmation.Confirmations.redeem", instead.nothing, "test_a_confirmation_expires"),
        (
            "mcp_ogc.confirmation.Confirmations.redeem",
            instead.nothing,
            "test_a_confirmation_is_not_good_again_for_what_was_made_anew",
        ),
        (
            "mcp_ogc.ogc.rules.Rules.permits",
            instead.yes,
            "test_a_process_that_is_ruled_out_is_as_if_it_were_not_there[rules0]",
        ),
    ),
    *of(
        "test_t12_double_run",
        (
            "mcp_ogc.net.http.GuardedTransport._tried",
            instead.tried_twice,
            "test_no_answer_has_the_request_sent_again[503]",
        ),
        (
            "mcp_ogc.jobs.submission.digest_of",
            instead.another_each_time,
            "test_another_server_on_the_same_journal_finds_it_too",
        ),
    ),
    *of(
        "test_t13_runaway_cost",
        ("mcp_ogc.jobs.quotas.Allowance.check", instead.nothing, "test_of_many_calls_at_once_none_is_too_much"),
        ("mcp_ogc.net.traffic.Traffic.check", instead.nothing, "test_bytes_have_a_quota_an_hour"),
        (
            "mcp_ogc.jobs.requested_area.requested_km2",
            lambda *_: 0.0,
            "test_a_world_wide_area_is_previewed_and_a_town_is_not",
        ),
    ),
    *of(
        "test_t14_callbacks",
        (
            "mcp_ogc.ogc.rules.check_callbacks",
            instead.nothing,
            f'{CALLED}[{{"callback": "https://evil.example/collect?q="}}]',
        ),
        (
            "mcp_ogc.ogc.callbacks._is_below",
            lambda url, allowed: url.startswith(allowed),
            f'{CALLED}[{{"callback": "https://hooks.example/ogc-not"}}]',
        ),
    ),
    *of(
        "test_t15_malicious_packages",
        ("mcp_ogc.packages.document._check_bounds", instead.nothing, f"{HARMFUL}[tag]"),
        ("mcp_ogc.packages.document._forbidden", instead.no_text, f"{HARMFUL}[tag]"),
        (
            "mcp_ogc.local.driver._only",
            lambda _: DefaultFetcher,
            "test_t15_what_runs_a_package_fetches_nothing_but_the_package[other.cwl]",
        ),
    ),
    *of(
        "test_t16_script_in_the_view",
        ("tests.servers.apps_host.VIEW", instead.Page(SHOWN, PARSED_AND_SHOWN), "test_a_refusal_reads_as_it_is"),
        (
            "tests.servers.apps_host.VIEW",
            instead.Page('i?.protocol!=="https:"&&i?.protocol!=="http:"', "!i"),
            "test_only_http_addresses_are_links",
        ),
    ),
    *of(
        "test_t17_download_paths",
        ("mcp_ogc.export.safe_name", instead.as_it_is, "test_no_name_of_a_server_leads_out_of_the_folder"),
        ("mcp_ogc.export.Path.resolve", Path.absolute, "test_a_link_in_the_download_folder_leads_nowhere_else"),
        (
            "mcp_ogc.export._place",
            lambda part, target, _: part.replace(target),
            "test_a_file_that_comes_to_be_meanwhile_is_left_as_it_is",
        ),
    ),
    *of(
        "test_t18_http_from_elsewhere",
        (
            "mcp_ogc.http_app.TransportSecuritySettings",
            lambda **_: None,
            "test_a_foreign_host_is_refused_with_a_good_token_too[evil.example]",
        ),
        (
            "mcp_ogc.http_app.TransportSecuritySettings",
            lambda **_: None,
            "test_a_page_from_elsewhere_is_refused_with_a_good_token_too[https://evil.example]",
        ),
        (
            "mcp_ogc.cli.serve.is_loopback",
            instead.yes,
            "test_a_bind_beyond_loopback_without_authentication_says_what_to_set[0.0.0.0:8000]",
        ),
        (
            "mcp_ogc.net.access_token.signed_claims",
            instead.whatever_it_claims,
            "test_a_token_that_is_not_for_us_is_refused[{'aud': 'https://another.example/mcp'}]",
        ),
    ),
    *of(
        "test_t19_another_user_s_job",
        (
            "mcp_ogc.server.user_of",
            instead.the_operator,
            "test_another_user_s_job_is_refused_as_one_that_does_not_exist[auto-shared]",
        ),
        (
            "mcp_ogc.server.user_of",
            instead.the_operator,
            "test_lists_and_completions_show_a_user_s_own_jobs_only[auto]",
        ),
        (
            "mcp_ogc.server.user_of",
            instead.the_operator,
            "test_a_confirmation_is_good_for_whom_it_was_given_only[auto]",
        ),
    ),
    *of(
        "test_t20_stdout_is_the_protocols",
        (
            "tests.security.test_t20_stdout_is_the_protocols.NOISY",
            f"import os\nos.dup2 = lambda *_: None\n{stdout.NOISY}",
            "test_what_a_worker_prints_is_nowhere_and_its_answers_stay_whole",
        ),
    ),
    *of(
        "test_t21_supply_chain",
        (
            "pathlib.Path.read_text",
            instead.without_hashes,
            "test_every_requirement_is_one_version_with_its_hashes[runtime.lock]",
        ),
        (
            "tests.security.test_t21_supply_chain.MAKEFILE",
            instead.changed(supply_chain.MAKEFILE, "--require-hashes", ""),
            "test_nothing_is_installed_without_its_hashes",
        ),
    ),
    *of(
        "test_t22_audit",
        (
            "mcp_ogc.audit.Audit.change",
            instead.unwritten,
            "test_each_change_is_one_line_with_time_tool_arguments_endpoint_job_and_outcome",
        ),
        ("mcp_ogc.audit.Audit._make_sure", instead.nothing, "test_without_an_audit_nothing_is_changed"),
        (
            "mcp_ogc.net.redaction.Redaction.__call__",
            lambda _, text: text,
            "test_a_reason_is_redacted_and_without_an_answer_nobody_knows[error0-failed]",
        ),
    ),
    *of(
        "test_t23_hung_upstream",
        ("mcp_ogc.resources.READ_SECONDS", 60, "test_every_bound_is_below_what_clients_wait"),
        ("mcp_ogc.jobs.monitor.LONGEST_WAIT", 60, "test_every_bound_is_below_what_clients_wait"),
    ),
)
