"""What an attack trains on never is what decides, but for the file itself."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice
from typing import get_args

import numpy as np
import pytest

from pixelpriv_fast.channels import Blur, Chain, Channel, Crop, Gamma, Recompress, Resize
from pixelpriv_fast.channels.panel import Kind, Panel, Treatment
from pixelpriv_fast.channels.sharing import FILE, SHARING
from pixelpriv_fast.channels.training import TURNS, Training

KINDS = get_args(Kind)


def parts(channel: Channel | None) -> Iterator[Channel]:
    if isinstance(channel, Chain):
        for part in channel.channels:
            yield from parts(part)
    elif channel is not None:
        yield channel


def drawn(panel: Panel, count: int, seed: int = 0, kinds: tuple[str, ...] = KINDS) -> list[Channel]:
    training, rng = Training(panel), np.random.default_rng(seed)
    return [training.draw(kind, rng) for kind in islice(cycle(kinds), count)]


@pytest.fixture(scope="module")
def copies() -> list[Channel]:
    return drawn(SHARING, 10_000)


def test_ten_thousand_copies_hold_no_treatment_of_the_panel_but_the_file(copies: list[Channel]) -> None:
    decides = [treatment.channel for treatment in SHARING.treatments]
    assert [copy for copy in copies if copy in decides] == []
    steps = [tuple(parts(channel)) for channel in decides]
    files = [copy for copy in copies if tuple(parts(copy)) in steps]
    assert files == [Chain()] * (10_000 // len(KINDS)), "the file, one kind of five"
    fixed = [part for channel in decides for part in parts(channel)]
    qualities = [part.quality for part in fixed if isinstance(part, Recompress)]
    factors = [part.factor for part in fixed if isinstance(part, Resize)]
    assert len(qualities) == 9
    assert len(factors) == 7
    for part in (part for copy in copies for part in parts(copy)):
        if isinstance(part, Recompress):
            assert all(abs(part.quality - quality) > 1 for quality in qualities)
            assert 30 <= part.quality <= 95
        if isinstance(part, Resize):
            assert part.long_side is None
            assert all(abs(part.factor / factor - 1) > 0.02 for factor in factors)
            assert 0.35 <= part.factor <= 1.5


def test_all_that_sharing_does_is_drawn(copies: list[Channel]) -> None:
    found = [part for copy in copies for part in parts(copy)]
    assert {type(part) for part in found} == {Blur, Crop, Gamma, Recompress, Resize}
    assert {part.filter for part in found if isinstance(part, Resize)} == {"box", "bilinear", "bicubic", "lanczos"}
    assert {part.format for part in found if isinstance(part, Recompress)} == {"jpeg", "webp"}
    assert {part.subsampling for part in found if isinstance(part, Recompress)} == {"420"}
    lengths = {kind: {len(tuple(parts(copy))) for copy in drawn(SHARING, 300, kinds=(kind,))} for kind in KINDS}
    assert lengths["file"] == {0}
    assert min(lengths["chain"]) == 2
    assert lengths["jpeg"] == {1, 2, 3, 4}
    assert set(TURNS) < set(KINDS)


def test_a_seed_draws_the_same_again(copies: list[Channel]) -> None:
    assert drawn(SHARING, 500) == copies[:500]
    assert drawn(SHARING, 500, seed=1) != copies[:500]


def test_chains_in_chains_are_kept_clear_of() -> None:
    nested = Chain((Chain((Recompress("webp", 50), Chain((Resize(0.9),)))), Recompress("jpeg", 33)))
    panel = Panel("nested", (Treatment("nested", "chain", nested),))
    found = [part for copy in drawn(panel, 3000) for part in parts(copy)]
    qualities = {part.quality for part in found if isinstance(part, Recompress)}
    assert qualities == set(range(30, 96)) - {32, 33, 34, 49, 50, 51}
    assert not [part for part in found if isinstance(part, Resize) and 0.9 * 0.98 <= part.factor <= 0.9 * 1.02]


def test_a_panel_of_the_file_alone_leaves_all_to_be_drawn() -> None:
    found = [part for copy in drawn(FILE, 3000) for part in parts(copy)]
    assert {part.quality for part in found if isinstance(part, Recompress)} == set(range(30, 96))
