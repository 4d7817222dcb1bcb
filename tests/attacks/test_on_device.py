"""Attacks whose steps a victim takes by itself: the host's results, and only where nobody needs to look."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.attacks import PGD, LeastLikely
from pixelpriv_fast.attacks.task import AttackTask
from pixelpriv_fast.engines.torch.engine import TorchEngine

from .conftest import IDENTITY, SHORT_SIDE, SIZE, engine, network, photo

LAST = PGD(epsilon=4 / 255, steps=6, keep="last")


class Walking(TorchEngine):
    """A torch engine that walks on the CPU too, and notes the photos and steps of its walks."""

    __slots__ = ()
    walks: list[tuple[int, int]] = []  # noqa: RUF012

    @property
    def device_loop(self):
        return self

    def run(self, starts, *rest, steps, **options):
        self.walks.append((len(starts), steps))
        return self.loop_here().run(starts, *rest, steps=steps, **options)


@pytest.fixture
def walking():
    Walking.walks.clear()
    return Walking.of("tiny0", network(0), IDENTITY, "cpu")


def task(victims, photos, **options) -> AttackTask:
    flee = tuple(tuple((2,) for _ in photos) for _ in victims)
    return AttackTask(tuple(victims), flee, [0] * len(photos), batch=4, **options)


@pytest.mark.parametrize("attack", [LAST, LeastLikely(epsilon=6 / 255), LAST.replaced(random_start=True)])
def test_walked_photos_are_those_of_the_host(walking, attack):
    photos = [photo(*SIZE, seed) for seed in range(6)]
    walked = attack.run(photos, task([walking], photos))
    assert walking.walks == [(4, attack.plan().steps), (2, attack.plan().steps)]
    for got, want in zip(walked, attack.run(photos, task([engine()], photos)), strict=True):
        assert np.mean(got.photo != want.photo) < 0.005
        assert (got.steps, got.linf, got.fooled) == (want.steps, want.linf, want.fooled)


def test_a_photo_walks_or_not_whoever_else_is_there(walking):
    photos = [photo(*SIZE), photo(34, 30, 1), photo(*SIZE, 2)]
    together = LAST.run(photos, task([walking], photos))
    assert walking.walks == [(2, 6)]
    for one, outcome in zip(photos, together, strict=True):
        (alone,) = LAST.run([one], task([walking], [one]))
        np.testing.assert_array_equal(alone.photo, outcome.photo)


def test_a_walk_pauses_to_ask_whether_photos_have_expired(walking):
    photos = [photo(*SIZE), photo(*SIZE, 1)]
    asked = []

    def expired(index: int) -> bool:
        asked.append(index)
        return index == 1 and asked.count(1) > 1

    first, second = LAST.run(photos, task([walking], photos, expired=expired))
    assert (first.steps, second.steps) == (6, 5)
    assert walking.walks == [(2, 5), (1, 1)]


@pytest.mark.parametrize("attack", [LAST.replaced(keep="best_loss"), LAST.replaced(stop="fooled")])
def test_iterates_that_must_be_judged_are_not_walked_over(walking, attack):
    photos = [photo(*SIZE)]
    attack.run(photos, task([walking], photos))
    assert walking.walks == []


def test_several_victims_do_not_walk(walking):
    photos = [photo(*SIZE)]
    LAST.run(photos, task([walking, engine(SHORT_SIDE, 1)], photos))
    assert walking.walks == []
