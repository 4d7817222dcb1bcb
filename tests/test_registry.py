"""Tables of words: near misses are named, and a part finds the row that it comes from."""

from __future__ import annotations

import pytest

from pixelpriv_fast.errors import UsageError, checked_word, known_words
from pixelpriv_fast.metrics.nima import PRESETS
from pixelpriv_fast.protection.recipes import Recipe
from pixelpriv_fast.registry import CODECS, ENHANCEMENTS, METRICS, TABLES, Table
from pixelpriv_fast.words import Device, NimaPreset


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_row_loads_and_finds_its_way_back(table: Table) -> None:
    for name in table:
        found = table.load(name)
        if isinstance(found, type):
            assert table.name_of(found) == name
        assert table.canonical(table.alias_of(name)) == name


def test_a_part_finds_its_row() -> None:
    part = ENHANCEMENTS.load("cartoon")()
    assert ENHANCEMENTS.name_of(part) == "cartoongan"
    assert METRICS.name_of(part) is None


def test_unknown_words_get_one_form_of_message() -> None:
    with pytest.raises(
        UsageError, match=r"^unknown enhancement 'contrats'; did you mean 'contrast'\? Known: identity,"
    ):
        ENHANCEMENTS.load("contrats")
    with pytest.raises(UsageError, match=r"^unknown device 'zzz'\. Known: auto, cpu, cuda$"):
        checked_word("device", "zzz", Device)
    assert checked_word("device", "cpu", Device) == "cpu"


def test_the_presets_that_the_command_line_offers_are_nimas() -> None:
    assert known_words(NimaPreset) == tuple(PRESETS)


def test_every_format_that_the_command_line_offers_can_be_written() -> None:
    assert all(CODECS.load(name).can_write for name in CODECS)


def test_an_unknown_recipe_is_answered_with_the_nearest_word() -> None:
    with pytest.raises(
        UsageError, match=r"unknown recipe 'pdg'; did you mean 'pgd'\? Known: .*, pgd, .* Write <enhancement>"
    ):
        Recipe.parse("pdg")
    with pytest.raises(UsageError, match="unknown enhancement 'contrst'; did you mean 'contrast'"):
        Recipe.parse("contrst+pgd")
