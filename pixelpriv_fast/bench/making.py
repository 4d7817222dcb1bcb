"""Makes the cases, one function a kind of row. Sizes are small: a bench compares, it does not impress."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from ..defaults import RECIPE
from ..kernels import get, implementations
from ..registry import ATTACKS, CHANNELS, CLASSIFIERS, CODECS, ENHANCEMENTS, PANELS
from . import yardsticks
from .case import TimedPair
from .scene import scene

if TYPE_CHECKING:
    from ..attacks import AttackOutcome, AttackTask
    from ..engines import GradientEngine
    from ..types import Photo, Pixels

_SIDE = 224
_ARCHIVE_PHOTOS = 2


def kernel(name: str) -> TimedPair:
    """Make the case of a kernel: its fastest implementation here against its numpy twin, each on arrays of its own."""
    from .kernel_calls import call

    return TimedPair(call(name, get(name)), call(name, get(name, "reference")), implementations(name)[0])


def enhancement(name: str) -> TimedPair:
    """Make the case of an enhancement with its defaults."""
    from ..enhance.contract import NetworkEnhancement
    from ..models import Store

    photo = scene(_SIDE, _SIDE)
    part = ENHANCEMENTS.load(name)()
    if isinstance(part, NetworkEnhancement):
        Store().load(part.network)  # raises if it is missing
    return TimedPair(lambda: part(photo), yardsticks.of_enhancement(name).make(photo))


def classifier(name: str) -> TimedPair:
    """Make the case of a classifier's logits for two photos."""
    from ..models import load_classifier
    from .torch_eager import answers

    network = load_classifier(name)
    photos = [scene(_SIDE, _SIDE, seed) for seed in range(2)]
    return TimedPair(lambda: network(photos), answers(name, photos), network.device)


def attack(name: str, engine: str) -> TimedPair:
    """Make the case of a whole attack on one photo.

    Parameters
    ----------
    name : str
        A row of ``ATTACKS``.
    engine : str
        A row of ``ENGINES``.

    Returns
    -------
    TimedPair
        The attack with its defaults; the yardstick is one plain step, so the work is the number of steps.
    """
    from ..engines import load_engine

    victim = load_engine(_classifier(), engine)
    part = ATTACKS.load(name)()
    photos = [scene(_SIDE, _SIDE, 1)]
    task = _task(victim, photos)
    yardstick, steps = yardsticks.of_attack(part, _classifier(), photos)
    outcomes: list[AttackOutcome] = []

    def attacked() -> None:
        outcomes[:] = part.run(photos, task)

    return TimedPair(attacked, yardstick, f"{victim.name} on {victim.device}", lambda: outcomes[0].steps / steps)


def _task(victim: GradientEngine, photos: list[Pixels]) -> AttackTask:
    import numpy as np

    from ..attacks import AttackTask

    logits = victim.logits(np.stack([victim.preprocess.rounded(photo) for photo in photos]))
    flee = tuple((int(row.argmax()),) for row in logits)
    return AttackTask((victim,), (flee,), seeds=range(len(photos)), original_logits=(logits,), batch=len(photos))


def metric(name: str) -> TimedPair:
    """Make the case of a metric on two photos."""
    from ..metrics import create, warm_up

    result, original = scene(384, 512, 0), scene(384, 512, 1)
    part = create(name)
    warm_up(part)
    return TimedPair(lambda: part(result, original), yardsticks.of_metric(name).make(result, original))


def run(number: int) -> TimedPair:
    """Make the case of one of the paper's runs on one photo: decode PNG, protect, encode, verify, measure PSNR."""
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

    protector.settings()  # raises if a network is missing
    yardstick = yardsticks.of_recipe(recipe, _classifier(), [pixels])
    return TimedPair(protect, yardstick, protector.device)


def codec(name: str) -> TimedPair:
    """Make the case of encoding a photo and decoding it again."""
    from ..codecs import decode

    photo = _photo(scene(384, 512))
    canonical = CODECS.canonical(name)
    decode(_encoded(photo, canonical))
    return TimedPair(lambda: decode(_encoded(photo, canonical)), yardsticks.of_codec(photo.pixels))


def channel(name: str) -> TimedPair:
    """Make the case of a channel with its defaults: one photo treated, and a gradient pulled back."""
    import numpy as np

    photo = scene(_SIDE, _SIDE)
    treat = CHANNELS.load(name)().at
    gradient = treat(photo).photo.astype(np.float32)
    return TimedPair(lambda: treat(photo).pullback(gradient), yardsticks.of_codec(photo))


def panel(name: str, height: int, width: int) -> TimedPair:
    """Make the case of all treatments of a panel, one after the other, on one photo.

    Parameters
    ----------
    name : str
        The panel.
    height, width : int
        The photo's size.

    Returns
    -------
    TimedPair
        The treatments, against zlib once on the same photo.
    """
    photo, panel = scene(height, width), PANELS.load(name)

    def treat() -> None:
        shared = panel.shared(photo)
        for treatment in panel.treatments:
            treatment.treated(shared)

    return TimedPair(treat, yardsticks.of_codec(photo))


def archive() -> TimedPair:
    """Make the case of a folder of JPEG photos, protected as by ``pixelpriv protect``, with the networks loaded before."""
    from ..archive.job import open_job
    from ..archive.walk import plan
    from ..protection.protector import Protector

    photos = [scene(_SIDE, _SIDE, seed) for seed in range(_ARCHIVE_PHOTOS)]
    protector = Protector(RECIPE, classifier=_classifier(), metrics=("psnr", "ssim"), retry=False)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pixelpriv-bench-")))
        (folder / "in").mkdir()
        for number, photo in enumerate(photos):
            (folder / "in" / f"{number}.jpg").write_bytes(_encoded(_photo(photo), "jpeg"))
        items = plan([folder / "in"], folder / "out")
        job = stack.enter_context(open_job(protector, folder / "out", batch=_ARCHIVE_PHOTOS, resume=False))
        yardstick = yardsticks.of_recipe(protector.recipe, _classifier(), photos)
        close = stack.pop_all().close

    def protect() -> None:
        if any(record["status"] == "failed" for record in job.run(items)):
            raise RuntimeError("a photo made by the bench failed")

    return TimedPair(protect, yardstick, protector.device, close=close)


def _classifier() -> str:
    """Return the registry's first classifier, whose weights come with an installed package."""
    return next(iter(CLASSIFIERS))


def _photo(pixels: Pixels) -> Photo:
    from ..types import Photo

    return Photo(pixels, "png")


def _encoded(photo: Photo, format_name: str) -> bytes:
    from ..codecs import EncodeOptions, encode

    return encode(photo.pixels, like=photo, options=EncodeOptions(format=format_name))
