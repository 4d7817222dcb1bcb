"""The fast loop returns the very pixels of ``attacks/reference.py``, for every lattice attack and its fields."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast import attacks
from pixelpriv_fast.attacks.reference import attack_one
from pixelpriv_fast.registry import ATTACKS
from tests.attacks.conftest import CLASSES, IDENTITY, SHORT_SIDE, SQUASHED, engine, photo
from tests.attacks.test_contract import LATTICE, task_for
from tests.examples import examples_of

SIZES = [(24, 24), (40, 31), (24, 24), (17, 50), (33, 33)]
BATCH = 2


def settings(name: str):
    """The attack with its defaults, and with every field at its other value."""
    kind = ATTACKS.load(name)
    yield pytest.param(kind(lift=False), id=name)
    for field, example in examples_of(kind).items():
        if example is not None and field not in ("lift", "discreet"):
            value, setting = example
            yield pytest.param(kind(lift=False, **{**setting, field: value}), id=f"{name}-{field}")


MORE = [
    attacks.PGD(keep="best_loss", stop="fooled", epsilon=8 / 255, lift=False),
    attacks.PGD(keep="first_success", random_start=True, epsilon=8 / 255, lift=False),
    attacks.PGD(keep="last", stop="fooled", margin=0.5, epsilon=8 / 255, random_start=True, lift=False),
    attacks.LeastLikely(keep="best_loss", stop="target", steps=12, lift=False),
    attacks.LeastLikely(keep="first_success", step=0.5 / 255, steps=12, lift=False),
    attacks.PFGSM(keep="best_loss", max_iterations=15, lift=False),
]


def attack_with_the_definition(attack, victim, starts, task) -> list[np.ndarray]:
    results = []
    for i, start in enumerate(starts):
        flee = np.isin(np.arange(CLASSES), task.flee[0][i])
        rng = np.random.default_rng(task.seeds[i])
        results.append(attack_one(start, victim, flee, attack.plan(), rng, task.original_logits[0][i], task.batch))
    return results


@pytest.mark.parametrize("attack", [case for name in LATTICE for case in settings(name)] + MORE)
def test_the_fast_loop_returns_the_definitions_pixels(attack):
    for preprocess in (IDENTITY, SQUASHED, SHORT_SIDE):
        victim, starts = engine(preprocess), [photo(*size, seed=i) for i, size in enumerate(SIZES)]
        task = task_for([victim], starts, batch=BATCH)
        task = dataclasses.replace(task, original_logits=(task.original_logits[0][:, ::-1].copy(),))
        expected = attack_with_the_definition(attack, victim, starts, task)
        assert any(not np.array_equal(want, start) for want, start in zip(expected, starts, strict=True))
        for want, outcome in zip(expected, attack.run(starts, task), strict=True):
            np.testing.assert_array_equal(outcome.photo, want)
