"""White-box attacks on the 8-bit lattice, and one that moves the photo.

An attack is a frozen dataclass with its paper's numbers as defaults. ``run`` serves the pipeline; a call serves the attack by
itself. Every row of ``registry.ATTACKS`` is an attribute of this package by its class name, loaded when first used.

Read in this order: ``reference`` (the loop in 25 lines), ``contract`` (what every attack promises), one attack such as
``pgd``, then ``descent`` (the same loop for batches).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import ATTACKS
from .contract import Attack, LatticeAttack
from .task import AttackOutcome, AttackTask, ContentSeed, Victim, content_seed

if TYPE_CHECKING:  # so that editors find them; nothing needs a line here
    from .euclidean import Euclidean as Euclidean
    from .fgsm import FGSM as FGSM
    from .least_likely import LeastLikely as LeastLikely
    from .p_fgsm import PFGSM as PFGSM
    from .pgd import PGD as PGD

__all__ = [
    *ATTACKS.by_attribute(),
    "Attack",
    "AttackOutcome",
    "AttackTask",
    "ContentSeed",
    "LatticeAttack",
    "Victim",
    "content_seed",
]


def __getattr__(name: str) -> Any:
    return ATTACKS.load_attribute(name, __name__)


def __dir__() -> list[str]:
    return sorted(__all__)
