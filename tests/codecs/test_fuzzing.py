"""Some thousand damaged files, read up to their pixels, and some hundred read whole."""

from __future__ import annotations

import pytest

from .fuzzing import Findings, fuzz, seeds


def test_there_are_twelve_seeds_and_all_can_be_read() -> None:
    found = Findings()
    for name, data in seeds().items():
        found.read(name, data, whole=True)
    assert (found.files, found.accepted, found.broken) == (12, 12, [])


@pytest.mark.parametrize(("count", "whole"), [(5000, False), (300, True)])
def test_mutations_raise_nothing_but_photo_errors_in_time(count: int, whole: bool) -> None:
    found = fuzz(count, whole=whole, seed=14)
    assert [(name, why) for name, why, _ in found.broken] == []
    assert 0 < found.accepted < found.files == count
