"""Each defence taken away in turn: a test of its row that passes with it must fail without.

The tests need the servers and files their fixtures make, so they are not called here: pytest runs each once more, with
its fixtures, and the outcome is turned round.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest

from tests.security.defences import DEFENCES, Defence

UNCALLABLE = (TypeError, AttributeError, NameError)
"""A test that ends with one of these found nothing: what stands in a defence's place could not be used."""
HERE = "tests/security/"


class Without(pytest.Function):
    """A test whose defence is away; it is right where that fails."""

    defence: Defence

    def runtest(self) -> None:
        try:
            super().runtest()
        except UNCALLABLE:
            raise
        except (Exception, BaseExceptionGroup, pytest.fail.Exception):
            return
        pytest.fail(f"It passes without {self.defence.target}", pytrace=False)


@pytest.fixture(autouse=True)
def taken_away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The defence of a test that is to fail, away before what the test is given is made."""
    if isinstance(request.node, Without):
        monkeypatch.setattr(request.node.defence.target, request.node.defence.stand_in)


def once_more(items: Sequence[pytest.Item], *, whole: bool) -> Iterator[pytest.Item]:
    """The tests that defences have, to be run without them.

    Args:
        items: What was collected.
        whole: Whether that is all of each file.

    Raises:
        pytest.UsageError: A defence names a test that is not there.
    """
    found = {item.nodeid: item for item in items if isinstance(item, pytest.Function)}
    files = {name.partition("::")[0] for name in found}
    for defence in DEFENCES:
        name = f"{HERE}{defence.test}"
        if item := found.get(name):
            yield _without(item, defence)
        elif whole and name.partition("::")[0] in files:
            raise pytest.UsageError(f"tests/security/defences.py names {name}, and there is no such test")


def _without(item: pytest.Function, defence: Defence) -> Without:
    again: Without = Without.from_parent(
        item.parent,
        name=f"{item.name} without {defence.target}",
        callspec=getattr(item, "callspec", None),
        callobj=item.obj,
        fixtureinfo=item._fixtureinfo,
        originalname=f"{item.originalname} without {defence.target}",
    )
    again.defence = defence
    # A test that ends early leaves some of what it was about to do undone, and it says so.
    again.add_marker(pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"))
    return again
