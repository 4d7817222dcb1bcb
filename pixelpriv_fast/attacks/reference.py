"""The attack loop as the papers write it: one photo, one network, no batches, no lifting. This is the definition.

The fast loop (``descent``, ``stepping``, ``judging``, ``on_device``) returns the same bits for many photos and several networks
at once; ``tests/attacks/test_reference.py`` holds it to this file. A photo with transparency is read twice, over white and
over black. Sources: Goodfellow et al. 2014 (one step), Kurakin et al.
2016 (steps towards a class, the clip), Madry et al. 2017 (random start, the ball), Li et al. 2019 (the stop by probability).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ..codecs.transparency import BACKGROUNDS
from ..engines import GradientEngine
from ..logits import log_odds
from ..types import Alpha, Floats, Offsets, Pixels
from .copies import Copy, OverBackground
from .goals import Aim, ClassSet, LogitsRow, View
from .iterates import random_offsets
from .plan import Descent
from .rules import assess


def attack_one(
    photo: Pixels,
    victim: GradientEngine,
    flee: ClassSet | Sequence[ClassSet],
    plan: Descent,
    rng: np.random.Generator,
    original: LogitsRow | Sequence[LogitsRow] | None = None,
    batch: int = 1,
    alpha: Alpha | None = None,
) -> Pixels:
    """Attack one photo as ``plan`` says.

    Parameters
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The start; it is not written to.
    victim : GradientEngine
        The network to fool.
    flee : bool array of shape (classes,), or a sequence of them
        True for the classes that the photo must not be taken for; with ``alpha`` one array for each background.
    plan : Descent
        The attack, spelled out.
    rng : numpy Generator
        The photo's own random numbers; the goal draws first, then the random start.
    original : float32 array of shape (classes,), or a sequence of them, optional
        Logits of the photo before its enhancement, for goals that aim by them; with ``alpha`` over each background.
    batch : int
        Number of photos that the network is compiled for; the result depends on it only by rounding.
    alpha : uint8 array of shape (height, width), optional
        The photo's transparency: the network then reads the photo over each of ``BACKGROUNDS``.

    Returns
    -------
    uint8 array of shape (height, width, 3)
        The attacked photo, within the plan's ball.
    """
    copies = [None] if alpha is None else [OverBackground(alpha, background) for background in BACKGROUNDS]
    flee, originals = _one_each(flee, len(copies)), _one_each(original, len(copies))
    start = _logits(photo, victim, copies, batch)
    aim = plan.goal.aim(tuple(View(*view, 0) for view in zip(start, originals, flee, strict=True)), lambda: rng)
    offsets = random_offsets(photo, plan.ball, rng) if plan.random_start else np.zeros(photo.shape, np.int8)
    if alpha is not None:
        offsets[alpha == 0] = 0  # what is not seen is not changed; it has no gradient either
    best: tuple[tuple[bool, float], Pixels] | None = None
    for step in range(plan.steps + 1):
        # Gradient of the unrounded iterate, and the 8-bit photo that it would become.
        logits, gradient = _gradient(photo, offsets, victim, copies, aim, plan, batch)
        pixels = round_to_lattice(photo, offsets, plan.ball.units)
        judged = assess(_logits(pixels, victim, copies, batch), flee, aim)
        # Keep rule. Choice: the start is a candidate for the best only where a stop rule judges it.
        candidate = plan.keep == "best_loss" and (step > 0 or plan.stop is not None)
        if candidate and (best is None or judged.rank > best[0]):
            best = judged.rank, pixels
        # Stop rule. Choice: it must hold for the unrounded iterate too, unless all iterates are judged anyway.
        unrounded = judged if plan.keep == "best_loss" else assess(logits, flee, aim)
        if step == plan.steps or (plan.over(judged) and plan.over(unrounded)):
            break
        # Step along the sign of the gradient by the photo's pixels, then project.
        direction = np.sign(gradient).astype(np.int16) * (1 if aim.away else -1)
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


def _one_each(given: Any, count: int) -> list[Any]:
    return list(given) if isinstance(given, Sequence) else [given] * count


def _logits(photo: Pixels, victim: GradientEngine, copies: Sequence[Copy | None], batch: int) -> list[LogitsRow]:
    """Return what the network says of 8-bit pixels, for each copy that it reads."""
    read = victim.preprocess.for_size(*photo.shape[:2])
    shown = [photo if copy is None else copy.forward(photo) for copy in copies]
    return [victim.logits(read.rounded(pixels)[None], batch)[0] for pixels in shown]


def _gradient(
    photo: Pixels,
    offsets: Offsets,
    victim: GradientEngine,
    copies: Sequence[Copy | None],
    aim: Aim,
    plan: Descent,
    batch: int,
) -> tuple[list[LogitsRow], Floats]:
    """Return each copy's logits, and the gradient by the photo's pixels of their mean cross entropy, up to its length."""
    read, units = victim.preprocess.for_size(*photo.shape[:2]), plan.ball.units
    whole, unmoved = round_to_lattice(photo, offsets, units), np.zeros_like(offsets)
    inputs = [
        read.exact(photo, offsets, units) if copy is None else read.exact(copy.forward(whole), unmoved)
        for copy in copies
    ]
    answers = [victim.gradient(x[None], s[None], batch) for x, s in zip(inputs, aim.sets, strict=True)]
    logits = [z[0] for z, _ in answers]
    # The engine's gradient is that of the log-odds; the cross entropy's is sigmoid(log-odds) times it.
    shares = [-np.logaddexp(0.0, -log_odds(z, s)) for z, s in zip(logits, aim.sets, strict=True)]
    total = np.zeros(photo.shape, np.float32)
    for copy, (_, gradient), share in zip(copies, answers, shares, strict=True):
        slope = np.zeros(photo.shape, np.float32)
        read.adjoint(gradient[0] * np.float32(np.exp(share - max(shares))), slope)
        total += slope if copy is None else copy.pullback(slope)
    return logits, total
