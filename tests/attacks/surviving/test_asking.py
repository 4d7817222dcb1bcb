"""What the panel says of a photo under attack, on networks that read nothing but how bright a photo is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from pixelpriv_fast.attacks.surviving.asking import CLEAR, FIRST, SURE, PanelAsked
from pixelpriv_fast.attacks.surviving.questions import run_together
from pixelpriv_fast.attacks.task import AttackTask
from pixelpriv_fast.channels import Applied, Channel
from pixelpriv_fast.channels.panel import Panel, Treatment
from pixelpriv_fast.channels.readings import PanelReadings
from pixelpriv_fast.codecs.transparency import BACKGROUNDS
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.models import Preprocess

READ = 100  #: photos darker than this are read as class 0
AT = 1.5  #: the margin that is asked for
AHEAD = round(READ + 10 * AT)  #: photos darker than this are not safe from it


@dataclass
class Bright:
    """Class 1 leads class 0 by the mean grey level above ``READ``, in tens."""

    side: int = 4
    threshold: float = READ
    name: str = "bright"
    classes: int = 2
    repeatable: bool = True
    max_batch: int | None = None
    asked: list[int] = field(default_factory=list)

    @property
    def preprocess(self) -> Preprocess:
        return Preprocess((self.side,) * 2, "squash", (self.side,) * 2, mean=(0.0,) * 3, std=(1.0,) * 3)

    def logits(self, inputs, batch=None):
        assert inputs.shape[1:] == (3, self.side, self.side)
        self.asked.append(len(inputs))
        lead = (inputs.mean(axis=(1, 2, 3)) - self.threshold) / 10
        return np.stack([np.zeros_like(lead), lead], axis=1).astype(np.float32)


@dataclass(frozen=True)
class Brighter(Channel):
    """Adds grey levels; photos whose first sample is in ``refused`` do not fit the format."""

    levels: int
    refused: Callable[[int], bool] = lambda value: False

    def _at(self, photo):
        if self.refused(int(photo[0, 0, 0])):
            raise PhotoError("too large")
        return Applied(np.clip(photo.astype(int) + self.levels, 0, 255).astype(np.uint8), lambda g: g)


def panel(*channels: Channel | None) -> Panel:
    return Panel("test", tuple(Treatment(f"t{i}", "jpeg", channel) for i, channel in enumerate(channels)))


def grey(level: int) -> np.ndarray:
    return np.full((9, 7, 3), level, np.uint8)


def asked_of(chosen: Panel, original: int = 80, victims: tuple[Bright, ...] = (), saved: Channel | None = None, **task):
    victims = victims or (Bright(),)
    made = AttackTask(victims, tuple(((0,),) for _ in victims), (0,), **task)
    flee = tuple(np.array([True, False]) for _ in victims)
    return PanelAsked(chosen, made, 0, flee, saved, grey(original))


def failed(asked: PanelAsked, level: int) -> tuple[str, ...]:
    photo = grey(level)
    (found,) = run_together(iter([asked.failed(photo, AT)]), asked.task)
    np.testing.assert_array_equal(photo, grey(level))
    return found


def test_what_is_read_fails_in_the_panels_order() -> None:
    chosen = panel(None, Brighter(-20), Brighter(5), Brighter(-30))
    assert failed(asked_of(chosen, 60), AHEAD + 1) == ("t1", "t3")
    assert failed(asked_of(chosen, 60), AHEAD + 31) == ()
    assert failed(asked_of(chosen, 60), 70) == ("t0", "t1", "t2", "t3")


def test_a_treatment_after_which_the_original_is_not_read_passes() -> None:
    chosen = panel(None, Brighter(30), Brighter(10))
    assert failed(asked_of(chosen, original=80), 65) == ("t0", "t2"), "80 + 30 is not read, 80 + 10 is"
    assert failed(asked_of(chosen, original=110), 65) == ()


def test_the_original_is_read_where_it_matters_and_once() -> None:
    victim = Bright()
    asked = asked_of(panel(None, Brighter(30), Brighter(-50)), victims=(victim,))
    assert failed(asked, 130) == ("t2",)
    assert victim.asked == [3, 1], "the original after the one treatment that was close"
    assert failed(asked, 130) == ("t2",)
    assert victim.asked == [3, 1, 3]


def test_what_a_format_cannot_hold_counts_neither_way() -> None:
    never, originals = Brighter(-90, lambda value: True), Brighter(-90, lambda value: value == 80)
    assert failed(asked_of(panel(never, None)), 90) == ("t1",)
    assert failed(asked_of(panel(never)), 90) == ()
    assert failed(asked_of(panel(originals)), 90) == (), "the result fits, the original does not"


def test_another_class_must_lead_by_the_margin() -> None:
    asked = asked_of(panel(None))
    assert failed(asked, AHEAD - 1) == ("t0",)
    assert failed(asked, AHEAD + 1) == ()


def test_saving_comes_before_all_treatments() -> None:
    assert failed(asked_of(panel(None, Brighter(-5)), saved=Brighter(-20)), AHEAD + 22) == ("t1",)


def test_a_large_photo_is_asked_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = panel(None, Brighter(-20), Brighter(-90, lambda value: value == 120), Brighter(-30))
    alone = failed(asked_of(chosen, 60), 120)
    assert alone == ("t1", "t3")
    monkeypatch.setattr("pixelpriv_fast.attacks.surviving.asking.LARGE", 1)
    assert failed(asked_of(chosen, 60), 120) == alone


def test_what_came_closest_to_failing_is_asked_first() -> None:
    victim = Bright()
    asked = asked_of(panel(*(Brighter(10 * ((5 * i) % 12) - 50) for i in range(12))), 40, victims=(victim,))
    assert failed(asked, 170) == ()
    assert victim.asked == [FIRST, 12 - FIRST]
    assert failed(asked, 130) != ()
    first, originals = victim.asked[2:]
    assert first == FIRST
    assert originals <= FIRST, "the original after those that failed, and none of the others"
    assert failed(asked, 170) == ()
    assert victim.asked[4:] == [FIRST, 12 - FIRST]


@pytest.mark.parametrize("level", [60, 120, 150, 180, 210])
def test_the_order_of_asking_changes_no_answer(level: int) -> None:
    chosen = panel(*(Brighter(step) for step in (-60, 0, 30, -90, -10)))
    asked = asked_of(chosen)
    failed(asked, 170)
    assert bool(failed(asked, level)) == bool(failed(asked_of(chosen), level))


def test_transparency_is_seen_over_white_and_over_black() -> None:
    half = np.full((9, 7), 128, np.uint8)
    first, second = Bright(4), Bright(6, threshold=READ - 60)
    seats = (first, second, first, second)
    backgrounds = tuple(grey for grey in BACKGROUNDS for _ in range(2))
    asked = asked_of(panel(None, Brighter(30)), 10, seats, alphas=(half,), backgrounds=backgrounds)
    assert failed(asked, 50) == ("t0", "t1"), "over black it is read"
    assert failed(asked, 230) == (), "over white no network reads the original"
    found = [asked.leads[place] for place in range(2)]
    shown = [230 * 128 / 255 + (1 - 128 / 255) * background for background in BACKGROUNDS]
    wanted = [(level - victim.threshold) / 10 for level in shown for victim in (first, second)]
    np.testing.assert_allclose(found[0], wanted, atol=0.06)
    np.testing.assert_allclose(found[1][2:], np.array(found[0][2:]) + 3.0, atol=0.01)


def test_every_network_that_reads_the_original_must_be_fooled() -> None:
    dark = Bright(threshold=200.0)
    assert failed(asked_of(panel(None), 80, (Bright(), dark)), 150) == ("t0",)
    assert failed(asked_of(panel(None), 80, (Bright(), dark)), 220) == ()
    easy = Bright(threshold=50.0)
    assert failed(asked_of(panel(None), 80, (Bright(), easy)), 40) == ("t0",), "read by the first alone, which decides"
    assert failed(asked_of(panel(None), 120, (Bright(), easy)), 40) == ()


@dataclass
class Rough(Bright):
    """Answers like ``Bright``, wrong by ``off``."""

    off: float = 0.0
    error: float = 0.1
    precision: str = "bf16"

    def logits(self, inputs, batch=None):
        return super().logits(inputs, batch) + np.array([0.0, self.off], np.float32)


NEAR = round(READ + 10 * AT)  #: a photo this bright is as close to the margin as whole grey levels allow


def test_answers_that_are_clear_of_the_margin_are_rough() -> None:
    victim, ranker = Bright(), Rough(off=0.2)
    asked = asked_of(panel(None, Brighter(-20)), 60, (victim,), rankers=(ranker,))
    assert failed(asked, 160) == ()
    assert (ranker.asked, victim.asked) == ([2], [])
    assert failed(asked, 90) == ("t0", "t1")
    assert (ranker.asked, victim.asked) == ([2, 2], [2]), "in fp32 only what the original is read as"


@pytest.mark.parametrize("off", [-0.28, 0.28])
@pytest.mark.parametrize("step", [-4, -2, -1, 1, 2, 4])
def test_answers_near_the_margin_are_asked_again_in_fp32(off: float, step: int) -> None:
    victim, ranker = Bright(), Rough(off=off)
    chosen = panel(Brighter(step), Brighter(90), Brighter(-90))
    found = failed(asked_of(chosen, 60, (victim,), rankers=(ranker,)), NEAR)
    assert found == failed(asked_of(chosen, 60), NEAR), "an error below three deviations changes no answer"
    again = abs((NEAR + step - READ) / 10 + off - AT) < SURE * ranker.error
    assert victim.asked[: -1 if found else None] == [1] * again, "one of three again, then the original"


def test_each_network_is_asked_by_its_own_ranker() -> None:
    victims, rankers = (Bright(4), Bright(6)), (Rough(4, off=0.2), Rough(6, off=-0.2, error=5.0))
    asked = asked_of(panel(None), 60, victims, rankers=rankers)
    assert failed(asked, 140) == ()
    assert [one.asked for one in (*victims, *rankers)] == [[], [1], [1], [1]]
    np.testing.assert_allclose(asked.leads[0], (4.2, 4.0), atol=0.01)


def told_of(chosen: Panel, readings: PanelReadings, victim: Bright, **task) -> PanelAsked:
    made = AttackTask((victim,), (((0,),),), (0,), readings=(readings,), **task)
    return PanelAsked.of(chosen, made, 0, readings.pixels)


def test_what_is_found_out_of_the_original_is_kept_for_others_and_asked_of_them() -> None:
    chosen, victim = panel(None, Brighter(30), Brighter(-90, lambda value: value == 80)), Bright()
    readings = PanelReadings(grey(80), ((0,),))
    assert failed(told_of(chosen, readings, victim), 65) == ("t0",)
    wanted = dict(zip(chosen.treatments, ((True,), (False,), None), strict=True))
    assert readings.reads == wanted
    asked = len(victim.asked)
    assert failed(told_of(chosen, readings, victim), 65) == ("t0",)
    assert victim.asked[asked:] == [3], "of the original nothing is asked again"


@pytest.mark.parametrize("lead", [-1, 0, 1])
def test_a_close_answer_on_the_original_is_left_to_the_verdicts_own_network(lead: int) -> None:
    victim = Bright(threshold=80 - 10 * lead * CLEAR * 0.9)
    readings = PanelReadings(grey(80), ((0,),))
    assert failed(told_of(panel(None), readings, victim), 70) == (() if lead > 0 else ("t0",))
    assert readings.reads == {}


def test_transparency_that_moved_is_not_the_originals() -> None:
    half, moved = (np.full((9, 7), level, np.uint8) for level in (128, 120))
    readings = PanelReadings(grey(10), ((0,), (0,)), half, BACKGROUNDS)
    for alpha, known in ((moved, 0), (half, 1)):
        seats = (Bright(), Bright())
        task = AttackTask(seats, (((0,),),) * 2, (0,), alphas=(alpha,), backgrounds=BACKGROUNDS, readings=(readings,))
        assert failed(PanelAsked.of(panel(None), task, 0, grey(10)), 20) == ("t0",)
        assert len(readings.reads) == known
