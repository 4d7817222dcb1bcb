"""What ranks: the rule on made-up figures, what a trial leaves behind, and that 8 bits are given up where they cannot be."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast.engines import ForwardEngine, load_engine, ranking
from pixelpriv_fast.engines.eight_bits import Rank, judged, odds_and_leads, quickest, rough_error
from pixelpriv_fast.engines.made_photos import made_candidates, made_photo
from pixelpriv_fast.engines.protocol import ROUGH_ERRORS
from pixelpriv_fast.errors import DeviceError
from pixelpriv_fast.models import Preprocess, load_classifier
from pixelpriv_fast.runtime import PROVIDERS, precisions
from tests.engines.onnx_networks import classifier

OTHER = precisions("onnxruntime")[0]


def logits(*odds: list[float]) -> np.ndarray:
    """Of two classes, (photos, candidates, 2), with these odds against the first one."""
    rows = np.array(odds)
    return np.stack([-rows / 2, rows / 2], axis=2).astype(np.float32)


def test_odds_and_leads_by_their_definition():
    z = np.random.default_rng(0).normal(size=(3, 4, 7)).astype(np.float32)
    tops = np.array([2, 0, 6])
    odds, leads = odds_and_leads(z, tops)
    for photo, candidate in np.ndindex(3, 4):
        row, top = z[photo, candidate].astype(float), tops[photo]
        rest = np.delete(row, top)
        assert leads[photo, candidate] == pytest.approx(rest.max() - row[top])
        assert odds[photo, candidate] == pytest.approx(np.log(np.exp(rest).sum()) - row[top])


def test_errors_that_a_photos_answers_share_are_none():
    exact = logits([-5.0, -3.0, -4.0, -1.0], [-2.0, -1.0, -1.5, -0.5])
    assert rough_error(exact, exact + logits([0.7] * 4, [-0.2] * 4)) == pytest.approx(0.0, abs=1e-6)
    away = rough_error(exact, exact + logits([0.1, -0.1, 0.1, -0.1], [0.1, -0.1, 0.1, -0.1]))
    assert away == pytest.approx(1.25 * 0.1 * np.sqrt(4 / 3), rel=1e-4), "the spread, and a reserve for real photos"


def test_judged_are_those_that_may_be_the_worst():
    exact = logits([-5.0, -3.0, -1.5, -1.0], [-2.0, -2.0, -2.0, -2.0])
    assert [judged(exact, error) for error in (0.0, 0.2, 0.6, 2.0)] == [2.5, 3.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("error", "seconds", "other", "expected"),
    [
        (0.1, 1.0, (Rank("bf16", 0.1), 2.0), "int8"),
        (0.1, 2.0, (Rank("bf16", 0.1), 2.0), "bf16"),  # no faster
        (0.5, 1.0, (Rank("bf16", 0.1), 2.0), "bf16"),  # two more are judged than are saved
        (0.1, 1.0, (Rank("fp32", 0.0), 4.0), "int8"),
        (0.6, 1.0, (Rank("fp32", 0.0), 4.0), "fp32"),
        (0.9, 1.0, (Rank("bf16", 0.1), 9.0), "fp32"),  # what is slower than judging ranks nothing
        (float("nan"), 1.0, (Rank("bf16", 0.1), 2.0), "bf16"),
    ],
)
def test_what_takes_the_least_time_ranks(error, seconds, other, expected):
    exact = logits([-4.0, -3.0, -2.0, -1.0])
    ways = other, (Rank("int8", error), seconds), (Rank("fp32", 0.0), 4.0)
    assert quickest(exact, ways, 4.0).precision == expected


@pytest.mark.parametrize("size", [(20, 20), (17, 32)])
def test_made_photos_are_like_photos_and_always_the_same(size):
    one = made_photo(3, *size)
    assert one.shape == (*size, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, made_photo(3, *size))
    assert not np.array_equal(one, made_photo(4, *size))
    levels = one.astype(float)
    near, far = np.abs(np.diff(levels, axis=0)).mean(), np.abs(levels - np.roll(levels, 8, axis=(0, 1))).mean()
    assert near < 0.8 * far, "neighbours are alike"
    seen = made_candidates(Preprocess(size), 2, 3)
    assert seen.shape == (2, 3, 3, *size)
    np.testing.assert_allclose(seen[0, 0], made_photo(0, *size).transpose(2, 0, 1) / 255, atol=1e-6)
    assert not np.array_equal(seen[0, 0], seen[0, 1])


@pytest.fixture
def decided(monkeypatch):
    """How often a trial was made; 8 bits come into question and pay."""
    calls: list[tuple[float, ...]] = []

    def decide(exact, ways, judging):
        calls.append(tuple(rank.error for rank, _ in ways))
        return ways[1][0]

    monkeypatch.setattr(ranking, "quickest", decide)
    monkeypatch.setattr(ranking, "fast_int8", lambda: True)
    return calls


def test_a_trial_is_kept_beside_the_model(tmp_path, decided):
    model = classifier(tmp_path)
    first, second = (ForwardEngine(load_classifier(model, device="onnxruntime")) for _ in range(2))
    assert first.rough_precision == second.rough_precision == "int8"
    assert 0.0 < first.rough_error == second.rough_error
    assert decided == [(ROUGH_ERRORS[OTHER], first.rough_error)], "one trial, in which fp32 takes part once"
    (file,) = (tmp_path / "rankings").iterdir()
    x = np.random.default_rng(0).normal(size=(3, 3, 20, 20)).astype(np.float32)
    np.testing.assert_array_equal(first.rough_logits(x), second.rough_logits(x))
    for damaged in (b"{", b"[]", b'{"precision": "int8", "error": 0.1, "ranges": [["a"]]}'):
        file.write_bytes(damaged)
        assert ForwardEngine(load_classifier(model, device="onnxruntime")).rough_error == first.rough_error
    assert len(decided) == 4, "made anew"


def test_of_no_file_every_engine_makes_its_own(tmp_path, decided):
    model = dataclasses.replace(classifier(tmp_path), folder=None)
    for _ in range(2):
        assert load_engine(model, "onnx", "onnxruntime").rough_precision == "int8"
    assert len(decided) == 2
    assert not (tmp_path / "rankings").exists()


def test_where_8_bits_do_not_pay_nothing_changes(tmp_path, decided, monkeypatch):
    monkeypatch.setattr(ranking, "quickest", lambda _, ways, __: ways[0][0])
    victim = ForwardEngine(load_classifier(classifier(tmp_path), device="onnxruntime"))
    assert (victim.rough_precision, victim.rough_error) == (OTHER, ROUGH_ERRORS[OTHER])


def test_a_processor_without_8_bits_is_not_tried(tmp_path, decided, monkeypatch):
    monkeypatch.setattr(ranking, "fast_int8", lambda: False)
    victim = ForwardEngine(load_classifier(classifier(tmp_path), device="onnxruntime"))
    assert victim.rough_precision == OTHER
    assert not decided


def test_a_network_that_cannot_be_quantised_keeps_what_it_has(tmp_path, decided, monkeypatch):
    def refuse(*_, **__):
        raise ranking.ModelError("no such layers")

    monkeypatch.setattr(ranking, "build_ranged", refuse)
    exact = load_classifier(classifier(tmp_path), device="onnxruntime")
    assert ForwardEngine(exact).rough_precision == OTHER
    with pytest.raises(DeviceError, match="no such layers"):
        _ = ForwardEngine(exact, "int8").rough_precision


def test_a_gpus_ranking_is_not_tried(tmp_path, decided):
    found = ranking.Ranking(classifier(tmp_path), PROVIDERS["cuda"], "fp16", "auto", lambda inputs, slots: inputs)
    assert found.rank == Rank("fp16", ROUGH_ERRORS["fp16"])
    assert not decided
