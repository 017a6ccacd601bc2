"""What JSON can carry: told apart as a strict writer does, and made so where it is not."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import InvalidInputs
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.ogc.inputs.sendable import DEEPEST, as_sendable, unsendable
from mcp_ogc.ogc.models import ProcessDescription

halves = st.text(st.characters(codec=None, exclude_categories=()), max_size=3)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | halves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(halves, inner, max_size=3),
    max_leaves=8,
)


def is_written(value: Any) -> bool:
    """Whether a strict writer writes it as UTF-8."""
    try:
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, UnicodeEncodeError):
        return False
    return True


@given(values)
def test_a_value_is_sendable_where_a_strict_writer_writes_it(value: Any) -> None:
    assert is_written(value) != any(unsendable(value))


@given(values)
def test_what_is_told_of_it_can_be_written_itself(value: Any) -> None:
    for fault in unsendable(value):
        assert is_written([fault.path, fault.problem, fault.right])


@given(values)
def test_what_was_made_sendable_is_and_what_was_stays(value: Any) -> None:
    made = as_sendable(value)
    assert is_written(made)
    if is_written(value):
        assert made == value


def test_nodata_is_told_in_the_words_of_stac_and_other_numbers_are_null() -> None:
    band = {"nodata": math.nan, "scale": math.inf, "bands": [{"nodata": -math.inf}, {"nodata": 0.0}]}
    assert as_sendable(band) == {"nodata": "nan", "scale": None, "bands": [{"nodata": "-inf"}, {"nodata": 0.0}]}


def test_levels_are_counted_not_walked_into() -> None:
    deep: Any = 1
    for _ in range(100 * DEEPEST):
        deep = [deep]
    (fault,) = unsendable({"a": deep})
    assert fault.path == "a[0][0]"
    assert not any(unsendable(json.loads("[" * DEEPEST + "]" * DEEPEST)))


def test_of_inputs_that_can_not_be_sent_their_places_are_told_and_nothing_else() -> None:
    description = ProcessDescription.model_validate(
        {"id": "p", "inputs": {"n": {"schema": {"type": "string"}}}, "outputs": {}}
    )
    with pytest.raises(InvalidInputs) as refusal:
        check(description, {"n": [math.nan], "other": {"a b": math.inf}})
    assert sorted(problem.input_id for problem in refusal.value.problems) == ["n[0]", "other.'a b'"]
