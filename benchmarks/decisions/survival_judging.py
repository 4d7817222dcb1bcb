"""Who reads shared photos for ``survival.py``: preprocessing by Pillow and networks by ONNX Runtime, nothing of the package's."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime
from PIL import Image
from unseen_treatments import UNSEEN

from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.metrics import create
from pixelpriv_fast.models import Store
from pixelpriv_fast.registry import METRICS

#: A treatment of a photo; None where a format cannot hold it.
Treat = Callable[[np.ndarray], np.ndarray | None]


@dataclass(frozen=True)
class Treatments:
    """A named list of treatments."""

    title: str
    each: dict[str, Treat]


def _panel() -> dict[str, Treat]:
    def by(treatment: object) -> Treat:
        return lambda pixels: treatment.treated(SHARING.shared(pixels))

    found = {treatment.name: by(treatment) for treatment in SHARING.treatments if treatment.channel is not None}
    return {"file": lambda pixels: pixels, **found}


def _unseen(name: str) -> Treat:
    def treat(pixels: np.ndarray) -> np.ndarray | None:
        try:
            return np.asarray(UNSEEN[name](Image.fromarray(pixels)))
        except ValueError:  # WebP holds no side above 16383
            return None

    return treat


LISTS: Final = (Treatments("panel", _panel()), Treatments("second list", {name: _unseen(name) for name in UNSEEN}))


def squeezenet(image: Image.Image) -> np.ndarray:
    pixels = np.asarray(image.resize((256, 256), Image.Resampling.BILINEAR), np.float32)
    return pixels[16:240, 16:240, ::-1] / 255


def efficientnet(image: Image.Image) -> np.ndarray:
    short = min(image.size)
    size = tuple(256 if side == short else int(256 * side / short) for side in image.size)
    pixels = np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float32)
    top, left = ((side - 224) // 2 for side in pixels.shape[:2])
    return (pixels[top : top + 224, left : left + 224] - 127) / 128


INPUTS: Final = {"squeezenet_places365": squeezenet, "efficientnet_lite0": efficientnet}


class Judge:
    """An independent classification by a stored network, one thread a call."""

    def __init__(self, classifier: str, models: Path | None) -> None:
        if classifier not in INPUTS:
            raise SystemExit(f"{classifier} has no preprocessing here; there are {', '.join(INPUTS)}")
        path = Store(models).find(classifier)
        if path is None:
            raise SystemExit(f"{classifier} is not in the store: see pixelpriv models list")
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.read = INPUTS[classifier]
        self.session = onnxruntime.InferenceSession(path.read_bytes(), options, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def top1(self, pixels: np.ndarray) -> int:
        seen = np.ascontiguousarray(self.read(Image.fromarray(pixels)).transpose(2, 0, 1))[None]
        return int(self.session.run(None, {self.input: seen})[0][0].argmax())

    def top1_of_each(self, pixels: np.ndarray) -> dict[str, int | None]:
        """Return what the photo is read as after each treatment of both lists; None where one was not applied."""
        answers: dict[str, int | None] = {}
        for treatments in LISTS:
            for name, treat in treatments.each.items():
                treated = treat(pixels)
                answers[name] = None if treated is None else self.top1(treated)
        return answers


@dataclass(frozen=True)
class Share:
    """How many photos are still read, of those whose treated original is."""

    read: int
    of: int

    @property
    def percent(self) -> float:
        return 100 * self.read / self.of if self.of else 0.0


def share(
    originals: Sequence[dict[str, int | None]],
    results: Sequence[dict[str, int | None]],
    hidden: Sequence[tuple[int, ...]],
    name: str,
) -> Share:
    """Count the photos that are still read as one of their hidden classes after a treatment."""
    counted = [
        after[name] in classes
        for before, after, classes in zip(originals, results, hidden, strict=True)
        if before[name] in classes and after[name] is not None
    ]
    return Share(sum(counted), len(counted))


def surviving(
    originals: Sequence[dict[str, int | None]],
    results: Sequence[dict[str, int | None]],
    hidden: Sequence[tuple[int, ...]],
    treatments: Treatments,
) -> float:
    """Return the share of photos, in per cent, that no treatment of a list makes readable again."""
    survived = [
        not any(before[name] in classes and after[name] in classes for name in treatments.each)
        for before, after, classes in zip(originals, results, hidden, strict=True)
    ]
    return 100 * sum(survived) / len(survived)


def jpeg75(pixels: np.ndarray) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=75, subsampling="4:2:0")
    return np.asarray(Image.open(out).convert("RGB"))


def ssimulacra2() -> Callable[[np.ndarray, np.ndarray], float]:
    """Return the package's metric where it has one, else PyPI's ``ssimulacra2``."""
    if "ssimulacra2" in METRICS:
        return create("ssimulacra2")
    from ssimulacra2 import compute_ssimulacra2

    def file(pixels: np.ndarray) -> io.BytesIO:
        out = io.BytesIO()
        Image.fromarray(pixels).save(out, "PNG", compress_level=0)
        return out

    return lambda result, original: float(compute_ssimulacra2(file(original), file(result)))
