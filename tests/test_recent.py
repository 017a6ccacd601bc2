"""A bound holds, and what is used stays."""

from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.recent import Recent


def test_what_was_not_used_for_longest_makes_room() -> None:
    kept: Recent[str, int] = Recent(2)
    kept.keep("a", 1)
    kept.keep("b", 2)
    assert kept.get("a") == 1
    kept.keep("c", 3)
    assert [kept.get(key) for key in "abc"] == [1, None, 3]
    kept.forget("a")
    kept.forget("never there")
    assert kept.get("a") is None


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers())), st.integers(1, 4))
def test_there_are_never_more_than_the_bound_and_the_last_is_among_them(
    kept_ones: list[tuple[str, int]], most: int
) -> None:
    kept: Recent[str, int] = Recent(most)
    for key, value in kept_ones:
        assert kept.keep(key, value) == value
        assert len(kept) <= most
        assert kept.get(key) == value
