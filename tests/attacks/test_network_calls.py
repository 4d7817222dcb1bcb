"""What an attack spends: passes of the network, and how photos share them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast.attacks import PGD
from pixelpriv_fast.attacks.iterates import Iterate
from pixelpriv_fast.models import Preprocess
from pixelpriv_fast.models.reading import Reading
from tests.attacks.conftest import LinearEngine
from tests.attacks.test_contract import task_for


def test_forwards_are_not_wasted():
    """Ten gradients and one final look; "best_loss" looks again only where half levels or a resize round."""
    weights = np.random.default_rng(0).normal(size=(3, 12, 12)).astype(np.float32)
    start = np.full((12, 12, 3), 100, np.uint8)

    def cost(attack, preprocess=None):
        linear = LinearEngine(weights, preprocess or Preprocess((12, 12)))
        attack.run([start], dataclasses.replace(task_for([linear], [start])))
        return linear.gradients, linear.forwards - 1  # one is task_for's

    assert cost(PGD(keep="last")) == (10, 1)
    assert cost(PGD(keep="best_loss", step=1 / 255)) == (10, 1)
    assert cost(PGD(keep="best_loss", epsilon=8 / 255)) == (10, 6)  # odd steps stand on half levels
    assert cost(PGD(keep="best_loss", step=1 / 255), Preprocess((12, 12), "squash", (13, 13))) == (10, 10)
    assert cost(PGD(stop="fooled", margin=0.001, keep="last"), Preprocess((12, 12), "squash", (13, 13)))[1] <= 10


@pytest.mark.parametrize(("keep", "gradients"), [("last", 12), ("best_loss", 4)])
def test_photos_step_by_as_many_as_a_pass_holds(keep, gradients):
    """Nobody judged: 3 passes of 2 photos a step. Judged: all five together, so that what is judged shares passes."""
    weights = np.random.default_rng(0).normal(size=(3, 12, 12)).astype(np.float32)
    starts = list(np.random.default_rng(1).integers(0, 256, (5, 12, 12, 3), dtype=np.uint8))
    attack, photos = PGD(steps=4, keep=keep), []
    for most in (None, 2):
        linear = LinearEngine(weights, Preprocess((12, 12)), max_batch=most)
        photos.append([outcome.photo for outcome in attack.run(starts, task_for([linear], starts))])
    np.testing.assert_array_equal(photos[0], photos[1])
    assert linear.gradients == gradients


def test_a_pass_is_spent_on_a_judgement_only_where_somebody_asks():
    rng = np.random.default_rng(1)
    weights = rng.normal(size=(3, 12, 12)).astype(np.float32)
    start = rng.integers(100, 150, (12, 12, 3), dtype=np.uint8)

    def passes(attack, judged):
        linear = LinearEngine(weights, Preprocess((12, 12)))
        task = task_for([linear], [start], judged=judged)
        before = linear.forwards
        (outcome,) = attack.run([start], task)
        return linear.forwards - before, outcome

    last = PGD(epsilon=40 / 255, step="one_level", steps=40, keep="last")
    (told, asked), (silent, unasked) = passes(last, True), passes(last, False)
    assert (told, asked.fooled) == (1, True)
    assert (silent, unasked.fooled) == (0, None)
    np.testing.assert_array_equal(asked.photo, unasked.photo)
    first = passes(last.replaced(keep="first_success"), True)  # whole levels: its own logits are the judgement
    assert first[0] == 0
    assert first[1].fooled
    assert first[1].steps < 40


@pytest.mark.parametrize("reading", [Preprocess((12, 12)), Preprocess((12, 12), "squash", (13, 13))])
@pytest.mark.parametrize("attack", [PGD(keep="last"), PGD(keep="best_loss"), PGD(stop="fooled", margin=0.001)])
def test_a_step_reads_the_photo_for_the_next_one(monkeypatch, attack, reading):
    """The last victim's input comes with the step: its photos are read once each, and nothing is other for it."""
    rng = np.random.default_rng(2)
    starts = list(rng.integers(0, 256, (3, 30, 20, 3), dtype=np.uint8))
    first, last = Preprocess((30, 20), std=(90.0, 80.0, 70.0)), reading
    weights = rng.normal(size=(3, 30, 20)).astype(np.float32), rng.normal(size=(3, 12, 12)).astype(np.float32)
    read, exact, step = [], Reading.exact, Iterate.step

    def silent(*arguments, **named):
        step(*arguments, **named)

    def counted(self, *arguments):
        read.append(self.geometry)
        return exact(self, *arguments)

    def attacked():
        read.clear()
        victims = [LinearEngine(w, p) for w, p in zip(weights, (first, last), strict=True)]
        return attack.run(starts, task_for(victims, starts))

    monkeypatch.setattr(Reading, "exact", counted)
    ahead = attacked()
    assert read.count(last.geometry) == 3
    assert read.count(first.geometry) == sum(outcome.steps + (outcome.steps < attack.steps) for outcome in ahead)
    monkeypatch.setattr(Iterate, "step", silent)
    for got, want in zip(ahead, attacked(), strict=True):
        np.testing.assert_array_equal(got.photo, want.photo)
        assert (got.steps, got.fooled) == (want.steps, want.fooled)
