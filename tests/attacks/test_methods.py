"""The methods one by one: their papers' numbers, their targets, their stop and keep rules."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from pixelpriv_fast import attacks
from pixelpriv_fast.attacks import FGSM, PFGSM, PGD, LeastLikely
from pixelpriv_fast.attacks.goals import View, softplus
from pixelpriv_fast.attacks.least_likely import LeastLikelyClass, kurakin_steps
from pixelpriv_fast.attacks.p_fgsm import TailClass
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.logits import log_odds
from pixelpriv_fast.models import Preprocess
from tests.attacks.conftest import IDENTITY, SQUASHED, LinearEngine, engine, photo
from tests.attacks.test_contract import linf, photos, task_for


def test_kurakins_rule():
    assert [kurakin_steps(levels) for levels in (8, 2, 4, 16)] == [10, 2, 5, 20]
    assert kurakin_steps(1) == 1
    assert LeastLikely().plan().steps == 10
    assert LeastLikely(epsilon=2 / 255).plan().steps == 2


def view(logits, flee=(), original=None):
    z = np.asarray(logits, np.float32)
    banned = np.zeros(len(z), bool)
    banned[list(flee)] = True
    return View(z, None if original is None else np.asarray(original, np.float32), banned)


def target(goal, seen, seed=0):
    aim = goal.aim((seen,), lambda: np.random.default_rng(seed))
    assert not aim.away
    (index,) = np.flatnonzero(aim.sets[0])
    return int(index)


def test_least_likely_target_is_the_argmin_and_never_a_class_to_hide():
    assert target(LeastLikelyClass("enhanced", 1), view([3, -1, -5, 2])) == 2
    assert target(LeastLikelyClass("enhanced", 2), view([3, -1, -5, 2])) == 1
    assert target(LeastLikelyClass("enhanced", 1), view([3, -1, -5, 2], flee=[2])) == 1
    assert target(LeastLikelyClass("original", 1), view([3, -1, -5, 2], original=[0, 1, 2, -9])) == 3


@pytest.mark.parametrize(
    ("drop_first", "candidates", "want"),
    [(False, "tail", [1, 2, 3]), (True, "tail", [2, 3]), (False, "all_but_first", [1, 2, 3])],
)
def test_p_fgsms_tail_on_a_written_example(drop_first, candidates, want):
    """p = .98 .015 .004 .001: cumulative .98 .995 .999 1, so the tail past .99 is the last three."""
    z = np.log(np.array([0.98, 0.015, 0.004, 0.001], np.float64)).astype(np.float32)
    goal = TailClass(0.99, drop_first, candidates)
    assert goal.choices(z, np.zeros(4, bool)).tolist() == want
    assert goal.choices(z, np.array([False, False, True, False])).tolist() == [i for i in want if i != 2]
    drawn = {target(goal, view(z), seed) for seed in range(50)}
    assert drawn == set(want)


def test_p_fgsms_tail_when_one_class_has_it_all():
    """The first class passes sigma by itself: all others are the tail, and the predicted class is never drawn."""
    sure = np.array([50.0, 0.0, -1.0, -2.0], np.float32)
    assert TailClass(0.99, False, "tail").choices(sure, np.zeros(4, bool)).tolist() == [1, 2, 3]
    assert TailClass(0.99, True, "tail").choices(sure, np.zeros(4, bool)).tolist() == [1, 2, 3]
    only = TailClass(0.999999, True, "tail").choices(
        np.array([9.0, 9.0, 9.0], np.float32), np.array([True, True, False])
    )
    assert only.tolist() == [2]


def test_p_fgsm_stops_when_the_target_is_sure():
    victim, starts = engine(), photos(3)
    task = task_for([victim], starts)
    early = PFGSM(epsilon=32 / 255, stop_probability=0.5, discreet=False).run(starts, task)
    late = PFGSM(epsilon=16 / 255, stop_probability=1.0, max_iterations=30, discreet=False).run(starts, task)
    assert all(a.steps < b.steps == 30 for a, b in zip(early, late, strict=True))
    for outcome in early:
        z = victim.logits(victim.preprocess.rounded(outcome.photo)[None])[0].astype(float)
        p = np.exp(z - z.max())
        assert p.max() / p.sum() > 0.5


def test_linear_model_reaches_the_optimum_in_epsilon_steps():
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(3, 12, 12)).astype(np.float32)
    weights[0, 0, 0] = 0.0
    start = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
    linear = LinearEngine(weights, Preprocess((12, 12)))
    task = task_for([linear], [start])
    (outcome,) = PGD(epsilon=5 / 255, step=1 / 255, steps=5, keep="last").run([start], task)
    uphill = 1 if task.flee[0][0] == (0,) else -1
    best = np.clip(start.astype(int) + 5 * uphill * np.sign(weights.transpose(1, 2, 0)), 0, 255)
    np.testing.assert_array_equal(outcome.photo, best)
    assert outcome.steps == 5
    (single,) = FGSM(epsilon=5 / 255).run([start], task)
    np.testing.assert_array_equal(single.photo, best)


def test_half_level_iterates_are_rounded_towards_the_start():
    start = np.full((12, 12, 3), 100, np.uint8)
    linear = LinearEngine(np.ones((3, 12, 12), np.float32), Preprocess((12, 12)))
    task = task_for([linear], [start])
    results = [PGD(steps=n, keep="last").run([start], task)[0].photo for n in (1, 2, 3, 4, 9)]
    assert [linf(result, start) for result in results] == [0, 1, 1, 2, 2]
    assert len({int(result.flat[0]) for result in results}) == 3


def test_named_readings_of_the_step():
    assert PGD().plan().step == 1
    assert PGD().plan().ball.units == 2
    assert PGD(step="one_level").plan().ball.units == 1
    saturating = PGD(step="literal_saturate").plan()
    assert saturating.step == 2 * saturating.ball.bound
    assert PGD(step="epsilon_over_steps", epsilon=8 / 255).plan().step == 2
    assert PGD(step=1.5 / 255).plan().step == 3
    with pytest.raises(UsageError, match="half_level"):
        PGD(step="tiny")
    with pytest.raises(UsageError, match=r"0\.5/255 or 1/255"):
        PGD(step=0.7 / 255)
    with pytest.raises(UsageError, match="63/255"):
        PGD(epsilon=64 / 255)


def test_random_start_comes_from_the_seed_and_keeps_the_ball():
    victim, start = engine(SQUASHED), photo(31, 40)
    attack = PGD(random_start=True, epsilon=3 / 255)
    same = [attack(start, victim, seed=5) for _ in range(2)]
    np.testing.assert_array_equal(same[0], same[1])
    assert not np.array_equal(same[0], attack(start, victim, seed=6))
    assert linf(same[0], start) <= 3


def test_several_accepted_labels_are_all_fled():
    victim, start = engine(SQUASHED), photo(31, 40)
    z = victim.logits(victim.preprocess.rounded(start)[None])[0]
    accepted = [int(i) for i in np.argsort(-z)[:3]]
    out = PGD(epsilon=8 / 255, steps=20)(start, victim, labels=[accepted])
    after = victim.logits(victim.preprocess.rounded(out)[None])[0]
    assert int(after.argmax()) not in accepted
    banned = np.zeros(10, bool)
    banned[accepted] = True
    assert log_odds(after, banned) > log_odds(z, banned)


def test_early_stop_is_gentler_and_judged_on_the_eight_bit_photo():
    victim, starts = engine(SQUASHED), photos(4)
    task = task_for([victim], starts)
    full = LeastLikely().run(starts, task)
    early = LeastLikely(stop="fooled", margin=0.2).run(starts, task)
    assert sum(o.steps for o in early) < sum(o.steps for o in full)
    for v, (start, outcome) in enumerate(zip(starts, early, strict=True)):
        assert outcome.fooled
        z = victim.logits(victim.preprocess.rounded(outcome.photo)[None])[0].astype(np.float64)
        p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
        assert p[list(task.flee[0][v])].sum() < 0.2
        assert outcome.photo.shape == start.shape


def test_best_loss_is_never_worse_than_last():
    victim, starts = engine(SQUASHED), photos()
    task = task_for([victim], starts)
    attack = PGD(epsilon=8 / 255, step=8 / 255, steps=7)
    gained = []
    for i, (best, last) in enumerate(
        zip(attack.run(starts, task), attack.replaced(keep="last").run(starts, task), strict=True)
    ):
        banned = np.isin(np.arange(10), task.flee[0][i])
        odds = [log_odds(victim.logits(victim.preprocess.rounded(o.photo)[None])[0], banned) for o in (best, last)]
        assert best.fooled >= last.fooled
        assert best.fooled > last.fooled or odds[0] >= odds[1] - 1e-5
        gained.append(odds[0] > odds[1] + 1e-3)
    assert any(gained)  # steps this large jump back and forth, so that the last is not always the best


def test_first_success_stops_at_the_border():
    victim, starts = engine(SQUASHED), photos()
    task = task_for([victim], starts)
    outcomes = PGD(keep="first_success", epsilon=8 / 255, steps=40).run(starts, task)
    assert all(outcome.fooled and outcome.steps < 40 for outcome in outcomes)


def test_several_victims_are_all_fooled_and_the_stubborn_one_weighs_more():
    victims, starts = [engine(SQUASHED, 0), engine(IDENTITY, 1, classes=7), engine(IDENTITY, 2)], photos(4)
    task = task_for(victims, starts)
    for attack in (LeastLikely(epsilon=16 / 255, steps=30), PGD(epsilon=16 / 255, step="one_level", steps=30)):
        for start, outcome in zip(starts, attack.run(starts, task), strict=True):
            assert linf(outcome.photo, start) <= 16
            tops = [int(v.logits(v.preprocess.rounded(outcome.photo)[None]).argmax()) for v in victims]
            was = [int(v.logits(v.preprocess.rounded(start)[None]).argmax()) for v in victims]
            assert outcome.fooled == all(a != b for a, b in zip(tops, was, strict=True))
            assert outcome.fooled


def test_two_equal_victims_are_one():
    victim, starts = engine(SQUASHED), photos(2)
    alone = PGD().run(starts, task_for([victim], starts))
    twice = PGD().run(starts, task_for([victim, victim], starts))
    for one, both in zip(alone, twice, strict=True):
        assert np.mean(one.photo != both.photo) < 1e-3  # the sum of two equal gradients has the same sign


def test_expired_photos_keep_what_they_have():
    victim, starts = engine(SQUASHED), photos(3)
    calls = []

    def expired(index):
        calls.append(index)
        return index == 1

    task = task_for([victim], starts, expired=expired)
    outcomes = LeastLikely().run(starts, task)
    assert [outcome.steps for outcome in outcomes] == [10, 0, 10]
    np.testing.assert_array_equal(outcomes[1].photo, starts[1])
    assert not outcomes[1].fooled


def test_sure_networks_do_not_lose_their_gradient():
    """Logits a thousand apart: a cross entropy in fp32 has no gradient left, the log-odds has."""
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, 12, 12)).astype(np.float32) * 1000
    start = rng.integers(0, 256, (12, 12, 3), dtype=np.uint8)
    linear = LinearEngine(weights, Preprocess((12, 12)))
    (outcome,) = PGD().run([start], task_for([linear], [start]))
    assert outcome.linf == 2
    assert softplus(-800.0) >= 0.0
    assert log_odds(np.array([1e4, -1e4], np.float32), np.array([True, False])) == -2e4


def test_forms_of_the_call(tiny):
    one, two = photo(24, 24, 1), photo(24, 24, 2)
    single = FGSM()(one, tiny)
    assert single.shape == one.shape
    stack = FGSM()(np.stack([one, two]), tiny)
    assert isinstance(stack, np.ndarray)
    assert stack.shape == (2, 24, 24, 3)
    listed = FGSM()([one, photo(30, 20)], [tiny], labels=[3, (1, 2)])
    assert isinstance(listed, list)
    assert [image.shape for image in listed] == [(24, 24, 3), (30, 20, 3)]
    with pytest.raises(UsageError, match="1 labels for 2"):
        FGSM()([one, two], tiny, labels=3)
    with pytest.raises(UsageError, match="photo 1 is float32"):
        FGSM()([one, two.astype(np.float32)], tiny)
    with pytest.raises(UsageError, match="is not a classifier"):
        FGSM()(one, object())
    assert attacks.content_seed(one, 0) != attacks.content_seed(one, 1)


def test_content_seed_is_computed_only_when_it_is_asked_for(monkeypatch):
    one, hashed = photo(24, 24, 1), []
    seed_of = attacks.content_seed
    monkeypatch.setattr("pixelpriv_fast.attacks.task.content_seed", lambda *a: hashed.append(1) or seed_of(*a))
    lazy = attacks.ContentSeed(one, 3)
    assert not hashed
    assert operator.index(lazy) == operator.index(lazy) == seed_of(one, 3)
    assert len(hashed) == 1
