"""The corpus that was written before the rules."""

from tests.packages.recall import recall


def test_every_fault_of_the_corpus_is_located_and_nothing_is_found_in_the_sound_packages() -> None:
    found = recall()
    assert found.missed == ()
    assert found.noise == ()
    assert len(found.located) == 40
