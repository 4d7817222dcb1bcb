"""The gradient over copies of a photo, on networks whose gradient is known."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from pixelpriv_fast.attacks.surviving.copies import expected_gradient
from pixelpriv_fast.attacks.surviving.questions import run_together
from pixelpriv_fast.attacks.task import AttackTask
from pixelpriv_fast.channels import Applied, Channel
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.models import Preprocess

SIDE = 8


@dataclass
class Slope:
    """Answers with its own gradient, whatever it reads, and notes how bright that was."""

    slope: float = 1.0
    name: str = "slope"
    classes: int = 2
    repeatable: bool = True
    max_batch: int | None = None
    seen: list[float] = field(default_factory=list)

    @property
    def preprocess(self) -> Preprocess:
        return Preprocess((SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3)

    def gradient(self, inputs, flee, batch=None):
        self.seen += [float(one.mean()) for one in inputs]
        return np.zeros((len(inputs), 2), np.float32), np.full(inputs.shape, self.slope, np.float32)


@dataclass(frozen=True, eq=False)
class Counted(Channel):
    """Adds grey levels and multiplies gradients; notes each photo it treats."""

    levels: int
    factor: float = 1.0
    refuses: bool = False
    treated: list[int] = field(default_factory=list)

    def _at(self, photo):
        self.treated.append(int(photo[0, 0, 0]))
        if self.refuses:
            raise PhotoError("too large")
        return Applied(photo + np.uint8(self.levels), lambda gradient: gradient * np.float32(self.factor))


def gradient(victims, first, drawn):
    task = AttackTask(tuple(victims), tuple(((0,),) for _ in victims), (0,))
    photo = np.full((SIDE, SIDE, 3), 100, np.uint8)
    flee = [np.array([True, False]) for _ in victims]
    (found,) = run_together(iter([expected_gradient(photo, task, flee, first, drawn)]), task)
    return found


def test_what_networks_have_in_common_is_made_once_a_step() -> None:
    saved, drawn = Counted(1), [Counted(2), Counted(4)]
    victims = [Slope(), Slope(-3.0)]
    gradient(victims, [saved, saved], drawn)
    assert saved.treated == [100]
    assert [one.treated for one in drawn] == [[101], [101]]
    assert [sorted(victim.seen) for victim in victims] == [[103.0, 105.0]] * 2


def test_networks_that_start_from_something_else_have_copies_of_their_own() -> None:
    white, black, drawn = Counted(10), Counted(20), Counted(1)
    victims = [Slope(), Slope(), Slope()]
    gradient(victims, [white, black, None], [drawn])
    assert drawn.treated == [110, 120, 100]
    assert [victim.seen for victim in victims] == [[111.0], [121.0], [101.0]]


def test_a_format_that_cannot_hold_the_photo_does_nothing_to_it() -> None:
    victim = Slope()
    found = gradient([victim], [Counted(1)], [Counted(2, refuses=True), Counted(4, factor=-1.0)])
    assert victim.seen == [101.0, 105.0]
    np.testing.assert_allclose(found, 0.0, atol=1e-6, err_msg="one copy up, one down, both of mean size 1")
