"""Where an attack wants each network to go: away from a set of classes, or towards one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

ClassSet: TypeAlias = npt.NDArray[np.bool_]  #: (classes,)
LogitsRow: TypeAlias = npt.NDArray[np.float32]  #: (classes,) logits of one photo


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """What one victim makes of one photo.

    Attributes
    ----------
    start : float32 array of shape (classes,), optional
        Logits of the photo that is attacked; None if the goal does not need them.
    original : float32 array of shape (classes,), optional
        Logits of the photo before its enhancement; None if the task has none.
    flee : bool array of shape (classes,)
        True for the classes to flee.
    """

    start: LogitsRow | None
    original: LogitsRow | None
    flee: ClassSet


@dataclass(frozen=True, slots=True, eq=False)
class Aim:
    """Where the attack of one photo goes.

    Attributes
    ----------
    sets : tuple of bool arrays of shape (classes,)
        One set of classes for each victim.
    away : bool
        True: climb the loss of the sets, to leave them. False: descend it, to enter them.
    """

    sets: tuple[ClassSet, ...]
    away: bool


#: Returns the photo's own random numbers; they are made when an attack first draws.
Draw: TypeAlias = Callable[[], np.random.Generator]


class Goal(Protocol):
    """Chooses each photo's aim, once, before the first step."""

    @property
    def needs_start(self) -> bool:
        """Whether ``View.start`` is read: costs one forward call for the start photos."""

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        """Choose one photo's aim.

        Parameters
        ----------
        views : tuple of View
            What each victim makes of the photo.
        draw : function
            Returns the photo's own random numbers.

        Returns
        -------
        Aim
            One set of classes a victim.
        """


@dataclass(frozen=True, slots=True)
class Flee:
    """The untargeted goal: away from the classes to flee."""

    needs_start = False

    def aim(self, views: tuple[View, ...], draw: Draw) -> Aim:
        """Return the classes to flee, to be left.

        Parameters
        ----------
        views : tuple of View
            What each victim makes of the photo.
        draw : function
            Not called: nothing is drawn.

        Returns
        -------
        Aim
            The views' classes to flee.
        """
        return Aim(tuple(view.flee for view in views), away=True)


def one_class(index: int, classes: int) -> ClassSet:
    """Return the set that holds one class.

    Parameters
    ----------
    index : int
        The class.
    classes : int
        Number of classes of the network.

    Returns
    -------
    bool array of shape (classes,)
        True at ``index``.
    """
    chosen = np.zeros(classes, np.bool_)
    chosen[index] = True
    return chosen


def softplus(x: float) -> float:
    """Compute log(1 + exp(x)) without overflow."""
    return float(np.logaddexp(0.0, x))


def log_softplus(x: float) -> float:
    """Compute log(softplus(x)) so that values far below zero stay apart: there it is x itself."""
    return x if x < -30.0 else float(np.log(np.logaddexp(0.0, x)))
