"""What every registered attack promises: budget, range, type, determinism, independence of the batch, live fields."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast import attacks
from pixelpriv_fast.attacks import AttackTask, content_seed
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import ATTACKS
from tests.attacks.conftest import IDENTITY, SHORT_SIDE, SQUASHED, LinearScorer, engine, photo
from tests.examples import examples_of

LATTICE = [name for name in ATTACKS if issubclass(ATTACKS.load(name), attacks.LatticeAttack)]
SIZES = [(24, 24), (40, 31), (17, 50), (24, 24), (5, 90), (33, 33)]


def photos(count: int = len(SIZES)) -> list[np.ndarray]:
    return [photo(*SIZES[i], seed=i) for i in range(count)]


def linf(first: np.ndarray, second: np.ndarray) -> int:
    return int(np.abs(first.astype(int) - second).max())


def task_for(victims, starts, **fields) -> AttackTask:
    logits = tuple(v.logits(np.stack([v.preprocess.rounded(p) for p in starts])) for v in victims)
    flee = tuple(tuple((int(row.argmax()),) for row in z) for z in logits)
    return AttackTask(tuple(victims), flee, [content_seed(p, 0) for p in starts], logits, **fields)


@pytest.mark.parametrize("name", list(ATTACKS))
def test_the_package_has_it_by_its_class_name(name):
    kind = ATTACKS.load(name)
    assert issubclass(kind, attacks.Attack)
    assert getattr(attacks, kind.__name__) is kind
    assert kind.__name__ in attacks.__all__
    with pytest.raises(AttributeError, match="attacks' has no attribute 'Sorcery'"):
        _ = attacks.Sorcery


@pytest.mark.parametrize("name", list(ATTACKS))
def test_every_attack_keeps_its_budget_and_the_given_photos(name):
    attack, starts = ATTACKS.load(name)(), photos(4)
    kept, task = [start.copy() for start in starts], task_for([engine(SQUASHED)], starts)
    for start in starts:
        start.flags.writeable = False
    first, again = attack.run(starts, task), attack.run(starts, task)
    for start, before, outcome, same in zip(starts, kept, first, again, strict=True):
        np.testing.assert_array_equal(start, before)
        assert (outcome.photo.dtype, outcome.photo.shape) == (np.uint8, start.shape)
        assert outcome.linf == linf(outcome.photo, start) <= attack.budget
        np.testing.assert_array_equal(outcome.photo, same.photo)
    assert any(not np.array_equal(outcome.photo, start) for outcome, start in zip(first, starts, strict=True))


@pytest.mark.parametrize("name", list(ATTACKS))
def test_stronger_stays_inside_the_budget(name):
    attack = ATTACKS.load(name)()
    stronger = attack.stronger()
    assert stronger is None or stronger.budget == attack.budget


@pytest.mark.parametrize("preprocess", [IDENTITY, SQUASHED, SHORT_SIDE], ids=["identity", "squashed", "short_side"])
@pytest.mark.parametrize("name", LATTICE)
def test_budget_range_type_and_shape(name, preprocess):
    attack = ATTACKS.load(name)()
    starts = photos()
    kept = [start.copy() for start in starts]
    victim = engine(preprocess)
    for start, before, outcome in zip(starts, kept, attack.run(starts, task_for([victim], starts)), strict=True):
        np.testing.assert_array_equal(start, before)
        assert outcome.photo.dtype == np.uint8
        assert outcome.photo.shape == start.shape
        assert 0 < linf(outcome.photo, start) <= round(attack.epsilon * 255)
        assert outcome.linf == linf(outcome.photo, start)
        top = victim.logits(preprocess.rounded(outcome.photo)[None]).argmax()
        was = victim.logits(preprocess.rounded(start)[None]).argmax()
        assert outcome.fooled == (top != was)


@pytest.mark.parametrize("name", LATTICE)
def test_most_photos_are_fooled_at_their_own_size(name):
    victim, starts = engine(SQUASHED), photos()
    outcomes = ATTACKS.load(name)(epsilon=16 / 255).run(starts, task_for([victim], starts))
    assert sum(outcome.fooled for outcome in outcomes) >= len(starts) - 1


@pytest.mark.parametrize("name", LATTICE)
def test_deterministic_and_independent_of_order_and_batch(name):
    attack, victim, starts = ATTACKS.load(name)(), engine(SQUASHED), photos()
    first = attack.run(starts, task_for([victim], starts, batch=4))
    again = attack.run(starts, task_for([victim], starts, batch=4))
    backwards = attack.run(starts[::-1], task_for([victim], starts[::-1], batch=4))[::-1]
    singles = [attack.run([start], task_for([victim], [start]))[0] for start in starts]
    for one, same, turned, single in zip(first, again, backwards, singles, strict=True):
        np.testing.assert_array_equal(one.photo, same.photo)
        assert one.fooled == turned.fooled == single.fooled
        # Sums of a batched pass round differently: a few gradients near zero may change sign.
        assert np.mean(one.photo != turned.photo) < 0.02
        assert np.mean(one.photo != single.photo) < 0.02


@pytest.mark.parametrize("name", LATTICE)
def test_stronger_keeps_the_ball_and_gains(name):
    attack = ATTACKS.load(name)()
    stronger = attack.stronger()
    assert stronger.epsilon == attack.epsilon
    assert stronger.plan().keep == "best_loss"
    assert stronger.plan().stop is None
    assert stronger.plan().steps >= attack.plan().steps
    starts = photos(3)
    outcomes = stronger.run(starts, task_for([engine(SQUASHED)], starts))
    assert all(outcome.fooled and outcome.linf <= round(attack.epsilon * 255) for outcome in outcomes)


@pytest.mark.parametrize("name", list(ATTACKS))
def test_every_field_changes_the_output(name):
    kind = ATTACKS.load(name)
    examples = examples_of(kind)
    victim, starts = engine(SQUASHED), [*photos(3), photo(90, 120, seed=3)]
    task = task_for([victim], starts)
    # What was seen before an enhancement differs from what is attacked.
    original_logits = (task.original_logits[0][:, ::-1].copy(),)
    task = dataclasses.replace(task, original_logits=original_logits, scorer=LinearScorer.of())
    for field, example in examples.items():
        if example is None:
            continue
        value, setting = example
        base = kind(**setting)
        changed = dataclasses.replace(base, **{field: value})
        pairs = zip(base.run(starts, task), changed.run(starts, task), strict=True)
        assert any(not np.array_equal(a.photo, b.photo) for a, b in pairs), field


@pytest.mark.parametrize("name", LATTICE)
def test_epsilon_off_the_lattice_names_the_nearest(name):
    kind = ATTACKS.load(name)
    with pytest.raises(UsageError, match=r"2/255 or 3/255"):
        kind(epsilon=0.01)
    with pytest.raises(UsageError, match="write 8/255"):
        kind(epsilon=8)
    with pytest.raises(UsageError, match="positive"):
        kind(epsilon=0.0)


def test_photos_and_tasks_that_do_not_fit_are_refused(tiny):
    attack, start = attacks.FGSM(), photo(24, 24)
    good = task_for([tiny], [start])
    with pytest.raises(UsageError, match="photo 0 is float32"):
        attack.run([start.astype(np.float32)], good)
    with pytest.raises(UsageError, match="empty"):
        attack.run([start[:0]], good)
    with pytest.raises(UsageError, match="seeds"):
        attack.run([start], dataclasses.replace(good, seeds=[]))
    with pytest.raises(UsageError, match=r"0\.\.9"):
        attack.run([start], dataclasses.replace(good, flee=(((10,),),)))
    with pytest.raises(UsageError, match="nowhere to go"):
        attack.run([start], dataclasses.replace(good, flee=((tuple(range(10)),),)))
    with pytest.raises(UsageError, match="original_logits"):
        attack.run([start], dataclasses.replace(good, original_logits=(np.zeros((1, 3), np.float32),)))
    with pytest.raises(UsageError, match="no classifier"):
        attack.run([start], AttackTask((), (), [0]))


def test_strided_and_read_only_photos_are_taken(tiny):
    start = photo(24, 48)[:, ::2]
    frozen = start.copy()
    frozen.flags.writeable = False
    got = attacks.PGD()([start, frozen], tiny)
    np.testing.assert_array_equal(got[0], got[1])
