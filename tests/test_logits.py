"""What logits say: the forms of one decision agree, and the sums are those of the definition."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.logits import fooled, fooled_each, leads, log_odds, softmax


@pytest.fixture(params=[(2, 1.0), (10, 30.0), (365, 5.0)], ids=str)
def photos(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray]:
    """Logits of 40 photos, and a random set of classes for each."""
    classes, spread = request.param
    rng = np.random.default_rng(classes)
    sets = rng.random((40, classes)) < 0.3
    sets[:, 0], sets[:, 1] = True, False
    return (rng.normal(size=(40, classes)) * spread).astype(np.float32), sets


def test_one_photo_and_many_are_decided_alike(photos: tuple[np.ndarray, np.ndarray]) -> None:
    logits, sets = photos
    each = fooled_each(logits, sets)
    assert set(each.tolist()) == {True, False}
    for row, accepted, answer in zip(logits, sets, each, strict=True):
        assert fooled(row, np.flatnonzero(accepted).tolist()) == answer == bool(fooled_each(row, accepted))


def test_of_equal_logits_the_first_is_on_top() -> None:
    tie = np.array([1.0, 3.0, 3.0], np.float32)
    assert not fooled(tie, [1])
    assert fooled(tie, [2])


def test_log_odds_by_their_definition(photos: tuple[np.ndarray, np.ndarray]) -> None:
    logits, sets = photos
    odds, ahead = leads(logits, sets)
    for i, (row, accepted) in enumerate(zip(logits, sets, strict=True)):
        inside = softmax(row)[accepted].sum()
        assert log_odds(row, accepted) == pytest.approx(odds[i], rel=1e-12, abs=1e-12)
        if 1e-9 < inside < 1 - 1e-9:
            assert odds[i] == pytest.approx(np.log((1 - inside) / inside), rel=1e-5)
        assert ahead[i] == pytest.approx(float(row[~accepted].max()) - float(row[accepted].max()))
        assert (ahead[i] > 0) == fooled_each(row, accepted)


def test_a_photo_has_the_same_bits_in_any_company(photos: tuple[np.ndarray, np.ndarray]) -> None:
    """Which candidate a search keeps hangs on them."""
    logits, sets = photos
    together = leads(logits, sets)
    np.testing.assert_array_equal(softmax(logits), np.stack([softmax(row) for row in logits]))
    for i in range(len(logits)):
        assert leads(logits[i], sets[i]) == (together[0][i], together[1][i])
