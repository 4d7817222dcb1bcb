"""The attack loop as the papers write it: one photo, one network, no batches, no lifting. This is the definition.

The fast loop (``descent``, ``stepping``, ``judging``, ``on_device``) returns the same bits for many photos and several networks
at once; ``tests/attacks/test_reference.py`` holds it to this file. Sources: Goodfellow et al. 2014 (one step), Kurakin et al.
2016 (steps towards a class, the clip), Madry et al. 2017 (random start, the ball), Li et al. 2019 (the stop by probability).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ..engines import GradientEngine
from ..types import Offsets, Pixels
from .goals import ClassSet, LogitsRow, View
from .iterates import random_offsets
from .plan import Descent
from .rules import assess


def attack_one(
    photo: Pixels,
    victim: GradientEngine,
    flee: ClassSet,
    plan: Descent,
    rng: np.random.Generator,
    original: LogitsRow | None = None,
    batch: int = 1,
) -> Pixels:
    """Attack one photo as ``plan`` says.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The start; it is not written to.
    victim : GradientEngine
        The network to fool.
    flee : bool array of shape (classes,)
        True for the classes that the photo must not be taken for.
    plan : Descent
        The attack, spelled out.
    rng : numpy Generator
        The photo's own random numbers; the goal draws first, then the random start.
    original : float32 array of shape (classes,), optional
        Logits of the photo before its enhancement, for goals that aim by them.
    batch : int
        Number of photos that the network is compiled for; the result depends on it only by rounding.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        The attacked photo, within the plan's ball.
    """
    read, units = victim.preprocess.for_size(*photo.shape[:2]), plan.ball.units
    start = victim.logits(read.rounded(photo)[None], batch)[0]
    aim = plan.goal.aim((View(start, original, flee),), lambda: rng)
    offsets = random_offsets(photo, plan.ball, rng) if plan.random_start else np.zeros(photo.shape, np.int8)
    best: tuple[tuple[bool, float], Pixels] | None = None
    for step in range(plan.steps + 1):
        # Gradient of the unrounded iterate, and the 8-bit photo that it would become.
        logits, gradient = victim.gradient(read.exact(photo, offsets, units)[None], aim.sets[0][None], batch)
        pixels = round_to_lattice(photo, offsets, units)
        judged = assess([victim.logits(read.rounded(pixels)[None], batch)[0]], [flee], aim)
        # Keep rule. Choice: the start is a candidate for the best only where a stop rule judges it.
        candidate = plan.keep == "best_loss" and (step > 0 or plan.stop is not None)
        if candidate and (best is None or judged.rank > best[0]):
            best = judged.rank, pixels
        # Stop rule. Choice: it must hold for the unrounded iterate too, unless all iterates are judged anyway.
        unrounded = judged if plan.keep == "best_loss" else assess([logits[0]], [flee], aim)
        if step == plan.steps or (plan.over(judged) and plan.over(unrounded)):
            break
        # Step along the sign of the gradient by the photo's pixels, then project.
        slope = np.zeros(photo.shape, np.float32)
        read.adjoint(gradient[0], slope)
        direction = np.sign(slope).astype(np.int16) * (1 if aim.away else -1)
        offsets = project(photo, offsets + plan.step * direction, plan)
    return pixels if best is None else best[1]


def project(photo: Pixels, offsets: npt.NDArray[np.int16], plan: Descent) -> Offsets:
    """Clip offsets to the ball, and the photo that they make to 0..255.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3)
        The start.
    offsets : int16 array of the same shape
        The changes, in the ball's units.
    plan : Descent
        Holds the ball.

    Returns
    -------
    int8 array of the same shape
        The nearest offsets that are allowed.
    """
    wide, white = photo.astype(np.int16) * plan.ball.units, 255 * plan.ball.units
    clipped = np.clip(offsets, -plan.ball.bound, plan.ball.bound)
    return np.clip(clipped, -wide, white - wide).astype(np.int8)


def round_to_lattice(photo: Pixels, offsets: Offsets, units: int) -> Pixels:
    """Make the 8-bit photo of an iterate; half levels are rounded towards the start.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3)
        The start.
    offsets : int8 array of the same shape
        The changes, ``units`` to a grey level.
    units : int
        1 or 2.

    Returns
    -------
    uint8 array of the same shape
        The photo.
    """
    return (photo + np.fix(offsets / units)).astype(np.uint8)
