"""Stylisation without a network: flat regions, stepped luminance, drawn lines. The definition.

1. The guide: the photo blurred, so that texture finer than the blur is not seen as an edge.
2. Rounds of edge-preserving smoothing of the photo, each guided by the result of the last ("rolling guidance", Zhang,
   Shen, Xu, Jia 2014), by sweeps of the recursive domain-transform filter (Gastal, Oliveira 2011): a pixel takes the
   share w of its neighbour, w falling with the difference between the two in the guide.
3. Finish: a binomial 3 x 3 blur against stair-steps; luminance through a table; chroma times a factor; and lines, where
   a difference of Gaussians of the smoothed luminance is above a threshold (after Winnemöller et al. 2006, 2012).

The caller (enhance/cartoon_filter.py) computes every number that needs a transcendental function, and all sums are in
float32 in a fixed order, so that every implementation gives the same bytes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Floats, Pixels

LUMA: Final = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
TONE_STEPS: Final = 16  #: entries of the tone table per grey level
TONES: Final = 255 * TONE_STEPS + 1
DIFFERENCES: Final = 3 * 255 + 1  #: values of the sum of three channels' absolute differences

Indices = npt.NDArray[np.int32]


def cartoon_filter(
    photo: Pixels,
    blur: Floats,
    shares: Floats,
    rounds: int,
    tone: Floats,
    saturation: float,
    fine: Floats,
    coarse: Floats,
    line_threshold: float,
    line_gain: float,
    line_strength: float,
) -> Pixels:
    """Stylise a photo.

    Half kernels are (radius + 1,) float32, the weight of the centre first.
    Lines: strength * smoothstep((coarse - fine - threshold) * gain), in grey levels, is taken off as a share.

    Parameters
    ----------
    photo : (h, w, 3) uint8
        The photo.
    blur : (n,) float32
        Half kernel of the guide's blur.
    shares : (sweeps, 766) float32
        The share w of each sweep of a round, by the sum of the channels' differences.
    rounds : int
        Rounds of smoothing, at least 1.
    tone : (4081,) float32
        The new luminance by the old one, in steps of 1/16 grey level.
    saturation : float
        Factor of the chroma.
    fine, coarse : (m,) float32
        Half kernels of the lines, of one length.
    line_threshold, line_gain, line_strength : float
        See above.

    Returns
    -------
    (h, w, 3) uint8
        The drawing.

    Raises
    ------
    ValueError
        For a wrong shape or value.
    TypeError
        For a wrong dtype.
    """
    check(photo, blur, shares, rounds, tone, fine, coarse)
    guide = rounded(gaussian(photo.astype(np.float32), blur))
    smooth = photo.astype(np.float32)
    for number in range(rounds):
        smooth = photo.astype(np.float32)
        for share in shares:
            _smooth_once(smooth, share[_differences(guide, 1)], share[_differences(guide, 0)])
        guide = rounded(smooth) if number + 1 < rounds else guide
    return finished(smooth, tone, saturation, fine, coarse, line_threshold, line_gain, line_strength)


def finished(
    smooth: Floats,
    tone: Floats,
    saturation: float,
    fine: Floats,
    coarse: Floats,
    line_threshold: float,
    line_gain: float,
    line_strength: float,
) -> Pixels:
    """Do step 3.

    Parameters
    ----------
    smooth : (h, w, 3) float32
        The smoothed photo, in grey levels.
    tone, saturation, fine, coarse, line_threshold, line_gain, line_strength
        As for ``cartoon_filter``.

    Returns
    -------
    (h, w, 3) uint8
        The drawing.
    """
    ink = _lines(_luma(smooth), fine, coarse, *map(np.float32, (line_threshold, line_gain, line_strength)))
    softened = gaussian(smooth, np.array([0.5, 0.25], np.float32))
    luma = _luma(softened)
    stepped = tone[(luma * np.float32(TONE_STEPS) + np.float32(0.5)).astype(np.int32).clip(0, TONES - 1)]
    coloured = stepped[..., None] + (softened - luma[..., None]) * np.float32(saturation)
    return rounded(coloured * (np.float32(1) - ink)[..., None])


def check(photo: Pixels, blur: Floats, shares: Floats, rounds: int, tone: Floats, fine: Floats, coarse: Floats) -> None:
    """Check ``cartoon_filter``'s arguments.

    Parameters
    ----------
    photo, blur, shares, rounds, tone, fine, coarse
        As for ``cartoon_filter``.

    Raises
    ------
    UsageError
        For a wrong shape or value, with the value seen.
    TypeError
        For a wrong dtype.
    """
    if photo.dtype != np.uint8:
        raise TypeError(f"photo has dtype {photo.dtype}, expected uint8")
    if photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise UsageError(f"photo has shape {photo.shape}, expected (any, any, 3)")
    if shares.ndim != 2 or shares.shape[1] != DIFFERENCES or not len(shares):
        raise UsageError(f"shares has shape {shares.shape}, expected (any, {DIFFERENCES})")
    if tone.shape != (TONES,):
        raise UsageError(f"tone has shape {tone.shape}, expected ({TONES},)")
    if blur.ndim != 1 or fine.ndim != 1 or not blur.size or not fine.size or coarse.shape != fine.shape:
        raise UsageError(f"half kernels have shapes {blur.shape}, {fine.shape} and {coarse.shape}, expected (any,)")
    if rounds < 1:
        raise UsageError(f"rounds is {rounds}, expected 1 or more")


def gaussian(image: Floats, half: Floats) -> Floats:
    """Blur down, then across; the border repeats.

    Parameters
    ----------
    image : (h, w) or (h, w, 3) float32
        The image.
    half : (radius + 1,) float32
        Half of the kernel, the weight of the centre first.

    Returns
    -------
    float32 array of the image's shape
        The blurred image.
    """
    for axis in (0, 1):
        length = image.shape[axis]
        at = np.arange(length)
        total = image * half[0]
        for k in range(1, len(half)):
            before, after = np.maximum(at - k, 0), np.minimum(at + k, length - 1)
            total += half[k] * (image.take(before, axis) + image.take(after, axis))
        image = total
    return image


def _differences(guide: Pixels, axis: int) -> Indices:
    sums: Indices = np.abs(np.diff(guide.astype(np.int32), axis=axis)).sum(axis=2, dtype=np.int32)
    return sums


def _smooth_once(image: Floats, across: Floats, down: Floats) -> None:
    """Smooth once, in place: along rows there and back, then along columns. across: (h, w - 1), down: (h - 1, w)."""
    for lines, share in ((image.swapaxes(0, 1), across.T), (image, down)):
        for i in range(1, len(lines)):
            lines[i] += share[i - 1][:, None] * (lines[i - 1] - lines[i])
        for i in range(len(lines) - 2, -1, -1):
            lines[i] += share[i][:, None] * (lines[i + 1] - lines[i])


def _luma(image: Floats) -> Floats:
    luma: Floats = LUMA[0] * image[..., 0] + LUMA[1] * image[..., 1] + LUMA[2] * image[..., 2]
    return luma


def _lines(
    luma: Floats, fine: Floats, coarse: Floats, threshold: np.float32, gain: np.float32, strength: np.float32
) -> Floats:
    """Return the share of each pixel's light that ink takes, 0..1: the dark side of an edge is darker than its surroundings."""
    excess = ((gaussian(luma, coarse) - gaussian(luma, fine)) - threshold) * gain
    ramp = np.clip(excess, np.float32(0), np.float32(1))
    ink: Floats = strength * (ramp * ramp * (np.float32(3) - np.float32(2) * ramp))
    return ink


def rounded(image: Floats) -> Pixels:
    """Return grey levels as 8 bits, halves upwards."""
    levels: Pixels = np.floor(np.clip(image, np.float32(0), np.float32(255)) + np.float32(0.5)).astype(np.uint8)
    return levels
