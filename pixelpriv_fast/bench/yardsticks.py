"""The yardsticks of cases that have no numpy twin: plain versions of the same work.

A yardstick is a constant of the bench: changing one changes every ratio, and all baselines have to be written again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .. import kernels
from ..registry import ENHANCEMENTS
from ..types import Pixels

if TYPE_CHECKING:
    from ..attacks import Attack
    from ..protection.recipes import Recipe

Call = Callable[[], object]

_STEPS = 10  #: maximum number of an attack's steps to imitate; an attack that may take more ends early


@dataclass(frozen=True, slots=True)
class Yardstick:
    """A yardstick.

    Attributes
    ----------
    words : str
        What it is, for people.
    make : callable
        Takes photos (the result first, for metrics) and returns the call that is timed.
    """

    words: str
    make: Callable[..., Call]


def _fixed_work(photo: Pixels, *_: Pixels) -> Call:
    def run() -> Pixels:
        brighter = np.sqrt(photo.astype(np.float32) / 255)
        return np.floor(brighter * 255 + 0.5).astype(np.uint8)

    return run


def _contrast(photo: Pixels) -> Call:
    """Return Ying's illumination map by the numpy twins, to the authors' own tolerance."""

    def run() -> object:
        luminance = kernels.get("half_luminance", "reference")(photo)
        weights = kernels.get("texture_weights", "reference")(luminance, 5, 1e-3)
        return kernels.get("solve_illumination", "reference")(luminance, *weights, 0.5, 0.1)

    return run


def _cartoon_filter(photo: Pixels) -> Call:
    from .kernel_calls import timed

    arguments = timed("cartoon_filter", photo)
    return lambda: kernels.get("cartoon_filter", "reference")(*arguments)


def _cartoongan(photo: Pixels) -> Call:
    from .torch_eager import stylised

    return stylised("cartoongan_hayao", photo)


def _psnr(result: Pixels, original: Pixels) -> Call:
    def run() -> float:
        error = np.mean((result.astype(np.float64) - original.astype(np.float64)) ** 2)
        return float(10 * np.log10(255.0**2 / error))

    return run


def _ssim(result: Pixels, original: Pixels) -> Call:
    return lambda: kernels.get("ssim", "reference")(result, original)


def _ssimulacra2(result: Pixels, original: Pixels) -> Call:
    from ..kernels.reference.ssimulacra2 import WEIGHTS

    return lambda: kernels.get("ssimulacra2", "reference")(original, result, WEIGHTS)


def _nima(card: str) -> Callable[[Pixels, Pixels], Call]:
    def made(result: Pixels, original: Pixels) -> Call:
        from .torch_eager import answers

        del original
        return answers(card, [result])

    return made


#: For rows without an entry below: a fixed piece of work on the same photo.
FIXED: Final = Yardstick("numpy pass", _fixed_work)
ENHANCED_BY: Final = {
    "contrast": Yardstick("numpy twins, map alone", _contrast),
    "cartoon_filter": Yardstick("numpy twin", _cartoon_filter),
    "cartoongan": Yardstick("torch eager", _cartoongan),
}
MEASURED_BY: Final = {
    "psnr": Yardstick("numpy, float64", _psnr),
    "ssim": Yardstick("numpy twin", _ssim),
    "ssimulacra2": Yardstick("numpy twin", _ssimulacra2),
    "nima": Yardstick("torch eager", _nima("nima_mobilenet")),
    "nima_shared": Yardstick("torch eager", _nima("nima_mobilenet")),
    "nima_technical": Yardstick("torch eager", _nima("nima_technical")),
}


def of_enhancement(name: str | None) -> Yardstick:
    """Return the yardstick of the enhancement ``name``; of one that is not registered, the fixed work."""
    return ENHANCED_BY.get(name or "", FIXED)


def of_metric(name: str) -> Yardstick:
    """Return the yardstick of the metric ``name``."""
    return MEASURED_BY.get(name, FIXED)


def of_codec(photo: Pixels) -> Call:
    """Return a call that compresses the raw pixels by zlib and back."""
    raw = photo.tobytes()
    return lambda: zlib.decompress(zlib.compress(raw, 1))


def of_attack(attack: Attack, classifier: str, photos: Sequence[Pixels]) -> tuple[Call, int]:
    """Make the yardstick of an attack.

    Parameters
    ----------
    attack : Attack
        The attack that is timed.
    classifier : str
        The network.
    photos : sequence of Pixels
        The photos, uint8 RGB.

    Returns
    -------
    call : callable
        One plain torch step of all photos; of a search, one forward of a few warped candidates a photo.
    steps : int
        The number of the attack's steps that the call stands for.
    """
    from .torch_eager import CANDIDATES, searched, stepped

    if attack.needs_gradient:
        return stepped(classifier, photos), 1
    return searched(classifier, photos), CANDIDATES


def of_recipe(recipe: Recipe, classifier: str, photos: Sequence[Pixels]) -> Call:
    """Make the naive pipeline: each part's yardstick in turn, and zlib for the file.

    Parameters
    ----------
    recipe : Recipe
        The recipe that is timed.
    classifier : str
        The network.
    photos : sequence of Pixels
        The photos, uint8 RGB.

    Returns
    -------
    callable
        The call that is timed; it takes at most ``_STEPS`` of the attack's steps.
    """
    from ..attacks.contract import LatticeAttack

    enhancement = of_enhancement(ENHANCEMENTS.name_of(recipe.enhancement))
    parts = [enhancement.make(photo) for photo in photos]
    for attack in recipe.attacks:
        steps = attack.plan().steps if isinstance(attack, LatticeAttack) else 1
        parts += [of_attack(attack, classifier, photos)[0]] * min(steps, _STEPS)
    parts += map(of_codec, photos)

    def run() -> None:
        for part in parts:
            part()

    return run
