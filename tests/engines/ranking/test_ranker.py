"""What ranks: the rule on made-up figures, what a trial leaves behind, and that 8 bits are given up where they cannot be."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast.engines import ForwardEngine, load_engine
from pixelpriv_fast.engines.ranking import ranker, ranker_of
from pixelpriv_fast.engines.ranking.decision import (
    RankingChoice,
    left_for_fp32,
    odds_and_leads,
    quickest,
    rough_error,
)
from pixelpriv_fast.engines.ranking.ranker import ASSUMED_ERRORS, Ranker
from pixelpriv_fast.engines.ranking.synthetic_photos import synthetic_candidates, synthetic_photo
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
    assert [left_for_fp32(exact, error) for error in (0.0, 0.2, 0.6, 2.0)] == [2.5, 3.0, 3.5, 4.0]


@pytest.mark.parametrize(
    ("error", "seconds", "other", "expected"),
    [
        (0.1, 1.0, (RankingChoice("bf16", 0.1), 2.0), "int8"),
        (0.1, 2.0, (RankingChoice("bf16", 0.1), 2.0), "bf16"),  # no faster
        (0.5, 1.0, (RankingChoice("bf16", 0.1), 2.0), "bf16"),  # two more are judged than are saved
        (0.1, 1.0, (RankingChoice("fp32", 0.0), 4.0), "int8"),
        (0.6, 1.0, (RankingChoice("fp32", 0.0), 4.0), "fp32"),
        (0.9, 1.0, (RankingChoice("bf16", 0.1), 9.0), "fp32"),  # what is slower than judging ranks nothing
        (float("nan"), 1.0, (RankingChoice("bf16", 0.1), 2.0), "bf16"),
    ],
)
def test_what_takes_the_least_time_ranks(error, seconds, other, expected):
    exact = logits([-4.0, -3.0, -2.0, -1.0])
    choices = other, (RankingChoice("int8", error), seconds), (RankingChoice("fp32", 0.0), 4.0)
    assert quickest(exact, choices, 4.0).precision == expected


@pytest.mark.parametrize("size", [(20, 20), (17, 32)])
def test_synthetic_photos_are_like_photos_and_always_the_same(size):
    one = synthetic_photo(3, *size)
    assert one.shape == (*size, 3)
    assert one.dtype == np.uint8
    np.testing.assert_array_equal(one, synthetic_photo(3, *size))
    assert not np.array_equal(one, synthetic_photo(4, *size))
    levels = one.astype(float)
    near, far = np.abs(np.diff(levels, axis=0)).mean(), np.abs(levels - np.roll(levels, 8, axis=(0, 1))).mean()
    assert near < 0.8 * far, "neighbours are alike"
    seen = synthetic_candidates(Preprocess(size), 2, 3)
    assert seen.shape == (2, 3, 3, *size)
    np.testing.assert_allclose(seen[0, 0], synthetic_photo(0, *size).transpose(2, 0, 1) / 255, atol=1e-6)
    assert not np.array_equal(seen[0, 0], seen[0, 1])


@pytest.fixture
def decided(monkeypatch):
    """How often a trial was made; 8 bits come into question and pay."""
    calls: list[tuple[float, ...]] = []

    def decide(exact, choices, judging):
        calls.append(tuple(one.error for one, _ in choices))
        return choices[1][0]

    monkeypatch.setattr(ranker, "quickest", decide)
    monkeypatch.setattr(ranker, "fast_int8", lambda: True)
    return calls


def test_a_trial_is_kept_beside_the_model(tmp_path, decided):
    model = classifier(tmp_path)
    first, second = (ForwardEngine(load_classifier(model, device="onnxruntime")) for _ in range(2))
    assert first.ranker.precision == second.ranker.precision == "int8"
    assert 0.0 < first.ranker.error == second.ranker.error
    assert decided == [(ASSUMED_ERRORS[OTHER], first.ranker.error)], "one trial, in which fp32 takes part once"
    (file,) = (tmp_path / "rankings").iterdir()
    x = np.random.default_rng(0).normal(size=(3, 3, 20, 20)).astype(np.float32)
    np.testing.assert_array_equal(first.ranker.logits(x), second.ranker.logits(x))
    for damaged in (b"{", b"[]", b'{"precision": "int8", "error": 0.1, "ranges": [["a"]]}'):
        file.write_bytes(damaged)
        assert ForwardEngine(load_classifier(model, device="onnxruntime")).ranker.error == first.ranker.error
    assert len(decided) == 4, "made again"


def test_of_no_file_every_ranker_makes_its_own(tmp_path, decided):
    model = dataclasses.replace(classifier(tmp_path), folder=None)
    for _ in range(2):
        assert ForwardEngine(load_classifier(model, device="onnxruntime")).ranker.precision == "int8"
    assert len(decided) == 2
    assert not (tmp_path / "rankings").exists()


def test_where_8_bits_do_not_pay_nothing_changes(tmp_path, decided, monkeypatch):
    monkeypatch.setattr(ranker, "quickest", lambda _, choices, __: choices[0][0])
    victim = ForwardEngine(load_classifier(classifier(tmp_path), device="onnxruntime"))
    assert (victim.ranker.precision, victim.ranker.error) == (OTHER, ASSUMED_ERRORS[OTHER])


def test_a_processor_without_8_bits_is_not_tried(tmp_path, decided, monkeypatch):
    monkeypatch.setattr(ranker, "fast_int8", lambda: False)
    victim = ForwardEngine(load_classifier(classifier(tmp_path), device="onnxruntime"))
    assert victim.ranker.precision == OTHER
    assert not decided


def test_a_network_that_cannot_be_quantised_keeps_what_it_has(tmp_path, decided, monkeypatch):
    def refuse(*_, **__):
        raise ranker.ModelError("no such layers")

    monkeypatch.setattr(ranker, "build_ranged", refuse)
    exact = load_classifier(classifier(tmp_path), device="onnxruntime")
    assert ForwardEngine(exact).ranker.precision == OTHER
    with pytest.raises(DeviceError, match="no such layers"):
        _ = ForwardEngine(exact, "int8").ranker.precision


def test_a_gpus_ranking_is_not_tried(tmp_path, decided):
    found = Ranker(classifier(tmp_path), PROVIDERS["cuda"], "fp16", "auto", lambda inputs, batch: inputs)
    assert found.choice == RankingChoice("fp16", ASSUMED_ERRORS["fp16"])
    assert not decided


def test_engines_with_gradients_rank_nothing(tmp_path, decided):
    """So the rotation search judges all of its candidates in fp32 with them."""
    assert ranker_of(load_engine(classifier(tmp_path), "onnx", "onnxruntime")) is None
    assert not decided
