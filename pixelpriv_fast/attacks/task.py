"""What an attack is given besides the photos, and what it hands back."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import SupportsIndex, TypeAlias

import numpy as np

from ..engines import GradientEngine
from ..types import Logits, Pixels

#: A network to fool: logits, input gradients and the preprocessing that makes its inputs.
Victim: TypeAlias = GradientEngine


@dataclass(frozen=True, slots=True)
class AttackTask:
    """Whom to fool, and what each photo must not be taken for.

    ``flee[v][i]``: for victim v and photo i the class indices to get away from (the original's class, and every
    accepted label). ``original_logits[v]``: (photos, classes) of the *original* photos, needed by attacks that aim by
    them; None leaves them to the start photos. ``seeds``: one 64-bit integer a photo, or what becomes
    one when an attack asks for it, see ``ContentSeed``.
    ``expired(i)`` is asked before each step; True ends photo i with what it has. ``batch``: the static number of
    slots in one network pass. ``judged``: whether outcomes must say if they fool; who judges the photos anyway leaves
    it out, and saves a pass.
    """

    victims: tuple[Victim, ...]
    flee: tuple[tuple[tuple[int, ...], ...], ...]
    seeds: Sequence[SupportsIndex]
    original_logits: tuple[Logits, ...] | None = None
    expired: Callable[[int], bool] | None = None
    batch: int = 16
    judged: bool = True

    def only(self, photos: Sequence[int]) -> AttackTask:
        """The task for some of its photos, which are counted anew."""
        expired = self.expired
        return replace(
            self,
            flee=tuple(tuple(rows[i] for i in photos) for rows in self.flee),
            seeds=[self.seeds[i] for i in photos],
            original_logits=self.original_logits and tuple(logits[list(photos)] for logits in self.original_logits),
            expired=None if expired is None else lambda i: expired(photos[i]),
        )


@dataclass(frozen=True, slots=True)
class AttackOutcome:
    """One attacked photo. ``linf``: largest change in grey levels; ``steps``: steps that were taken; ``fooled``: every
    victim's top-1 on these very pixels is none of the classes fled from, by its fp32 logits; None where the task did
    not ask and the attack did not need to know."""

    photo: Pixels
    linf: int
    steps: int
    fooled: bool | None


class ContentSeed:
    """``content_seed`` of a photo, computed when it is first asked for as an integer: hashing 12 megapixels costs as
    much as shrinking them four times, and most attacks draw nothing."""

    def __init__(self, pixels: Pixels, seed: int) -> None:
        self._pixels: Pixels | None = pixels
        self._seed = seed

    def __index__(self) -> int:
        if (pixels := self._pixels) is not None:
            self._seed, self._pixels = content_seed(pixels, self._seed), None
        return self._seed


def content_seed(pixels: Pixels, seed: int) -> int:
    """A 64-bit seed from a photo's pixels and the user's seed: the same photo gets the same randomness in any batch,
    order or run."""
    digest = hashlib.sha256(f"{seed}:{pixels.shape}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return int.from_bytes(digest.digest()[:8], "little")
