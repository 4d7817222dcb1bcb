"""Large photos: steps at the network's size, lifted once; exact steps where that is not enough or does not apply."""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np
import pytest

from pixelpriv_fast import attacks
from pixelpriv_fast.attacks import AttackTask, content_seed, lifting
from pixelpriv_fast.attacks.descent import run_to_end
from pixelpriv_fast.attacks.photo_state import Start
from pixelpriv_fast.logits import softmax
from pixelpriv_fast.models import Preprocess
from pixelpriv_fast.registry import ATTACKS
from tests.attacks.conftest import IDENTITY, SHORT_SIDE, SIZE, SQUASHED, LinearEngine, engine, photo

LATTICE = [name for name in ATTACKS if issubclass(ATTACKS.load(name), attacks.LatticeAttack)]
LARGE = [(90, 120), (130, 85), (61, 200)]


def photos() -> list[np.ndarray]:
    return [photo(*size, seed=i) for i, size in enumerate(LARGE)]


def task_for(victims, starts, **fields) -> AttackTask:
    logits = tuple(v.logits(np.stack([v.preprocess.rounded(p) for p in starts])) for v in victims)
    flee = tuple(tuple((int(row.argmax()),) for row in z) for z in logits)
    return AttackTask(tuple(victims), flee, [content_seed(p, 0) for p in starts], logits, **fields)


def linf(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second).max())


@pytest.mark.parametrize("preprocess", [SQUASHED, SHORT_SIDE], ids=["squashed", "short_side"])
@pytest.mark.parametrize("name", LATTICE)
def test_large_photos_are_fooled_inside_the_ball(name, preprocess):
    attack, victim, starts = ATTACKS.load(name)(epsilon=16 / 255), engine(preprocess), photos()
    kept = [start.copy() for start in starts]
    outcomes = attack.run(starts, task_for([victim], starts))
    for start, before, outcome in zip(starts, kept, outcomes, strict=True):
        np.testing.assert_array_equal(start, before)
        assert outcome.photo.shape == start.shape
        assert 0 < outcome.linf == linf(outcome.photo, start) <= 16
        top, was = (victim.logits(preprocess.rounded(p)[None]).argmax() for p in (outcome.photo, start))
        assert outcome.fooled == (top != was)
    assert all(outcome.fooled for outcome in outcomes)


@pytest.mark.parametrize("name", LATTICE)
@pytest.mark.parametrize("preprocess", [IDENTITY, SQUASHED], ids=["identity", "squashed"])
def test_photos_of_about_the_networks_size_take_the_exact_steps(name, preprocess):
    """The paper's photos are among them: the same bytes with and without lifting."""
    victim, starts = engine(preprocess), [photo(*preprocess.resize_to), photo(30, 34), photo(17, 200)]
    task = task_for([victim], starts)
    attack = ATTACKS.load(name)()
    for one, other in zip(attack.run(starts, task), attack.replaced(lift=False).run(starts, task), strict=True):
        np.testing.assert_array_equal(one.photo, other.photo)
        assert one.steps == other.steps


def test_what_is_large():
    victim = engine(SQUASHED)  # resizes to 28 x 28
    assert lifting.liftable(photo(40, 40), [victim])
    assert not lifting.liftable(photo(39, 40), [victim])  # not twice the pixels
    assert not lifting.liftable(photo(28, 500), [victim])  # one axis is not reduced
    assert not lifting.liftable(photo(20, 500), [victim])
    assert not lifting.liftable(photo(500, 500), [engine(Preprocess(SIZE))])  # cropped only
    assert lifting.liftable(photo(90, 90), [victim, engine(dataclasses.replace(SQUASHED, mean=(1.0, 2.0, 3.0)))])
    assert not lifting.liftable(photo(90, 90), [victim, engine(SHORT_SIDE)])


def test_small_and_large_photos_mix_in_order():
    victim = engine(SQUASHED)
    starts = [photo(24, 24, seed=4), photos()[0], photo(33, 33, seed=5), photos()[1]]
    attack = attacks.LeastLikely(epsilon=16 / 255)
    mixed = attack.run(starts, task_for([victim], starts, batch=1))
    for start, outcome in zip(starts, mixed, strict=True):
        (alone,) = attack.run([start], task_for([victim], [start], batch=1))
        np.testing.assert_array_equal(outcome.photo, alone.photo)


def test_steps_never_visit_the_large_photo():
    """Its network input is made only to judge it: with the start and the steps at the network's size."""
    weights = np.random.default_rng(0).standard_normal((3, *SIZE)).astype(np.float32)
    victim = LinearEngine(weights, SQUASHED)
    start = photo(200, 300)
    flee = (((0,),),) if victim.logits(SQUASHED.rounded(start)[None])[0, 1] < 0 else (((1,),),)
    victim.forwards = 0
    attack = attacks.PGD(epsilon=8 / 255, step=1 / 255, keep="last", discreet=False)
    (outcome,) = attack.run([start], AttackTask((victim,), flee, [0]))
    assert outcome.fooled
    assert victim.gradients == outcome.steps == 10
    assert victim.forwards == 2  # the steps' last, and the large one after the lift


@pytest.mark.parametrize(("margin", "fooled"), [(1.0, None), (0.0, True)])
def test_who_judges_the_file_is_not_asked_about_a_safe_margin(monkeypatch, margin, fooled):
    """The saved file will be judged; only a photo that does not fool by the margin is judged before."""
    monkeypatch.setattr(lifting, "MARGIN", margin)
    victim, start = engine(SQUASHED), photos()[0]
    task = task_for([victim], [start], judged=False)
    (outcome,) = attacks.LeastLikely(epsilon=16 / 255, discreet=False).run([start], task)
    assert outcome.fooled is fooled
    (judged,) = attacks.LeastLikely(epsilon=16 / 255, discreet=False).run([start], task_for([victim], [start]))
    assert judged.fooled
    np.testing.assert_array_equal(judged.photo, outcome.photo)


def test_exact_steps_go_on_where_the_lifted_photo_does_not_fool(monkeypatch):
    monkeypatch.setattr(lifting, "SHARE", 1e-9)  # nothing to lift
    victim, starts = engine(SQUASHED), photos()
    task = task_for([victim], starts)
    attack = attacks.PGD(epsilon=24 / 255, step=1 / 255, steps=24, keep="last")
    outcomes = attack.run(starts, task)
    assert all(outcome.fooled and outcome.linf <= 24 for outcome in outcomes)
    rounds = len(lifting.SEEN)
    assert all(24 * rounds < outcome.steps < 24 * (rounds + 1) for outcome in outcomes)


def calm(height: int, width: int) -> np.ndarray:
    """Noise in the left half, one colour in the right half."""
    grain = np.random.default_rng(0).integers(60, 196, (height // 6 + 1, width // 6 + 1, 3), np.uint8)
    noisy = np.repeat(np.repeat(grain, 6, axis=0), 6, axis=1)[:height, :width].copy()
    noisy[:, width // 2 :] = (120, 130, 140)
    return noisy


def change_by_half(attack, victim, start) -> tuple[float, float]:
    """The mean change of a photo's left half and of its right half, away from the line between them."""
    (outcome,) = attack.run([start], task_for([victim], [start]))
    assert outcome.fooled
    moved = np.abs(outcome.photo.astype(float) - start)
    middle, aside = start.shape[1] // 2, start.shape[1] // 8
    return moved[:, : middle - aside].mean(), moved[:, middle + aside :].mean()


def test_smooth_parts_change_least(monkeypatch):
    monkeypatch.setattr(lifting, "MARGIN", 1.0)  # fooled is enough: the first round that does
    victim, start = engine(SQUASHED), calm(120, 160)
    textured, smooth = change_by_half(attacks.LeastLikely(), victim, start)
    assert 0.0 < smooth < textured / 2
    textured, smooth = change_by_half(attacks.LeastLikely(discreet=False), victim, start)
    assert smooth > textured / 2


def test_more_is_allowed_until_the_margin_is_reached(monkeypatch):
    """Every round goes on from the last one's change, and one that cannot be satisfied ends with the last round."""
    victim, starts = engine(SQUASHED), photos()
    task, attack, begins = task_for([victim], starts), attacks.LeastLikely(), []
    original = lifting.run_to_end

    def watched(starts, task, plan):
        states = original(starts, task, plan)
        changes = [state.iterate.change() for state in states]
        begins.append(([start.offsets for start in starts], [start.weights for start in starts], changes))
        return states

    monkeypatch.setattr(lifting, "run_to_end", watched)
    monkeypatch.setattr(lifting, "MARGIN", 0.0)
    outcomes = attack.run(starts, task)
    assert len(begins) == len(lifting.SEEN)
    assert all(outcome.steps == len(lifting.SEEN) * attack.plan().steps for outcome in outcomes)
    assert begins[0][0] == [None] * len(starts)
    for (was, now), (seen, wider) in zip(pairwise(begins), pairwise(lifting.SEEN), strict=True):
        (_, before, stood), (begin, after, _) = was, now
        for i in range(len(starts)):
            assert np.all(after[i] <= lifting.SHARE)
            np.testing.assert_allclose(after[i], np.minimum(lifting.SHARE, before[i] * wider / seen), rtol=1e-6)
            assert np.abs(after[i] * begin[i] - stood[i]).max() <= after[i].max() / 2 + 1e-6
    monkeypatch.setattr(lifting, "MARGIN", 1.0)
    assert sum(outcome.steps for outcome in attack.run(starts, task)) < sum(outcome.steps for outcome in outcomes)


def test_steps_keep_inside_what_is_allowed():
    """Weights scale the ball pixel by pixel, and what is judged is what stands, unrounded."""
    victim, small = engine(IDENTITY), photo(*SIZE)
    weights = np.linspace(0.05, 0.9, SIZE[0] * SIZE[1], dtype=np.float32).reshape(*SIZE, 1)
    plan, task = attacks.PGD(epsilon=6 / 255, steps=20).plan(), task_for([victim], [small])
    (state,) = run_to_end([Start(small, weights=weights)], task, plan)
    change = state.iterate.change()
    assert np.all(np.abs(change) <= 6 * weights + 1e-5)
    assert np.mean(np.abs(change) >= 6 * weights - 1e-5) > 0.3
    z = victim.logits(IDENTITY.for_size(*small.shape[:2]).unscaled(small + change)[None])[0]
    shown = softmax(z)[list(task.flee[0][0])].sum()
    assert state.assessment.shown == pytest.approx(float(shown))


def test_a_deadline_and_originals_follow_their_photos():
    victim, starts = engine(SQUASHED), [photo(24, 24), *photos()]
    asked = []
    task = task_for([victim], starts, expired=lambda i: bool(asked.append(i)) or i == 2)
    outcomes = attacks.LeastLikely(target="original", epsilon=16 / 255).run(starts, task)
    assert set(asked) == {0, 1, 2, 3}
    assert outcomes[2].steps == 0
    assert outcomes[1].steps > 0
    part = task.only([2, 0])
    np.testing.assert_array_equal(part.original_logits[0], task.original_logits[0][[2, 0]])
    assert part.seeds == [task.seeds[2], task.seeds[0]]
    assert part.flee[0] == (task.flee[0][2], task.flee[0][0])
