"""Where an attack wants each network to go: away from a set of classes, or towards one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

ClassSet: TypeAlias = npt.NDArray[np.bool_]  #: (classes,)
Row: TypeAlias = npt.NDArray[np.float32]  #: (classes,) logits of one photo


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One victim's view of one photo: logits of the start and of the original, and the classes to flee."""

    start: Row | None
    original: Row | None
    flee: ClassSet


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """One class set a victim. ``away``: climb the loss of the sets (leave them); else descend it (enter them)."""

    sets: tuple[ClassSet, ...]
    away: bool


#: The photo's own generator of random numbers, made when an attack first draws.
Draw: TypeAlias = Callable[[], np.random.Generator]


class Goal(Protocol):
    """Chooses each photo's aim, once, before the first step."""

    @property
    def needs_start(self) -> bool:
        """Whether ``View.start`` is read: costs one forward pass of the start photos."""

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim: ...


@dataclass(frozen=True, slots=True)
class Flee:
    """Away from the classes to flee: untargeted."""

    needs_start = False

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        return Aim(tuple(view.flee for view in views), away=True)


def one_class(index: int, classes: int) -> ClassSet:
    """The set of one class."""
    chosen = np.zeros(classes, np.bool_)
    chosen[index] = True
    return chosen


def softplus(x: float) -> float:
    """log(1 + exp(x)) without overflow."""
    return float(np.logaddexp(0.0, x))


def log_softplus(x: float) -> float:
    """log(softplus(x)), which tells apart what is far below zero: there it is x itself."""
    return x if x < -30.0 else float(np.log(np.logaddexp(0.0, x)))
