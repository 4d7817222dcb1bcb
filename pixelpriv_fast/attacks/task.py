"""What an attack is given besides the photos, and what it hands back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import SupportsIndex, TypeAlias, cast

import numpy as np

from ..channels import Channel
from ..channels.readings import PanelReadings
from ..defaults import BATCH
from ..engines import GradientEngine, LogitEngine, ScoreEngine
from ..engines.ranking import Ranks
from ..errors import UsageError
from ..logits import fooled
from ..models import equal_batch
from ..types import Alpha, Edit, Floats, Logits, Pixels
from .copies import Copy, OverBackground

#: A network to fool: logits and the preprocessing that makes its inputs; input gradients for attacks that need them.
Victim: TypeAlias = LogitEngine


def with_gradient(victim: Victim) -> GradientEngine:
    """Return the victim as an engine with gradients. Raises ``UsageError`` where it computes none."""
    if not hasattr(victim, "gradient"):
        raise UsageError(f"{victim.name}: this engine computes no gradients; use load_engine({victim.name!r})")
    return cast(GradientEngine, victim)


@dataclass(frozen=True, slots=True)
class AttackTask:
    """Which networks to fool, and what each photo must not be taken for.

    Attributes
    ----------
    victims : tuple of LogitEngine
        The networks to fool, at least one; a network that reads several copies of a photo is listed once for each.
    flee : tuple of tuples of tuples of int
        ``flee[v][i]``: for victim v and photo i the class indices to get away from (the original's class, and every accepted
        label); never empty, never all classes.
    seeds : sequence of integers
        One 64-bit seed a photo, or what becomes one when an attack asks for it, see ``ContentSeed``.
    original_logits : tuple of float32 arrays of shape (photos, classes), optional
        For each victim, logits of the original photos, for attacks that aim by them.
    expired : function of int to bool, optional
        Asked before each step with a photo's index; True ends the photo's attack with what it has.
    batch : int
        The batch size of every network call, at least 1.
    judged : bool
        Whether outcomes must say if they fool; False if the caller judges the photos, which saves one forward call.
    alphas : sequence of uint8 arrays of shape (height, width) or None
        Each photo's transparency, None for one without; () where no photo has any. Where it is 0, no attack changes the photo.
    backgrounds : tuple of int
        For each victim the grey level, 0..255, over which it reads photos with transparency; () where no photo has any.
    scorer : ScoreEngine, optional
        The network whose rating of the photos an attack that wants appeal raises.
    saved : sequence of Channel or None
        What saving does to each photo, None for one that is saved without loss; () where all are.
    originals : sequence of uint8 arrays of shape (height, width, 3)
        The photos before they were enhanced; () where none was.
    readings : sequence of PanelReadings
        What is read of each original after treatments, for attacks that ask a panel, which add to it; () where nobody keeps it.
    rankers : tuple of Ranks
        For each victim what answers roughly, repeatable as the victim is; () where every answer is in fp32.
    """

    victims: tuple[Victim, ...]
    flee: tuple[tuple[tuple[int, ...], ...], ...]
    seeds: Sequence[SupportsIndex]
    original_logits: tuple[Logits, ...] | None = None
    expired: Callable[[int], bool] | None = None
    batch: int = BATCH
    judged: bool = True
    alphas: Sequence[Alpha | None] = ()
    backgrounds: tuple[int, ...] = ()
    scorer: ScoreEngine | None = None
    saved: Sequence[Channel | None] = ()
    originals: Sequence[Pixels] = ()
    readings: Sequence[PanelReadings] = ()
    rankers: tuple[Ranks, ...] = ()

    @property
    def photos_per_call(self) -> int:
        """The number of photos that every victim takes in one network call."""
        return min(equal_batch(max(1, self.batch), victim.max_batch) for victim in self.victims)

    def fooled(self, photos: Sequence[Pixels]) -> list[bool]:
        """Decide of each 8-bit photo whether every victim is fooled, by the fp32 networks."""
        good = [True] * len(photos)
        for v, (victim, flee) in enumerate(zip(self.victims, self.flee, strict=True)):
            seen = np.stack([self.read(v, index, photo) for index, photo in enumerate(photos)])
            answers = zip(victim.logits(seen, self.batch), flee, strict=True)
            good = [known and fooled(row, classes) for known, (row, classes) in zip(good, answers, strict=True)]
        return good

    def alpha(self, index: int) -> Alpha | None:
        """Return a photo's transparency, None if it has none."""
        return self.alphas[index] if self.alphas else None

    def copies(self, index: int) -> tuple[Copy, ...]:
        """Return what each victim reads instead of a photo's own pixels; () where all read these."""
        if (alpha := self.alpha(index)) is None:
            return ()
        return tuple(OverBackground(alpha, background) for background in self.backgrounds)

    def read(self, v: int, index: int, photo: Pixels) -> Floats:
        """Return the input that a victim makes of 8-bit pixels, rounded as for a verdict.

        Parameters
        ----------
        v : int
            The victim's place.
        index : int
            The photo's place.
        photo : uint8 array of shape (height, width, 3)
            The photo as it stands.

        Returns
        -------
        float32 array of shape (3, h, w)
            The network's input.
        """
        copies = self.copies(index)
        return self.victims[v].preprocess.rounded(copies[v].forward(photo) if copies else photo)

    def only(self, photos: Sequence[int]) -> AttackTask:
        """Return the task for some of its photos, which count from 0 again."""
        expired = self.expired
        return replace(
            self,
            flee=tuple(tuple(rows[i] for i in photos) for rows in self.flee),
            seeds=[self.seeds[i] for i in photos],
            original_logits=self.original_logits and tuple(logits[list(photos)] for logits in self.original_logits),
            expired=None if expired is None else lambda i: expired(photos[i]),
            alphas=tuple(self.alphas[i] for i in photos) if self.alphas else (),
            saved=tuple(self.saved[i] for i in photos) if self.saved else (),
            originals=tuple(self.originals[i] for i in photos) if self.originals else (),
            readings=tuple(self.readings[i] for i in photos) if self.readings else (),
        )


@dataclass(frozen=True, slots=True)
class AttackOutcome:
    """One attacked photo.

    Attributes
    ----------
    photo : uint8 array of shape (height, width, 3), RGB
        The result.
    linf : int
        Largest change in grey levels, 0..255; of noise on an edited photo, its change of that one.
    steps : int
        Number of steps that were taken.
    fooled : bool, optional
        Whether every victim's top-1 on these very pixels is none of the classes to flee, by its fp32 logits. None if the task
        did not ask and the attack did not need to know.
    edit : Edit, optional
        The edit that the result bears; None if no attack edited the photo.
    alpha : uint8 array of shape (height, width), optional
        The transparency where the attack moved it along; None leaves the photo its own.
    """

    photo: Pixels
    linf: int
    steps: int
    fooled: bool | None
    edit: Edit | None = None
    alpha: Alpha | None = None


class ContentSeed:
    """``content_seed`` of a photo, computed when it is first used as an integer.

    Hashing 12 megapixels costs as much as shrinking them four times, and most attacks draw nothing.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3), RGB
        The photo; held until the seed is computed.
    seed : int
        The user's seed.
    """

    def __init__(self, pixels: Pixels, seed: int) -> None:
        self._pixels: Pixels | None = pixels
        self._seed = seed

    def __index__(self) -> int:
        if (pixels := self._pixels) is not None:
            self._seed, self._pixels = content_seed(pixels, self._seed), None
        return self._seed


def content_seed(pixels: Pixels, seed: int) -> int:
    """Make a seed from a photo's pixels and the user's seed, so that a photo draws the same in any batch, order or process.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width, 3), RGB
        The photo.
    seed : int
        The user's seed.

    Returns
    -------
    int
        64 bits.
    """
    digest = hashlib.sha256(f"{seed}:{pixels.shape}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return int.from_bytes(digest.digest()[:8], "little")
