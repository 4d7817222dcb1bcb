"""What cases are held against where no numpy twin stands beside them: plain, unhurried versions of the same work.

A yardstick is a constant of the bench: changing one moves every ratio, and baselines have to be written anew.
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

_STEPS = 10  #: of an attack that may take more and ends early: about what it takes


@dataclass(frozen=True, slots=True)
class Yardstick:
    """``make`` takes photos (the result first, for metrics) and returns the call that is timed."""

    words: str
    make: Callable[..., Call]


def _pass_over(photo: Pixels, *_: Pixels) -> Call:
    def run() -> Pixels:
        brighter = np.sqrt(photo.astype(np.float32) / 255)
        return np.floor(brighter * 255 + 0.5).astype(np.uint8)

    return run


def _contrast(photo: Pixels) -> Call:
    """Ying's illumination map by the twins, to the authors' own tolerance."""

    def run() -> object:
        luminance = kernels.get("half_luminance", "reference")(photo)
        weights = kernels.get("texture_weights", "reference")(luminance, 5, 1e-3)
        return kernels.get("solve_illumination", "reference")(luminance, *weights, 0.5, 0.1)

    return run


def _cartoon_filter(photo: Pixels) -> Call:
    from .kernel_calls import drawing

    arguments = drawing(photo)
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


def _nima(result: Pixels, original: Pixels) -> Call:
    from .torch_eager import answers

    del original
    return answers("nima_mobilenet", [result])


#: For rows that have no entry of their own: a fixed piece of work on the same photo.
PASS: Final = Yardstick("numpy pass", _pass_over)
ENHANCED_BY: Final = {
    "contrast": Yardstick("numpy twins, map alone", _contrast),
    "cartoon_filter": Yardstick("numpy twin", _cartoon_filter),
    "cartoongan": Yardstick("torch eager", _cartoongan),
}
MEASURED_BY: Final = {
    "psnr": Yardstick("numpy, float64", _psnr),
    "ssim": Yardstick("numpy twin", _ssim),
    "nima": Yardstick("torch eager", _nima),
}


def of_enhancement(name: str | None) -> Yardstick:
    return ENHANCED_BY.get(name or "", PASS)


def of_metric(name: str) -> Yardstick:
    return MEASURED_BY.get(name, PASS)


def of_codec(photo: Pixels) -> Call:
    """The raw pixels through zlib and back."""
    raw = photo.tobytes()
    return lambda: zlib.decompress(zlib.compress(raw, 1))


def of_attack(attack: Attack, classifier: str, photos: Sequence[Pixels]) -> tuple[Call, int]:
    """One plain torch step of all photos (of a search, one pass of a few warped candidates each), and how many of the
    attack's steps that is."""
    from ..attacks.contract import LatticeAttack
    from .torch_eager import CANDIDATES, searched, stepped

    if isinstance(attack, LatticeAttack):
        return stepped(classifier, photos), 1
    return searched(classifier, photos), CANDIDATES


def of_recipe(recipe: Recipe, classifier: str, photos: Sequence[Pixels]) -> Call:
    """The naive pipeline: each part's yardstick in turn, of the attack's steps ``_STEPS`` at most, and zlib for the file."""
    from ..attacks.contract import LatticeAttack

    enhancement = of_enhancement(ENHANCEMENTS.name_of(recipe.enhancement))
    parts = [enhancement.make(photo) for photo in photos]
    if recipe.attack is not None:
        steps = recipe.attack.plan().steps if isinstance(recipe.attack, LatticeAttack) else 1
        parts += [of_attack(recipe.attack, classifier, photos)[0]] * min(steps, _STEPS)
    parts += map(of_codec, photos)

    def run() -> None:
        for part in parts:
            part()

    return run
