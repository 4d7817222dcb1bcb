"""Photos with transparency are attacked over white and over black at once, and only where they are seen."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast import attacks
from pixelpriv_fast.attacks import AttackTask, content_seed
from pixelpriv_fast.attacks.cascade import Cascade
from pixelpriv_fast.attacks.copies import OverBackground, reduced_with_alpha
from pixelpriv_fast.attacks.goals import Flee, View, towards
from pixelpriv_fast.attacks.least_likely import LeastLikelyClass
from pixelpriv_fast.attacks.reference import attack_one
from pixelpriv_fast.codecs.transparency import BACKGROUNDS, BLACK, WHITE, over
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import ATTACKS
from tests.attacks.conftest import CLASSES, IDENTITY, SHORT_SIDE, SQUASHED, LinearEngine, engine, photo
from tests.attacks.test_contract import LATTICE, linf
from tests.attacks.test_reference import settings

SIZES = [(24, 24), (40, 31), (17, 50), (33, 33)]


def veil(height: int, width: int, seed: int = 0) -> np.ndarray:
    """Opaque in the middle, fading, with a hard hole and a hidden border."""
    rows, columns = np.mgrid[0:height, 0:width]
    far = np.hypot((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5)
    alpha = np.clip(255 * (1.3 - 2 * far), 0, 255).astype(np.uint8)
    alpha[: height // 6], alpha[:, : 1 + seed % 3] = 0, 0
    alpha[height // 2 :, width // 2 : width // 2 + 3] = 0
    return alpha


def task_over(victims, starts, alphas, **fields) -> AttackTask:
    """Each victim reads the photos over white, then each over black."""
    seats = [(victim, background) for background in BACKGROUNDS for victim in victims]
    logits = tuple(
        v.logits(np.stack([v.preprocess.rounded(over(p, a, b)) for p, a in zip(starts, alphas, strict=True)]))
        for v, b in seats
    )
    return AttackTask(
        tuple(v for v, _ in seats),
        tuple(tuple((int(row.argmax()),) for row in z) for z in logits),
        [content_seed(p, 0) for p in starts],
        logits,
        alphas=tuple(alphas),
        backgrounds=tuple(b for _, b in seats),
        **fields,
    )


def cases(sizes=SIZES):
    return [photo(*s, seed=i) for i, s in enumerate(sizes)], [veil(*s, seed=i) for i, s in enumerate(sizes)]


def fools(victim, pixels, alpha, task, i) -> list[bool]:
    shown = np.stack([victim.preprocess.rounded(over(pixels, alpha, b)) for b in BACKGROUNDS])
    return [int(row.argmax()) not in task.flee[v][i] for v, row in enumerate(victim.logits(shown))]


MORE = [attacks.PGD(keep="last", stop="fooled", random_start=True, epsilon=8 / 255, lift=False)]


@pytest.mark.parametrize("attack", [case for name in LATTICE for case in settings(name)] + MORE)
def test_the_fast_loop_returns_the_definitions_pixels(attack):
    for preprocess in (IDENTITY, SQUASHED):
        victim, (starts, alphas) = engine(preprocess), cases([(24, 24), (24, 24), (40, 31)])
        task = task_over([victim], starts, alphas, batch=2)
        for i, outcome in enumerate(attack.run(starts, task)):
            flee = [np.isin(np.arange(CLASSES), task.flee[v][i]) for v in range(2)]
            originals = [task.original_logits[v][i] for v in range(2)]
            rng = np.random.default_rng(task.seeds[i])
            want = attack_one(starts[i], victim, flee, attack.plan(), rng, originals, 2, alphas[i])
            np.testing.assert_array_equal(outcome.photo, want)
            assert not np.array_equal(want, starts[i])


@pytest.mark.parametrize("lift", [False, True], ids=["exact", "lifted"])
@pytest.mark.parametrize("preprocess", [IDENTITY, SQUASHED, SHORT_SIDE], ids=["identity", "squashed", "short_side"])
@pytest.mark.parametrize("name", LATTICE)
def test_what_is_hidden_stays_and_what_is_seen_fools_over_both(name, preprocess, lift):
    attack, victim = ATTACKS.load(name)(epsilon=24 / 255, lift=lift), engine(preprocess)
    starts, alphas = cases([*SIZES, (90, 120)])
    task = task_over([victim], starts, alphas)
    outcomes = attack.run(starts, task)
    for i, (start, alpha, outcome) in enumerate(zip(starts, alphas, outcomes, strict=True)):
        np.testing.assert_array_equal(outcome.photo[alpha == 0], start[alpha == 0])
        assert 0 < outcome.linf == linf(outcome.photo, start) <= attack.budget
        assert outcome.fooled == all(fools(victim, outcome.photo, alpha, task, i))
    assert sum(outcome.fooled for outcome in outcomes) >= 4


@pytest.mark.parametrize("name", list(ATTACKS))
def test_hidden_colours_have_no_influence(name):
    attack, victim = ATTACKS.load(name)(), engine(SQUASHED)
    attack = attack.replaced(max_iterations=20) if name == "p_fgsm" else attack
    starts, alphas = cases([(33, 33), (24, 24)])
    others = [start.copy() for start in starts]
    for other, alpha in zip(others, alphas, strict=True):
        other[alpha == 0] = 255 - other[alpha == 0]
    task = task_over([victim], starts, alphas)
    again = dataclasses.replace(task_over([victim], others, alphas), seeds=task.seeds)
    for one, other, alpha in zip(attack.run(starts, task), attack.run(others, again), alphas, strict=True):
        kept = (alpha if one.alpha is None else one.alpha) > 0
        if one.alpha is not None:  # moved: an edge is a mixture with what lies beside it
            np.testing.assert_array_equal(one.alpha, other.alpha)
            kept = one.alpha == 255
        np.testing.assert_array_equal(one.photo[kept], other.photo[kept])


def test_an_opaque_alpha_channel_changes_nothing():
    """Both copies are the photo itself then: the same sign of the same gradient, twice."""
    victim, (starts, _) = engine(SQUASHED), cases()
    opaque = [np.full(start.shape[:2], 255, np.uint8) for start in starts]
    task = task_over([victim], starts, opaque)
    plain = AttackTask(task.victims[:1], task.flee[:1], task.seeds, task.original_logits[:1])
    attack = attacks.LeastLikely(lift=False)  # whole levels: what is read is the 8-bit photo either way
    for one, other in zip(attack.run(starts, task), attack.run(starts, plain), strict=True):
        np.testing.assert_array_equal(one.photo, other.photo)


def test_several_classifiers_must_all_be_fooled_over_both():
    victims, (starts, alphas) = [engine(SQUASHED), engine(SQUASHED, seed=1)], cases([(40, 40), (33, 50)])
    task = task_over(victims, starts, alphas)
    outcomes = attacks.PGD(epsilon=24 / 255, step=1 / 255, steps=40, keep="best_loss").run(starts, task)
    for i, outcome in enumerate(outcomes):
        seen = [
            int(v.logits(v.preprocess.rounded(over(outcome.photo, alphas[i], b))[None]).argmax()) not in task.flee[s][i]
            for s, (v, b) in enumerate((v, b) for b in BACKGROUNDS for v in victims)
        ]
        assert outcome.fooled == all(seen)
    assert any(outcome.fooled for outcome in outcomes)


def test_photos_with_and_without_transparency_share_a_call():
    victim, (starts, alphas) = engine(SQUASHED), cases()
    mixed = task_over([victim], starts, [alphas[0], None, alphas[2], None])
    attack = attacks.LeastLikely()
    for i, outcome in enumerate(attack.run(starts, mixed)):
        (alone,) = attack.run([starts[i]], mixed.only([i]))
        np.testing.assert_array_equal(outcome.photo, alone.photo)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_the_gradient_is_that_of_the_composite(background):
    """Against differences of the loss, with the photo in real numbers."""
    victim, start, alpha = engine(IDENTITY), photo(24, 24).astype(np.float32), veil(24, 24)
    copy, classes = OverBackground(alpha, background), np.arange(CLASSES) == 3
    read = IDENTITY.for_size(24, 24)

    def loss(values: np.ndarray) -> float:
        z = victim.logits(read.unscaled(copy.exact(values.astype(np.float32)))[None])[0].astype(np.float64)
        return float(np.logaddexp.reduce(z[~classes]) - np.logaddexp.reduce(z[classes]))

    _, gradient = victim.gradient(read.unscaled(copy.exact(start))[None], classes[None])
    by_copy = np.zeros(start.shape, np.float32)
    read.adjoint(gradient[0], by_copy)
    pulled = copy.pullback(by_copy)
    assert not pulled[alpha == 0].any()
    for seed in range(5):
        direction = np.random.default_rng(seed).standard_normal(start.shape)
        slope = (loss(start + 0.02 * direction) - loss(start - 0.02 * direction)) / 0.04
        assert slope == pytest.approx(float((pulled * direction).sum()), rel=0.05, abs=0.003)


def test_a_step_climbs_the_mean_loss_of_both_copies():
    """Two classes and a linear network: with copies that agree, a step goes along the gradient where something is seen."""
    weights = np.random.default_rng(0).standard_normal((3, 24, 24)).astype(np.float32)
    victim, start, alpha = LinearEngine(weights, IDENTITY), photo(24, 24), veil(24, 24)
    task = task_over([victim], [start], [alpha])
    task = dataclasses.replace(task, flee=((((0,),)), (((0,),))))
    (outcome,) = attacks.FGSM(epsilon=4 / 255).run([start], task)
    moved = outcome.photo.astype(int) - start
    slope = np.zeros(start.shape, np.float32)
    IDENTITY.for_size(24, 24).adjoint(weights, slope)
    free = (alpha > 0)[..., None] & (start >= 4) & (start <= 251)
    np.testing.assert_array_equal(moved[free], 4 * np.sign(slope[free]))
    assert not moved[alpha == 0].any()


def test_copies_of_one_network_share_their_target():
    def view(logits, flee, network):
        return View(np.asarray(logits, np.float32), None, np.isin(np.arange(len(logits)), flee), network)

    goal = LeastLikelyClass("enhanced", 1)
    white, black = view([9, 0, -1, -9, 3], [0], 0), view([0, 9, -2, -3, 3], [3], 0)
    assert [int(s.argmax()) for s in goal.aim((white, black), None).sets] == [2, 2]  # 3 is fled over black
    apart = goal.aim((white, view([0, 9, -2, -3, 3], [1], 1)), None)
    assert [int(s.argmax()) for s in apart.sets] == [3, 3]
    assert [int(s.argmax()) for s in goal.aim((view([1, 0], [0], 0), view([0, 1], [1], 0)), None).sets] == [1, 0]
    assert [s.tolist() for s in Flee().aim((white, black), None).sets] == [white.flee.tolist(), black.flee.tolist()]
    assert towards([white], lambda v: v.flee).sets[0] is white.flee


def test_a_reduced_photo_shows_what_the_photo_shows():
    start, alpha, read = photo(90, 120, seed=3), veil(90, 120), SHORT_SIDE.for_size(90, 120)
    small, faint = reduced_with_alpha(start, alpha, read)
    for background in (WHITE, BLACK, 100):
        want = read.reduced(over(start, alpha, background)).astype(int)
        assert np.abs(over(small, faint, background).astype(int) - want).max() <= 2


def test_a_moved_photo_takes_its_transparency_along():
    victim, (starts, alphas) = engine(SQUASHED), cases([(40, 31), (90, 120)])
    task = task_over([victim], starts, alphas)
    outcomes = attacks.Euclidean(k=20).run(starts, task)
    for i, outcome in enumerate(outcomes):
        assert outcome.alpha is not None
        assert (outcome.alpha.dtype, outcome.alpha.shape) == (np.uint8, alphas[i].shape)
        assert outcome.fooled == all(fools(victim, outcome.photo, outcome.alpha, task, i))
    assert any(not np.array_equal(outcome.alpha, alpha) for outcome, alpha in zip(outcomes, alphas, strict=True))


def test_a_later_attack_starts_from_the_moved_transparency():
    victim, (starts, alphas) = engine(SQUASHED), cases([(40, 31), (33, 50)])
    task = task_over([victim], starts, alphas)
    moving, noise = attacks.Euclidean(k=3, degrees=5.0, shift_x=0.02, shift_y=0.02), attacks.PGD(epsilon=24 / 255)
    edited = moving.run(starts, task)
    outcomes = Cascade((moving, noise), every=True).run(starts, task)
    for i, (before, outcome) in enumerate(zip(edited, outcomes, strict=True)):
        np.testing.assert_array_equal(outcome.alpha, before.alpha)
        np.testing.assert_array_equal(outcome.photo[outcome.alpha == 0], before.photo[outcome.alpha == 0])
        assert not np.array_equal(outcome.photo, before.photo)
        assert outcome.fooled == all(fools(victim, outcome.photo, outcome.alpha, task, i))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"alphas": (None,)}, "1 alpha channels for 2 photos"),
        ({"backgrounds": (255,)}, "give 2 grey levels"),
        ({"backgrounds": (255, 256)}, "give 2 grey levels"),
        ({"alphas": (None, np.zeros((3, 3), np.uint8))}, r"alpha of photo 1 is uint8 \(3, 3\)"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(fields, message):
    starts, alphas = cases([(24, 24), (40, 31)])
    task = dataclasses.replace(task_over([engine()], starts, alphas), **fields)
    with pytest.raises(UsageError, match=message):
        attacks.FGSM().run(starts, task)
