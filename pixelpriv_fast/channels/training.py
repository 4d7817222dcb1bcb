"""What an attack trains on: copies of a photo as sharing may leave them, drawn at random.

No treatment of the panel that decides is ever drawn, save for the file itself: its qualities and factors are left out with a
margin. What passes the panel has then not been fitted to it, treatment by treatment.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal, get_args

import numpy as np

from ..kernels.filters import FilterName
from .blur import Blur
from .chain import Chain
from .contract import Channel
from .crop import Crop
from .gamma import Gamma
from .panel import Kind, Panel
from .recompress import Recompress
from .resize import Resize

#: JPEG's and WebP's qualities, and the factors of a resize: drawn uniformly, and uniformly in their logarithm.
QUALITIES: Final = (30, 95)
FACTORS: Final = (0.35, 1.5)
#: How far qualities and factors keep from a panel's: by a number of steps of quality, and by a fraction of the factor.
QUALITY_MARGIN: Final = 1
FACTOR_MARGIN: Final = 0.02
#: The smaller changes; each joins a copy with this probability, with a value from its range.
EXTRA: Final = 0.2
BLURS: Final = (0.3, 1.3)
GAMMAS: Final = (0.9, 1.1)
CROPS: Final = (0.0, 0.04)

#: How often a chain's codec is WebP, and how often a chain is shared once more.
WEBP: Final = 0.25
AGAIN: Final = 0.5
_FILTERS: Final[tuple[FilterName, ...]] = get_args(FilterName)

#: What the copies of a step are, in turn. Choice: chains above all, since what survives them survives their parts; the file as it
#: is saved needs no turn of its own, since every copy is made of it (``benchmarks/decisions/robust_constants.py``).
TURNS: Final[tuple[Kind, ...]] = ("chain", "resize", "chain", "jpeg")


@dataclass(frozen=True)
class Training:
    """The distribution of copies that keeps clear of one panel.

    Attributes
    ----------
    panel : Panel
        The panel that decides.
    """

    panel: Panel

    def draw(self, kind: Kind, rng: np.random.Generator) -> Channel:
        """Draw what one copy goes through.

        Parameters
        ----------
        kind : str
            What it mainly does.
        rng : numpy Generator
            The photo's own random numbers.

        Returns
        -------
        Channel
            The channel; ``Chain()`` for "file": the file as it is saved.
        """
        if kind == "file":
            return Chain()
        steps = list(self._main(kind, rng))
        for extra in (self._blur, self._gamma, self._crop):
            if rng.random() < EXTRA:
                steps.insert(0, extra(rng))
        return steps[0] if len(steps) == 1 else Chain(tuple(steps))

    def _main(self, kind: Kind, rng: np.random.Generator) -> Iterator[Channel]:
        """Yield a kind's own channels; a chain shares what was shared before."""
        if kind in ("resize", "chain"):
            yield self._resize(rng)
        if kind in ("jpeg", "webp"):
            yield self._recompress(kind, rng)
        if kind == "chain":
            yield self._recompress(self._codec(rng), rng)
            if rng.random() < AGAIN:
                yield self._resize(rng)
                yield self._recompress(self._codec(rng), rng)

    def _codec(self, rng: np.random.Generator) -> Literal["jpeg", "webp"]:
        return "webp" if rng.random() < WEBP else "jpeg"

    def _recompress(self, format_name: Literal["jpeg", "webp"], rng: np.random.Generator) -> Recompress:
        allowed = [q for q in range(QUALITIES[0], QUALITIES[1] + 1) if q not in self._avoided_qualities]
        quality = int(rng.choice(allowed))
        return Recompress(format_name, quality)

    def _resize(self, rng: np.random.Generator) -> Resize:
        low, high = map(math.log, FACTORS)
        while True:
            factor = math.exp(rng.uniform(low, high))
            if all(abs(factor / other - 1) > FACTOR_MARGIN for other in self._avoided_factors):
                return Resize(factor, filter=_FILTERS[rng.integers(len(_FILTERS))])

    def _blur(self, rng: np.random.Generator) -> Blur:
        return Blur(rng.uniform(*BLURS))

    def _gamma(self, rng: np.random.Generator) -> Gamma:
        return Gamma(rng.uniform(*GAMMAS))

    def _crop(self, rng: np.random.Generator) -> Crop:
        return Crop(rng.uniform(*CROPS))

    @cached_property
    def _avoided_qualities(self) -> frozenset[int]:
        around = range(-QUALITY_MARGIN, QUALITY_MARGIN + 1)
        return frozenset(c.quality + d for c in self._parts if isinstance(c, Recompress) for d in around)

    @cached_property
    def _avoided_factors(self) -> frozenset[float]:
        return frozenset(channel.factor for channel in self._parts if isinstance(channel, Resize))

    @property
    def _parts(self) -> Iterator[Channel]:
        for treatment in self.panel.treatments:
            if treatment.channel is not None:
                yield from _flat(treatment.channel)


def _flat(channel: Channel) -> Iterator[Channel]:
    if isinstance(channel, Chain):
        for part in channel.channels:
            yield from _flat(part)
    else:
        yield channel
