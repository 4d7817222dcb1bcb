"""A network is one card and one row: everything that goes by name finds it."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.models import CARDS, Store, cards
from pixelpriv_fast.models.card import load_part
from pixelpriv_fast.models.catalogue import card_of
from pixelpriv_fast.models.importing.checkpoint import Provenance
from pixelpriv_fast.models.stamped.stamp import stamp_of
from pixelpriv_fast.registry import CLASSIFIERS, GENERATORS, SCORERS, Row


@pytest.mark.parametrize("table", [CLASSIFIERS, GENERATORS, SCORERS], ids=lambda table: table.kind)
def test_every_row_is_a_card_of_its_name_and_kind(table) -> None:
    for name in table:
        assert table.load(name) is CARDS[name]
        assert (CARDS[name].name, CARDS[name].kind) == (name, table.kind)


def test_a_row_more_is_a_card_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = dataclasses.replace(cards.SQUEEZENET_PLACES365, name="dummy", labels=".cards:dummy_names")
    monkeypatch.setattr(cards, "DUMMY", made, raising=False)
    monkeypatch.setattr(cards, "dummy_names", lambda: ("a", "b"), raising=False)
    monkeypatch.setitem(CLASSIFIERS._rows, "dummy", Row(".models.cards:DUMMY", "made for this test"))
    assert card_of("dummy") is made
    assert len(CARDS) == len(list(CARDS)) == len(CLASSIFIERS) + len(GENERATORS) + len(SCORERS)
    assert {status.name: status.status for status in Store(tmp_path, environment={}).listing()}["dummy"] == "missing"
    assert stamp_of(made, Provenance("x.npz", "0" * 64, False)).labels == ("a", "b")


def test_a_card_names_its_classes() -> None:
    names = load_part(CARDS["squeezenet_places365"].labels or "")()
    assert len(names) == 365


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"unknown model 'squeezenet'; did you mean 'squeezenet_places365'\? Known: "):
        card_of("squeezenet")
