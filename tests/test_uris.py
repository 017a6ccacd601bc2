"""Handles survive every id."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_ogc.errors import UnknownName
from mcp_ogc.uris import RasterHandle

segment = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


@given(st.builds(RasterHandle, segment, segment, segment, segment, segment))
def test_a_raster_handle_reads_back_whatever_the_ids_are(handle: RasterHandle) -> None:
    assert RasterHandle.parse(str(handle)) == handle
    assert RasterHandle.parse(handle.preview) == handle
    assert str(handle).count("/") == 8


@pytest.mark.parametrize("uri", ["", "ogc://", "ogc://local/jobs/x/results", "https://a/jobs/b/rasters/c/d/e"])
def test_anything_else_is_not_a_handle_and_the_answer_shows_one(uri: str) -> None:
    with pytest.raises(UnknownName, match="rasters/"):
        RasterHandle.parse(uri)
