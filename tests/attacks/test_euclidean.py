"""The rotation and translation search: what it keeps is what fools, as the saved photo, and nothing depends on the batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast.attacks import Euclidean
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels import get
from tests.attacks.conftest import IDENTITY, SQUASHED, engine, photo
from tests.attacks.test_contract import photos, task_for


@pytest.mark.parametrize("preprocess", [IDENTITY, SQUASHED], ids=["identity", "squashed"])
def test_outcome_is_what_the_network_says_of_the_saved_photo(preprocess):
    victim = engine(preprocess)
    starts = [photo(24, 24, seed) for seed in range(4)] if preprocess is IDENTITY else photos(4)
    task = task_for([victim], starts)
    fooled = 0
    for i, (start, outcome) in enumerate(zip(starts, Euclidean().run(starts, task), strict=True)):
        assert outcome.photo.shape == start.shape
        assert outcome.photo.dtype == np.uint8
        top = int(victim.logits(preprocess.rounded(outcome.photo)[None]).argmax())
        assert outcome.fooled == (top not in task.flee[0][i])
        assert outcome.linf == int(np.abs(outcome.photo.astype(int) - start).max())
        assert outcome.steps == 11, "ten candidates and the photo as it is"
        fooled += outcome.fooled
    assert fooled >= 2


def test_more_candidates_never_fool_less_and_hurt_no_less():
    victim, starts = engine(SQUASHED), photos(4)
    task = task_for([victim], starts)
    few, many = (Euclidean(k=k).run(starts, task) for k in (3, 30))
    for i, (one, other) in enumerate(zip(few, many, strict=True)):
        assert other.fooled >= one.fooled
        if one.fooled == other.fooled:
            losses = [_loss(victim, outcome.photo, task.flee[0][i]) for outcome in (one, other)]
            assert losses[1] >= losses[0] - 1e-4


def _loss(victim, pixels, flee) -> float:
    z = victim.logits(victim.preprocess.rounded(pixels)[None])[0].astype(np.float64)
    return float(np.log(np.exp(z).sum()) - np.log(np.exp(z[list(flee)]).sum()))


def test_a_photo_does_not_depend_on_its_batch_and_repeats():
    victim, starts = engine(SQUASHED), photos(3)
    attack = Euclidean(k=40)  # more candidates than fit into one pass
    together = attack.run(starts, task_for([victim], starts))
    for start, outcome in zip(starts, together, strict=True):
        (alone,) = attack.run([start], task_for([victim], [start]))
        np.testing.assert_array_equal(alone.photo, outcome.photo)


def test_least_visible_fills_no_more_than_the_worst():
    victim, starts = engine(SQUASHED), photos(4)
    task = task_for([victim], starts)
    worst, least = (Euclidean(k=40, rule=rule).run(starts, task) for rule in ("worst", "least_visible"))
    for one, other in zip(worst, least, strict=True):
        assert one.fooled == other.fooled
        if other.fooled:
            assert np.mean(other.photo == 0) <= np.mean(one.photo == 0) + 0.02


def test_until_success_widens_only_where_it_must():
    victim, starts = engine(SQUASHED), photos(4)
    task = task_for([victim], starts)
    narrow = Euclidean(k=2, degrees=1.0, shift_x=0.01, shift_y=0.01, rule="until_success", widen=6.0, rounds=4)
    steps = {outcome.steps for outcome in narrow.run(starts, task)}
    assert max(steps) > 3, "some photo needed wider bounds"
    assert all(outcome.fooled or outcome.steps == 9 for outcome in narrow.run(starts, task))


@pytest.mark.parametrize(
    ("field", "value", "setting"),
    [
        ("k", 3, {}),
        ("degrees", 5.0, {}),
        ("shift_x", 0.05, {}),
        ("shift_y", 0.05, {}),
        ("rule", "until_success", {}),
        ("widen", 4.0, {"rule": "until_success", "k": 1, "degrees": 1.0, "shift_x": 0.01, "shift_y": 0.01}),
        (
            "rounds",
            1,
            {"rule": "until_success", "k": 1, "degrees": 1.0, "shift_x": 0.01, "shift_y": 0.01, "widen": 9.0},
        ),
        ("edge", "hard", {}),
        ("fill", 128, {}),
    ],
)
def test_every_field_changes_the_output(field, value, setting):
    victim, starts = engine(SQUASHED), photos()
    task = task_for([victim], starts)
    base = Euclidean(**setting)
    changed = dataclasses.replace(base, **{field: value})
    pairs = zip(base.run(starts, task), changed.run(starts, task), strict=True)
    assert any(not np.array_equal(a.photo, b.photo) for a, b in pairs)


def test_all_fields_are_tested():
    tested = {"k", "degrees", "shift_x", "shift_y", "rule", "widen", "rounds", "edge", "fill"}
    assert {field.name for field in dataclasses.fields(Euclidean)} == tested


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"rule": "best"}, "best"),
        ({"fill": 256}, "256"),
        ({"degrees": 181}, "181"),
        ({"edge": "x"}, "x"),
    ],
)
def test_bad_fields_are_named(fields, message):
    with pytest.raises(UsageError, match=message):
        Euclidean(**fields)


def test_no_motion_is_the_photo_itself():
    still = get("warp_u8")(photo(31, 40), np.zeros((1, 3)))[0]
    np.testing.assert_array_equal(still, photo(31, 40))
