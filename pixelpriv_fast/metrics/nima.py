"""NIMA: how much a photo would be liked, from the photo alone (Talebi & Milanfar 2018)."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from ..errors import PhotoError, checked_word
from ..models import Preprocess, Store
from ..models.scorer import Scorer, load_scorer
from ..photo_check import checked_photo
from ..registry import METRICS
from ..types import Floats, Pixels
from ..words import NimaPreset
from .contract import Metric

_SMALLEST = 32  # five halvings leave one position

#: Pixels of all photos in one network call: beyond it the caches are full and only memory grows.
_CALL_PIXELS = 16 * 256 * 256


@dataclass(frozen=True, slots=True)
class Preset:
    """How a photo is resized for the network. Scaling is the network's own, x / 127.5 - 1.

    Attributes
    ----------
    summary : str
        One line for users.
    size : tuple of two ints, or None
        The (height, width) that a photo is squashed to; None for its own size.
    filter : str
        "bilinear" (antialiased, Pillow's) or "nearest".
    """

    summary: str
    size: tuple[int, int] | None
    filter: str = "bilinear"


#: Scores of different presets must not be compared. Nearest neighbour keeps a photo's finest contrasts, which the
#: network likes: "idealo" lies 0.2 above the default on photos of 256 pixels and 1.0 above it on photos of 768.
#: Ports on other backbones (VGG16, ResNet, InceptionResNetV2) are other networks, and have no preset here.
PRESETS: dict[NimaPreset, Preset] = {
    "square224": Preset("224x224, bilinear, antialiased: original and result alike; the default", (224, 224)),
    "idealo": Preset("224x224, nearest neighbour, as idealo's and titu1994's resizing scripts", (224, 224), "nearest"),
    "titu1994": Preset("the photo's own size, as titu1994's scripts by default; at least 32x32", None),
    # Choice: the task's photos are 256x256; others are squashed to that, as for the task's classifier.
    "mediaeval2019": Preset("256x256, as the photos of the MediaEval 2019 task", (256, 256)),
}


class Distribution(NamedTuple):
    """A photo's ratings.

    Attributes
    ----------
    mean : float
        Their mean, 1 to 10.
    std : float
        Their standard deviation.
    probabilities : float64 array of shape (10,)
        The probability of each rating 1 to 10.
    """

    mean: float
    std: float
    probabilities: npt.NDArray[np.float64]


def moments(probabilities: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Compute mean and standard deviation of the ratings 1 .. n that have these ``probabilities`` (n,), which sum to 1."""
    ratings = np.arange(1, len(probabilities) + 1)
    mean = float(ratings @ probabilities)
    return mean, float(np.sqrt(np.square(ratings - mean) @ probabilities))


class _Once:
    """The loaded network of one metric: made by the first photo, shared by threads, never copied or pickled along."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scorer: Scorer | None = None

    def get(self, metric: NIMA) -> Scorer:
        with self._lock:
            if self._scorer is None:
                self._scorer = load_scorer(metric.card, metric.models, metric.device, threads=metric.threads)
            return self._scorer

    def __reduce__(self) -> tuple[type[_Once], tuple[()]]:
        return _Once, ()


@dataclass(frozen=True, slots=True)
class NIMA(Metric):
    """Mean rating of NIMA on MobileNet v1, trained on AVA: 1 (poor) to 10.

    The network is loaded by the first photo and kept. A metric may be shared by threads.

    Parameters
    ----------
    preset : str
        How photos are resized, a word of ``PRESETS``.
    models : path, optional
        A folder to look in first for the network.
    device : str
        Where it runs: "auto", "cpu" or "cuda".
    threads : int, optional
        Number of threads of a network call; None leaves it to the device.
    """

    preset: NimaPreset = "square224"
    models: str | os.PathLike[str] | None = None
    device: str = "auto"
    threads: int | None = None
    _network: _Once = field(default_factory=_Once, init=False, repr=False, compare=False)

    card: ClassVar[str] = "nima_mobilenet"
    title: ClassVar[str] = "NIMA"
    unit: ClassVar[str] = ""
    decimals: ClassVar[int] = 2
    mean_decimals: ClassVar[int] = 2
    range: ClassVar[tuple[float, float]] = (1.0, 10.0)
    higher_better: ClassVar[bool] = True
    reference: ClassVar[bool] = False

    def __post_init__(self) -> None:
        checked_word("NIMA preset", self.preset, NimaPreset)

    def __call__(self, result: Pixels, original: Pixels | None = None) -> float:
        """Return the mean rating of ``result``; ``original`` is not read.

        Raises ``PhotoError`` for a photo that is too small for the preset, ``ModelError`` without the network.
        """
        return self.distribution(result).mean

    def distribution(self, photo: Pixels) -> Distribution:
        """Return mean, standard deviation and the ten probabilities of one photo, uint8 (height, width, 3), RGB."""
        return self.distributions([photo])[0]

    def scores(self, photos: Sequence[Pixels]) -> list[float]:
        """Return the mean ratings of photos of any sizes, in their order; those that fit together share a network call."""
        return [distribution.mean for distribution in self.distributions(photos)]

    def distributions(self, photos: Sequence[Pixels]) -> list[Distribution]:
        """Return ``distribution`` of photos of any sizes, in their order; those that fit together share a network call."""
        name = METRICS.name_of(self) or type(self).__name__
        photos = [checked_photo(photo, f"{name}: photo") for photo in photos]
        for photo in photos:
            self._require_size(photo)
        scorer = self._network.get(self)
        rows = (row for batch in self._batches(scorer.preprocess, photos) for row in scorer(batch))
        return [Distribution(*moments(row), row) for row in rows]

    @property
    def available(self) -> bool:
        """Whether the network is in the store. Loads nothing."""
        return Store(self.models).find(self.card) is not None

    def warm_up(self) -> None:
        """Load the network now, so that a missing one is known before the first photo."""
        self._network.get(self)

    def _seen(self, photo: Pixels) -> Pixels:
        """Return what is rated of a checked photo."""
        return photo

    def _require_size(self, photo: Pixels) -> None:
        height, width = photo.shape[:2]
        if PRESETS[self.preset].size is None and min(height, width) < _SMALLEST:
            raise PhotoError(
                f"photo of {width}x{height} is smaller than the {_SMALLEST}x{_SMALLEST} that NIMA can read at a "
                f"photo's own size; use a preset that resizes, for example {next(iter(PRESETS))!r}"
            )

    def _batches(self, trained: Preprocess, photos: Sequence[Pixels]) -> Iterator[Floats]:
        """Yield network inputs of consecutive photos that come out in one size, (n, 3, h, w)."""
        waiting: list[Floats] = []
        for photo in photos:
            ready = _prepared(self._seen(photo), PRESETS[self.preset], trained)
            if waiting and (ready.shape != waiting[0].shape or (len(waiting) + 1) * ready[0].size > _CALL_PIXELS):
                yield np.stack(waiting)
                waiting = []
            waiting.append(ready)
        if waiting:
            yield np.stack(waiting)


def _prepared(photo: Pixels, preset: Preset, trained: Preprocess) -> Floats:
    """Make the network's input (3, h, w): the preset's size, the checkpoint's scaling and channel order."""
    if preset.filter == "nearest" and preset.size is not None:
        photo = _nearest(photo, preset.size)
    size = preset.size or (photo.shape[0], photo.shape[1])
    steps = replace(trained, size=size, resize="squash", resize_to=size, filter="bilinear")
    return steps.rounded(np.ascontiguousarray(photo))


def _nearest(photo: Pixels, size: tuple[int, int]) -> Pixels:
    """Take the pixel under each output's centre, as Pillow's NEAREST does."""
    rows, columns = (
        ((np.arange(out) + 0.5) * (full / out)).astype(np.intp) for out, full in zip(size, photo.shape[:2], strict=True)
    )
    small: Pixels = photo[rows[:, None], columns]
    return small
