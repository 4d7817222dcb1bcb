"""Rough answers beside a classifier that decides: offered where they are faster and the same in any batch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.engines import rough_beside
from pixelpriv_fast.models import Classifier, load_classifier
from pixelpriv_fast.runtime import PROVIDERS, precisions
from tests.archive.tiny import tiny_classifier


@pytest.fixture
def classifier(tmp_path: Path) -> Iterator[Classifier]:
    made = load_classifier(str(tiny_classifier(tmp_path)), None, "cpu")
    yield made
    made.close()


def test_nothing_is_offered_where_nothing_is_gained(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    assert rough_beside(classifier, "fp32") is None
    assert rough_beside(classifier, "fp16") is None, "no processor computes in it"
    monkeypatch.setattr("pixelpriv_fast.engines.forward.precisions", lambda name: ("fp32",))
    assert rough_beside(classifier, "bf16") is None


def test_a_gpus_answers_depend_on_the_batch(classifier: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelpriv_fast.engines.forward.precisions", lambda name: ("bf16", "fp32"))
    assert rough_beside(classifier, "bf16") is not None
    session = classifier.session
    monkeypatch.setattr(session, "provider", replace(PROVIDERS[session.provider.name], device="cuda"))
    assert rough_beside(classifier, "bf16") is None


def test_rough_answers_are_close_and_the_same_in_any_batch(classifier: Classifier) -> None:
    if "bf16" not in precisions(classifier.session.provider.name):
        pytest.skip("this processor computes no 16 bits")
    ranker = rough_beside(classifier, "bf16")
    assert ranker is not None
    assert (ranker.precision, ranker.error) == ("bf16", 0.1), "16 bits are not tried out"
    inputs = np.random.default_rng(0).normal(size=(16, 3, *classifier.preprocess.size)).astype(np.float32)
    exact, rough = classifier.logits(inputs), ranker.logits(inputs, 16)
    assert 0 < np.abs(rough - exact).max() < 0.05 * np.abs(exact).max()
    for start, count, batch in ((0, 1, 1), (3, 4, 4), (5, 7, 8), (2, 9, 16)):
        part = slice(start, start + count)
        np.testing.assert_array_equal(ranker.logits(inputs[part], batch), rough[part])
    ranker.close()
