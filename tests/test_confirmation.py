"""A token is good once, soon, and for one thing."""

import pytest

from mcp_ogc.confirmation import VALID_SECONDS, Confirmations
from mcp_ogc.errors import ConfirmationRefused

BOUND = {"job_id": "a", "endpoint": "zoo"}


@pytest.fixture
def now() -> list[float]:
    return [1000.0]


@pytest.fixture
def confirmations(now: list[float]) -> Confirmations:
    return Confirmations(clock=lambda: now[0])


def test_a_token_is_taken_once(confirmations: Confirmations) -> None:
    token = confirmations.issue("ogc_dismiss_job", BOUND)
    confirmations.redeem(token, "ogc_dismiss_job", BOUND)
    with pytest.raises(ConfirmationRefused, match="has been used"):
        confirmations.redeem(token, "ogc_dismiss_job", BOUND)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [("ogc_undeploy_process", BOUND), ("ogc_dismiss_job", {**BOUND, "job_id": "b"}), ("ogc_dismiss_job", {})],
)
def test_a_token_is_good_for_nothing_else(confirmations: Confirmations, tool: str, arguments: dict[str, str]) -> None:
    token = confirmations.issue("ogc_dismiss_job", BOUND)
    with pytest.raises(ConfirmationRefused, match="something else"):
        confirmations.redeem(token, tool, arguments)


def test_a_token_expires(confirmations: Confirmations, now: list[float]) -> None:
    token = confirmations.issue("ogc_dismiss_job", BOUND)
    now[0] += VALID_SECONDS + 1
    with pytest.raises(ConfirmationRefused, match="expired"):
        confirmations.redeem(token, "ogc_dismiss_job", BOUND)


@pytest.mark.parametrize("spelt", ["0x{}", "0{}", " {}", "{}\n", "_{}"])
def test_a_token_that_was_used_is_none_however_it_is_spelt(confirmations: Confirmations, spelt: str) -> None:
    token = confirmations.issue("ogc_dismiss_job", BOUND)
    confirmations.redeem(token, "ogc_dismiss_job", BOUND)
    for again in (spelt.format(token), token.upper()):
        with pytest.raises(ConfirmationRefused):
            confirmations.redeem(again, "ogc_dismiss_job", BOUND)


@pytest.mark.parametrize("token", ["", "yes", "a-b", "zz-00-11", "1-2-3-4", "6a4-00000000-é000000000000000"])
def test_anything_else_is_not_a_token(confirmations: Confirmations, token: str) -> None:
    with pytest.raises(ConfirmationRefused):
        confirmations.redeem(token, "ogc_dismiss_job", BOUND)


def test_a_token_of_another_server_is_refused(confirmations: Confirmations) -> None:
    token = Confirmations().issue("ogc_dismiss_job", BOUND)
    with pytest.raises(ConfirmationRefused):
        confirmations.redeem(token, "ogc_dismiss_job", BOUND)
