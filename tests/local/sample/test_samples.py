"""What comes with the program: a package that anyone can read, trusted by its digest, and inputs that fit it."""

import pytest

from mcp_ogc.errors import UnknownName
from mcp_ogc.local.sample.samples import digest, example_inputs, names, package_text, trusted_digests
from mcp_ogc.ogc.inputs.checking import check
from mcp_ogc.packages.cwl import load
from mcp_ogc.packages.description import describe


def test_the_package_is_described_as_the_reference_one_is() -> None:
    package = load(package_text("water-bodies"))
    described = describe(package)
    assert (described.id, described.title, described.version) == ("water-bodies", "Water bodies", "1.0.0")
    assert {name: declared.required for name, declared in described.inputs.items()} == {
        "stac_items": True,
        "aoi": True,
        "epsg": False,
        "bands": False,
    }
    texts = {"type": "array", "items": {"type": "string"}}
    assert described.inputs["stac_items"].schema_ == texts
    assert described.inputs["bands"].schema_ == {**texts, "default": ["green", "nir08"]}
    assert described.inputs["epsg"].schema_["default"] == "EPSG:4326"
    assert all(declared.title and declared.description for declared in described.inputs.values())
    assert described.outputs["stac_catalog"].schema_ == {"type": "object", "format": "stac-item-collection"}


@pytest.mark.parametrize("name", names())
def test_each_sample_is_trusted_by_its_digest_and_its_example_fits(name: str) -> None:
    package = load(package_text(name))
    assert package.digest == digest(name)
    assert package.digest in trusted_digests()
    check(describe(package), example_inputs(name))


def test_no_sample_asks_for_a_container() -> None:
    for name in names():
        assert "DockerRequirement" not in package_text(name), "it runs where there is no container engine"


def test_a_sample_that_does_not_exist_names_those_that_do() -> None:
    with pytest.raises(UnknownName, match="water-bodies"):
        package_text("water-body")
    with pytest.raises(UnknownName, match="water-bodies"):
        example_inputs("water-body")
