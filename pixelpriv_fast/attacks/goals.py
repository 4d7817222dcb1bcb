"""Where an attack wants each network to go: away from a set of classes, or towards one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
    network : int, optional
        The same number for the copies of the photo that one network reads; None for a network that reads no other copy.
    """

    start: LogitsRow | None
    original: LogitsRow | None
    flee: ClassSet
    network: int | None = None


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


def towards(views: Sequence[View], choose: Callable[[View], ClassSet]) -> Aim:
    """Make the aim towards one class for each network.

    Copies that one network reads share their class, since two would pull the photo apart: it is chosen by the mean of their
    logits, and none of them flees it. Only where they flee all classes together does each copy get its own.

    Parameters
    ----------
    views : sequence of View
        What each victim makes of the photo.
    choose : function of a View to a bool array of shape (classes,)
        Chooses one class.

    Returns
    -------
    Aim
        One class a victim, to be entered.
    """
    groups: dict[object, list[View]] = {}
    for place, view in enumerate(views):
        groups.setdefault((None, place) if view.network is None else view.network, []).append(view)
    chosen: dict[int, ClassSet] = {}
    for group in groups.values():
        together = _together(group)
        shared = None if together.flee.all() else choose(together)
        chosen |= {id(view): choose(view) if shared is None else shared for view in group}
    return Aim(tuple(chosen[id(view)] for view in views), away=False)


def _together(views: Sequence[View]) -> View:
    """Merge what one network makes of a photo's copies."""
    if len(views) == 1:
        return views[0]

    def mean(rows: Sequence[LogitsRow | None]) -> LogitsRow | None:
        known = [row for row in rows if row is not None]
        return np.stack(known).mean(axis=0, dtype=np.float64).astype(np.float32) if known else None

    flee: ClassSet = np.logical_or.reduce([view.flee for view in views])
    return View(mean([view.start for view in views]), mean([view.original for view in views]), flee, views[0].network)


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
