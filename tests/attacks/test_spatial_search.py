"""Candidates of the rotation/translation search, and the choice among them."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks.euclidean import Euclidean
from pixelpriv_fast.attacks.spatial_search import (
    RULES,
    Bounds,
    expected_error,
    least_visible,
    promising,
    sample,
    until_success,
    widening,
    worst,
)
from pixelpriv_fast.errors import PhotoError, UsageError

SIZE = (100, 300)


class TestSample:
    def test_identity_first_and_draws_fill_the_bounds(self):
        draws = sample(7, 4000, *SIZE, Bounds(20, 0.2, 0.1))
        assert draws.shape == (4001, 3)
        assert draws[0].tolist() == [0, 0, 0]
        limits = np.array([20, 60, 10])
        assert (np.abs(draws) <= limits).all()
        assert (np.abs(draws[1:]).max(0) > 0.99 * limits).all()
        assert (np.abs(draws[1:].mean(0)) < 0.05 * limits).all()
        assert np.allclose(draws[1:].std(0), limits / np.sqrt(3), rtol=0.03)
        assert (np.abs(np.corrcoef(draws[1:].T) - np.eye(3)) < 0.06).all()

    def test_a_longer_search_begins_like_a_shorter_one(self):
        assert np.array_equal(sample(7, 100, *SIZE, Bounds())[:11], sample(7, 10, *SIZE, Bounds()))

    def test_seeds_and_rounds_draw_anew(self):
        first = sample(7, 5, *SIZE, Bounds())[1:]
        assert not np.isclose(sample(8, 5, *SIZE, Bounds())[1:], first).any()
        later = sample(7, 5, *SIZE, Bounds(), round_=1)
        assert later.shape == (5, 3)
        assert not np.isclose(later, first).any()
        assert np.array_equal(sample(2**64 - 1, 5, *SIZE, Bounds()), sample(2**64 - 1, 5, *SIZE, Bounds()))

    def test_these_draws_stay(self):
        """Golden: numpy's PCG64 seeded with [7, 0], whose stream numpy keeps between releases."""
        expected = [5.003818664187, 47.665656116349, 11.027427609808]
        assert sample(7, 1, *SIZE, Bounds())[1].tolist() == pytest.approx(expected, abs=1e-11)

    def test_refuses(self):
        with pytest.raises(UsageError, match="-1"):
            sample(-1, 5, *SIZE, Bounds())
        with pytest.raises(UsageError, match="0 candidates"):
            sample(1, 0, *SIZE, Bounds())
        with pytest.raises(UsageError, match="degrees is 181"):
            Bounds(degrees=181)
        with pytest.raises(UsageError, match="shift_y is nan"):
            Bounds(shift_y=float("nan"))


class TestWidening:
    def test_grows_and_stops_at_the_whole_photo(self):
        assert widening(Bounds(20, 0.2, 0.4), 1.5, 3) == (
            Bounds(20, 0.2, 0.4),
            Bounds(30, 0.2 * 1.5, 0.4 * 1.5),
            Bounds(45, 0.2 * 1.5 * 1.5, 0.4 * 1.5 * 1.5),
        )
        assert widening(Bounds(170, 1, 1), 2, 9) == (Bounds(170, 1, 1), Bounds(180, 1, 1))
        assert widening(Bounds(0, 0, 0), 2, 9) == (Bounds(0, 0, 0),)

    def test_refuses(self):
        with pytest.raises(UsageError, match="factor is 1"):
            widening(Bounds(), 1.0)


class TestChoice:
    losses = np.array([0.1, 5.0, 3.0, 4.0, 4.0])
    areas = np.array([0.0, 0.3, 0.1, 0.2, 0.1])

    @pytest.mark.parametrize(
        ("fooled", "expected"),
        [
            ([0, 0, 0, 0, 0], {"worst": 1, "least_visible": 1, "until_success": 1}),
            ([0, 0, 1, 1, 1], {"worst": 3, "least_visible": 4, "until_success": 2}),
            ([1, 0, 1, 0, 0], {"worst": 2, "least_visible": 0, "until_success": 0}),
            ([0, 1, 0, 1, 0], {"worst": 1, "least_visible": 3, "until_success": 1}),
        ],
    )
    def test_each_rule(self, fooled, expected):
        flags = np.array(fooled, bool)
        assert {name: int(rule(self.losses, flags, self.areas)) for name, rule in RULES.items()} == expected

    def test_photos_of_a_batch_do_not_mix(self):
        random = np.random.default_rng(3)
        losses, areas = random.normal(size=(50, 12)), random.integers(0, 4, (50, 12)) / 4
        fooled = random.random((50, 12)) < 0.15
        assert 3 < (~fooled.any(1)).sum() < 25
        for rule in (worst, least_visible, until_success):
            alone = [int(rule(*photo)) for photo in zip(losses, fooled, areas, strict=True)]
            assert rule(losses, fooled, areas).tolist() == alone

    def test_a_fooling_candidate_is_never_passed_over(self):
        random = np.random.default_rng(4)
        losses, fooled = random.normal(size=(200, 9)), random.random((200, 9)) < 0.2
        for rule in RULES.values():
            chosen = rule(losses, fooled, np.zeros_like(losses))
            assert np.array_equal(fooled[np.arange(200), chosen], fooled.any(1))


class TestPromising:
    """Asked again and again, it leads to the very choice that the exact values of all candidates give."""

    @pytest.mark.parametrize("rule", RULES)
    @pytest.mark.parametrize("rate", [0.0, 0.03, 0.3, 1.0])
    @pytest.mark.parametrize("bound", [0.1, np.inf], ids=["ranked", "unranked"])
    def test_decides_as_if_all_were_known(self, rule, rate, bound):
        rng = np.random.default_rng(int(100 * rate))
        work = []
        for _ in range(30):
            n = 50
            losses, fooled, areas = rng.exponential(1, n), rng.random(n) < rate, rng.integers(0, 9, n) / 9
            upper = losses + rng.uniform(0, bound, n) if bound < np.inf else np.full(n, np.inf)
            may_fool = fooled | (rng.random(n) < 0.1) if bound < np.inf else np.ones(n, bool)
            known = np.zeros(n, bool)
            for fallback in (False, True):
                while picked := promising(RULES[rule], upper, may_fool, areas, known, 4, fallback):
                    assert len(set(picked)) == len(picked) <= 4
                    assert not known[picked].any()
                    upper[picked], may_fool[picked], known[picked] = losses[picked], fooled[picked], True
            chosen = int(RULES[rule](upper, may_fool, areas))
            assert known[chosen]
            assert chosen == int(RULES[rule](losses, fooled, areas))
            work.append(known.sum())
        if bound < np.inf:
            assert np.mean(work) < 15

    def test_nothing_is_asked_for_the_sake_of_what_cannot_fool(self):
        nothing, known = np.zeros(5, bool), np.zeros(5, bool)
        assert promising(worst, np.ones(5), nothing, np.zeros(5), known, 4, fallback=False) == []
        assert promising(worst, np.arange(5.0), nothing, np.zeros(5), known, 9, fallback=True) == [4, 3, 2, 1, 0]


def test_expected_error_is_the_spread_first_and_then_what_was_seen():
    spread = np.array([0.1, 0.4])
    error, deviation = expected_error(np.empty((0, 2, 2)), spread)
    np.testing.assert_array_equal(error, 0.0)
    np.testing.assert_allclose(deviation, np.broadcast_to(spread * 5**0.5, (2, 2)))
    seen = np.random.default_rng(0).normal(3.0, spread * 2, (400, 2, 2))
    error, deviation = expected_error(seen, spread)
    np.testing.assert_allclose(error, 3.0, atol=0.1)
    np.testing.assert_allclose(deviation, np.broadcast_to(2 * spread, (2, 2)), rtol=0.1)
    one, once = expected_error(seen[:1], spread)
    assert (np.abs(one) < np.abs(seen[0])).all(), "one alone is not trusted wholly"
    assert (once < expected_error(seen[:0], spread)[1]).all()


def test_a_photo_too_long_for_rotations_is_refused_in_words() -> None:
    with pytest.raises(PhotoError, match="32769x2 pixels: rotations take sides of up to 32,768"):
        Euclidean()._attack([np.zeros((2, 32769, 3), np.uint8)], None)  # type: ignore[arg-type]
