"""A part without examples of its fields is named with the file to edit."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pixelpriv_fast.attacks import FGSM
from tests.examples import examples_of


@dataclass(frozen=True)
class Blunt(FGSM):
    """An attack with a field that has no example."""

    force: int = 1


def test_a_missing_example_names_the_file_and_the_field() -> None:
    with pytest.raises(AssertionError, match=r"test_examples\.py: Blunt\.examples must have a row .*force"):
        examples_of(Blunt)


def test_examples_of_bases_count() -> None:
    assert set(examples_of(FGSM)) == {"epsilon", "lift", "discreet"}
