"""The rotation and translation search: what it keeps is what fools, as the saved photo, and nothing depends on the batch."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.attacks import Euclidean
from pixelpriv_fast.engines import ForwardEngine
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.models import load_classifier
from tests.attacks.conftest import IDENTITY, SQUASHED, engine, photo
from tests.attacks.test_contract import photos, task_for
from tests.attacks.test_real_networks import sun_photos


class Roughly:
    """A victim whose rough logits are wrong by up to ``noise``, the same way for the same input, and those of class 1 by
    ``common`` for all inputs. Counts the candidates that it sees in fp32."""

    precision = "bf16"

    def __init__(self, exact, noise: float, common: float = 0.0) -> None:
        self._exact, self._noise, self._common, self.seen = exact, noise, common, 0
        self.error = noise  # log-odds err by 0.8 of that, a uniform's deviation twice

    def __getattr__(self, name):
        return getattr(self._exact, name)

    def logits(self, inputs, batch=None):
        self.seen += len(inputs)
        return self._exact.logits(inputs, batch)

    @property
    def ranker(self):
        return _Ranker(self)

    def rough_logits(self, inputs, batch=None):
        logits = self._exact.logits(inputs, batch)
        errors = [np.random.default_rng(abs(int(1e4 * x.sum()))).uniform(-1, 1, logits.shape[1]) for x in inputs]
        rough = (logits + self._noise * np.array(errors)).astype(np.float32)
        rough[:, 1] += self._common
        return rough


class _Ranker:
    """The ranker of a ``Roughly``."""

    def __init__(self, victim):
        self.error, self.logits = victim.error, victim.rough_logits


@pytest.mark.parametrize("rule", ["worst", "least_visible", "until_success"])
@pytest.mark.parametrize("bounds", [(20.0, 0.2), (2.0, 0.02)], ids=["wide", "narrow"])
@pytest.mark.parametrize("common", [0.0, 0.3], ids=["", "common"])
def test_rough_answers_change_the_work_and_not_the_choice(rule, bounds, common):
    degrees, shift = bounds
    attack = Euclidean(k=40, degrees=degrees, shift_x=shift, shift_y=shift, rule=rule)
    starts = photos(6)
    exactly, roughly = Roughly(engine(SQUASHED), 0.0), Roughly(engine(SQUASHED), 0.02, common)
    expected = attack.replaced(margin=None).run(starts, task_for([exactly], starts))
    found = attack.run(starts, task_for([roughly], starts))
    for one, other in zip(expected, found, strict=True):
        np.testing.assert_array_equal(one.photo, other.photo)
        assert (one.fooled, one.steps) == (other.fooled, other.steps)
    assert roughly.seen <= exactly.seen + 6, "no more than every candidate"
    if rule == "worst":
        assert roughly.seen < exactly.seen / 2
        assert exactly.seen == 6 * 41 + 1 * 6, "every candidate, and the photos that the task was made of"


def test_more_is_judged_where_rough_answers_are_wrong_by_more():
    starts, judged = photos(6), []
    expected = Euclidean(k=40, margin=None).run(starts, task_for([engine(SQUASHED)], starts))
    for noise in (0.01, 0.1, 0.5):
        victim = Roughly(engine(SQUASHED), noise)
        found = Euclidean(k=40).run(starts, task_for([victim], starts))
        same = [np.array_equal(one.photo, other.photo) for one, other in zip(expected, found, strict=True)]
        assert sum(same) >= 5
        judged.append(victim.seen)
    assert judged == sorted(judged)
    assert judged[0] < judged[-1] <= 6 * 41 + 6


def test_what_is_kept_was_judged_in_fp32():
    """However wrong the rough answers are."""
    victim, starts = Roughly(engine(SQUASHED), 30.0), photos(4)
    task = task_for([victim], starts)
    for rule in ("worst", "least_visible", "until_success"):
        for i, outcome in enumerate(Euclidean(k=40, rule=rule, margin=0.0).run(starts, task)):
            top = int(victim.logits(SQUASHED.rounded(outcome.photo)[None]).argmax())
            assert outcome.fooled == (top not in task.flee[0][i])


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


def test_margin_is_what_rough_answers_may_be_wrong_by():
    starts = photos(1)
    exact = engine(SQUASHED)
    task = task_for([exact], starts)
    (best,) = Euclidean(k=40).run(starts, task)
    worst = SQUASHED.rounded(best.photo)

    class Blind(Roughly):
        """Takes the worst candidate for a harmless one."""

        def rough_logits(self, inputs, batch=None):
            logits = self._exact.logits(inputs, batch)
            hidden = np.abs(inputs - worst).max(axis=(1, 2, 3)) == 0
            logits[np.ix_(hidden, task.flee[0][0])] += 4.0
            return logits

    blind = dataclasses.replace(task, victims=(Blind(exact, 1.0),))
    (missed,), (found,) = (Euclidean(k=40, margin=margin).run(starts, blind) for margin in (0.0, 90.0))
    assert not np.array_equal(missed.photo, best.photo)
    np.testing.assert_array_equal(found.photo, best.photo)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"k": 0}, "k is 0"),
        ({"rule": "best"}, "best"),
        ({"fill": 256}, "256"),
        ({"degrees": 181}, "181"),
        ({"edge": "x"}, "x"),
        ({"margin": -1.0}, "-1"),
    ],
)
def test_bad_fields_are_named(fields, message):
    with pytest.raises(UsageError, match=message):
        Euclidean(**fields)


def test_no_motion_is_the_photo_itself():
    still = kernels.warp_u8(photo(31, 40), np.zeros((1, 3)))[0]
    np.testing.assert_array_equal(still, photo(31, 40))


@pytest.mark.parametrize("name", ["squeezenet_places365", "efficientnet_lite0"])
def test_ranked_in_8_bits_a_trained_network_keeps_what_fp32_alone_would(name, places_store, data):
    victim = ForwardEngine(load_classifier(name, places_store, device="cpu"), "int8")
    assert victim.ranker.error > 0.0
    starts = sun_photos(data, 4)
    task, attack = task_for([victim], starts), Euclidean(k=20)
    for one, other in zip(attack.run(starts, task), attack.replaced(margin=None).run(starts, task), strict=True):
        np.testing.assert_array_equal(one.photo, other.photo)
        assert one.fooled == other.fooled
