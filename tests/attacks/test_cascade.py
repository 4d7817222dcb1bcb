"""Several attacks as one: later ones run where they are needed, edits stay, and noise of one attack alone is borne."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from pixelpriv_fast.attacks import FGSM, PGD, Attack, AttackOutcome, AttackTask, Euclidean, Robust
from pixelpriv_fast.attacks.cascade import Cascade, retries_of
from tests.attacks.conftest import IDENTITY, engine, photo
from tests.attacks.test_contract import linf, task_for

COUNT = 6
WEAK = FGSM(epsilon=1 / 255)
NARROW = Euclidean(k=1, degrees=0.5, shift_x=0.02, shift_y=0.02)


@dataclass(frozen=True, slots=True)
class Recorded(Attack):
    """Hands on to an attack, and keeps the photos that it was given."""

    attack: Attack
    seen: list[np.ndarray] = field(default_factory=list, compare=False)

    @property
    def budget(self) -> int:
        return self.attack.budget

    def stronger(self) -> Attack | None:
        return self.attack.stronger()

    def _attack(self, starts: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        self.seen.extend(starts)
        return self.attack.run(starts, task)


@pytest.fixture
def starts() -> list[np.ndarray]:
    return [photo(24 + i, 30, seed=i) for i in range(COUNT)]


@pytest.fixture
def task(starts: list[np.ndarray]) -> AttackTask:
    return task_for([engine(IDENTITY)], starts)


def same(found: Sequence[np.ndarray], wanted: Sequence[np.ndarray]) -> bool:
    return len(found) == len(wanted) and all(map(np.array_equal, found, wanted))


def test_a_later_attack_runs_where_the_earlier_ones_left_a_photo_unfooled(
    starts: list[np.ndarray], task: AttackTask
) -> None:
    alone = WEAK.run(starts, task)
    left = [i for i, outcome in enumerate(alone) if not outcome.fooled]
    assert 0 < len(left) < COUNT, "the weak attack fools some"
    second = Recorded(PGD(epsilon=12 / 255, steps=20))
    outcomes = Cascade((WEAK, second)).run(starts, task)
    assert same(second.seen, [starts[i] for i in left]), "noise that did not fool is taken away again"
    for i, outcome in enumerate(outcomes):
        assert outcome.fooled
        assert outcome.linf == linf(outcome.photo, starts[i]) <= (12 if i in left else 1)
        assert (outcome.steps > 1) == (i in left)
        if i not in left:
            np.testing.assert_array_equal(outcome.photo, alone[i].photo)


def test_nothing_more_runs_once_all_photos_are_fooled(starts: list[np.ndarray], task: AttackTask) -> None:
    never = Recorded(PGD())
    outcomes = Cascade((FGSM(epsilon=40 / 255), PGD(epsilon=16 / 255, steps=20), never)).run(starts, task)
    assert all(outcome.fooled for outcome in outcomes)
    assert never.seen == []


def test_noise_stands_on_top_of_an_edit_and_is_measured_against_it(starts: list[np.ndarray], task: AttackTask) -> None:
    edited = NARROW.run(starts, task)
    left = [i for i, outcome in enumerate(edited) if not outcome.fooled]
    assert left
    second = Recorded(PGD(epsilon=3 / 255))
    outcomes = Cascade((NARROW, second)).run(starts, task)
    assert same(second.seen, [edited[i].photo for i in left])
    for i, outcome in enumerate(outcomes):
        change = linf(edited[i].photo, starts[i])
        assert (outcome.edit.linf if outcome.edit else 0) == change
        assert outcome.linf == (linf(outcome.photo, edited[i].photo) if i in left else change)
        assert outcome.linf <= 3 or i not in left
    assert {outcome.edit.name for outcome in outcomes if outcome.edit} == {"euclidean"}


def test_edits_add_up(starts: list[np.ndarray], task: AttackTask) -> None:
    turned = dataclasses.replace(NARROW, degrees=2.0, k=2)
    outcomes = Cascade((NARROW, turned), every=True).run(starts, task)
    both = [outcome for outcome in outcomes if outcome.edit and outcome.edit.name == "euclidean+euclidean"]
    assert both
    for start, outcome in zip(starts, outcomes, strict=True):
        assert outcome.linf == linf(outcome.photo, start) == (outcome.edit.linf if outcome.edit else 0)


def test_the_caller_is_told_of_the_last_attack_only_if_it_asks(starts: list[np.ndarray], task: AttackTask) -> None:
    quiet = Cascade((WEAK, FGSM())).run(starts, dataclasses.replace(task, judged=False))
    asked = Cascade((WEAK, FGSM())).run(starts, task)
    assert {outcome.fooled for outcome in quiet} == {True, None}
    assert {outcome.fooled for outcome in asked} <= {True, False}
    assert same([outcome.photo for outcome in quiet], [outcome.photo for outcome in asked])


@dataclass(frozen=True, slots=True)
class Picky(Recorded):
    """Is content with no photo but those whose first sample is even; tells of each what it was asked."""

    asked: list[np.ndarray] = field(default_factory=list, compare=False)

    def content(self, photos: Sequence[np.ndarray], task: AttackTask) -> list[bool]:
        assert len(task.seeds) == len(photos)
        assert all(original.shape == photo.shape for original, photo in zip(task.originals, photos, strict=True))
        self.asked.extend(photos)
        return [bool(photo[0, 0, 0] % 2 == 0) for photo in photos]


STRONG = FGSM(epsilon=40 / 255)


def test_a_later_attack_may_ask_for_more_than_fooling(starts: list[np.ndarray], task: AttackTask) -> None:
    for start, odd in zip(starts, [True, False] * 3, strict=True):
        start[0, 0] = 100 + odd
    task = task_for([engine(IDENTITY)], starts)
    alone = STRONG.run(starts, task)
    assert all(outcome.fooled for outcome in alone)
    evens = [outcome.photo[0, 0, 0] % 2 == 0 for outcome in alone]
    assert 0 < sum(evens) < COUNT
    wide = PGD(epsilon=16 / 255, steps=20)
    picky, never = Picky(wide), Recorded(PGD())
    outcomes = Cascade((STRONG, picky, never)).run(starts, task)
    assert same(picky.asked, [outcome.photo for outcome in alone])
    assert same(picky.seen, [start for start, even in zip(starts, evens, strict=True) if not even])
    assert never.seen == [], "what the second attack was not content with is fooled all the same"
    for outcome, first, start, even in zip(outcomes, alone, starts, evens, strict=True):
        assert outcome.fooled
        assert np.array_equal(outcome.photo, first.photo) == even
        assert even or linf(outcome.photo, start) <= 16


@pytest.mark.parametrize("judged", [True, False])
def test_what_fooled_comes_back_where_the_later_attack_does_not_even_fool(
    starts: list[np.ndarray], task: AttackTask, judged: bool
) -> None:
    for start in starts:
        start[0, 0] = 101
    task = task_for([engine(IDENTITY)], starts, judged=judged)
    alone = STRONG.run(starts, task)
    picky = Picky(WEAK)
    outcomes = Cascade((STRONG, picky)).run(starts, task)
    assert picky.seen
    weak = WEAK.run(starts, task_for([engine(IDENTITY)], starts))
    kept = 0
    for outcome, first, second in zip(outcomes, alone, weak, strict=True):
        asked = first.photo[0, 0, 0] % 2 == 1
        assert outcome.fooled
        np.testing.assert_array_equal(outcome.photo, second.photo if asked and second.fooled else first.photo)
        assert outcome.steps == first.steps + asked * second.steps
        kept += asked and not second.fooled
    assert kept


def test_robust_goes_on_where_sharing_brings_a_photo_back(starts: list[np.ndarray]) -> None:
    task = task_for([engine(IDENTITY, gain=16)], starts)
    robust, first = Robust(steps=2, rounds=2), FGSM(epsilon=3 / 255)
    alone = first.run(starts, task)
    fooled = [i for i, outcome in enumerate(alone) if outcome.fooled]
    told = replace(task, originals=starts).only(fooled)
    content = dict(zip(fooled, robust.content([alone[i].photo for i in fooled], told), strict=True))
    assert set(content.values()) == {True, False}
    assert not any(robust.content([starts[i] for i in fooled], told)), "untouched photos are read"
    for i, outcome in enumerate(Cascade((first, robust)).run(starts, task)):
        assert (outcome.steps == alone[i].steps) == content.get(i, False)


def test_what_a_cascade_says_of_itself() -> None:
    assert Cascade((WEAK, PGD())).budget == 2
    assert Cascade((WEAK, Euclidean())).budget == 255
    assert Cascade((WEAK, PGD())).ends_early
    assert Cascade((WEAK, PGD())).stronger() == PGD().stronger()


def test_retries_begin_with_the_least_change_and_keep_the_edits() -> None:
    assert retries_of((PGD(),)) == (PGD().stronger(),)
    assert retries_of((WEAK, PGD())) == (WEAK.stronger(), PGD().stronger())
    turned, attacked = retries_of((NARROW, PGD()))
    assert turned == NARROW.stronger()
    assert attacked == Cascade((NARROW, PGD().stronger()), every=True)


def test_a_retry_attacks_photos_that_an_edit_has_fooled(starts: list[np.ndarray], task: AttackTask) -> None:
    wide = Euclidean(k=4)
    fooled = [i for i, outcome in enumerate(wide.run(starts, task)) if outcome.fooled]
    assert fooled
    outcomes = Cascade((wide, PGD()), every=True).run(starts, task)
    assert all(outcomes[i].steps > 0 and outcomes[i].linf <= 2 for i in fooled)
    assert all(outcomes[i].fooled is not None for i in fooled)
