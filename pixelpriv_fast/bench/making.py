"""How the cases are made, one function a kind of row. Sizes are small: a bench compares, it does not impress."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..kernels import get, implementations
from ..registry import ATTACKS, CLASSIFIERS, CODECS, ENHANCEMENTS
from . import yardsticks
from .pair import Pair
from .scene import scene

if TYPE_CHECKING:
    from ..attacks import AttackOutcome, AttackTask
    from ..engines import GradientEngine
    from ..types import Photo, Pixels

_SIDE = 224
_ARCHIVE_PHOTOS = 2
_ARCHIVE_RECIPE = "contrast+least_likely"


def kernel(name: str, stack: ExitStack) -> Pair:
    """The fastest implementation that runs here, and the numpy twin, on arrays of their own."""
    from .kernel_calls import call

    return Pair(call(name, get(name)), call(name, get(name, "reference")), implementations(name)[0])


def enhancement(name: str, stack: ExitStack) -> Pair:
    from ..models import Store
    from ..protection.recipes import NetworkEnhancement

    photo = scene(_SIDE, _SIDE)
    part = ENHANCEMENTS.load(name)()
    if isinstance(part, NetworkEnhancement):
        Store().load(part.network)  # where it is missing, this says so
    return Pair(lambda: part(photo), yardsticks.of_enhancement(name).make(photo))


def classifier(name: str, stack: ExitStack) -> Pair:
    from ..models import load_classifier
    from .torch_eager import answers

    network = load_classifier(name)
    photos = [scene(_SIDE, _SIDE, seed) for seed in range(2)]
    return Pair(lambda: network(photos), answers(name, photos), network.device)


def attack(name: str, engine: str, stack: ExitStack) -> Pair:
    from ..engines import load_engine

    victim = load_engine(_classifier(), engine)
    part = ATTACKS.load(name)()
    photos = [scene(_SIDE, _SIDE, 1)]
    task = _task(victim, photos)
    yardstick, at_once = yardsticks.of_attack(part, _classifier(), photos)
    outcomes: list[AttackOutcome] = []

    def attacked() -> None:
        outcomes[:] = part.run(photos, task)

    return Pair(attacked, yardstick, f"{victim.name} on {victim.device}", lambda: outcomes[0].steps / at_once)


def _task(victim: GradientEngine, photos: list[Pixels]) -> AttackTask:
    import numpy as np

    from ..attacks import AttackTask

    logits = victim.logits(np.stack([victim.preprocess.rounded(photo) for photo in photos]))
    flee = tuple((int(row.argmax()),) for row in logits)
    return AttackTask((victim,), (flee,), seeds=range(len(photos)), original_logits=(logits,), batch=len(photos))


def metric(name: str, stack: ExitStack) -> Pair:
    from ..metrics import create, warm_up

    result, original = scene(384, 512, 0), scene(384, 512, 1)
    part = create(name)
    warm_up(part)
    return Pair(lambda: part(result, original), yardsticks.of_metric(name).make(result, original))


def run(number: int, stack: ExitStack) -> Pair:
    """One photo by one of the paper's runs: decoded from PNG, encoded to PNG, verified, PSNR measured."""
    from ..protection.protector import Protector
    from ..protection.recipes import PAPER_RUNS

    recipe = PAPER_RUNS[number - 1]
    pixels = scene(_SIDE, _SIDE, number)
    file = _encoded(_photo(pixels), "png")
    protector = Protector(recipe, classifier=_classifier(), metrics=("psnr",), retry=False)

    def protect() -> None:
        for result in protector.stream([file], batch=1, encode=True):
            if result.error is not None:
                raise result.error

    protector.settings()  # where a network is missing, this says so
    yardstick = yardsticks.of_recipe(recipe, _classifier(), [pixels])
    return Pair(protect, yardstick, protector.device)


def codec(name: str, stack: ExitStack) -> Pair:
    """A photo encoded and decoded again."""
    from ..codecs import decode

    photo = _photo(scene(384, 512))
    canonical = CODECS.canonical(name)
    decode(_encoded(photo, canonical))
    return Pair(lambda: decode(_encoded(photo, canonical)), yardsticks.of_codec(photo.pixels))


def archive(stack: ExitStack) -> Pair:
    """A folder of JPEG photos protected as ``pixelpriv protect`` does it, networks loaded before."""
    from ..archive.job import open_job
    from ..archive.walk import plan
    from ..protection.protector import Protector

    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelpriv-bench-")))
    photos = [scene(_SIDE, _SIDE, seed) for seed in range(_ARCHIVE_PHOTOS)]
    (folder / "in").mkdir()
    for number, photo in enumerate(photos):
        (folder / "in" / f"{number}.jpg").write_bytes(_encoded(_photo(photo), "jpeg"))
    protector = Protector(_ARCHIVE_RECIPE, classifier=_classifier(), metrics=("psnr", "ssim"), retry=False)
    items = plan([folder / "in"], folder / "out")

    whole = stack.enter_context(open_job(protector, folder / "out", batch=_ARCHIVE_PHOTOS, resume=False))

    def job() -> None:
        if any(record["status"] == "failed" for record in whole.run(items)):
            raise RuntimeError("a photo of the bench's own failed")

    yardstick = yardsticks.of_recipe(protector.recipe, _classifier(), photos)
    return Pair(job, yardstick, protector.device)


def _classifier() -> str:
    """The registry's first, which needs no weights but an installed package's."""
    return next(iter(CLASSIFIERS))


def _photo(pixels: Pixels) -> Photo:
    from ..types import Photo

    return Photo(pixels, "png")


def _encoded(photo: Photo, format_name: str) -> bytes:
    from ..codecs import EncodeOptions, encode

    return encode(photo.pixels, like=photo, options=EncodeOptions(format=format_name))
