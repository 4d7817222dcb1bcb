"""White-box attacks on the 8-bit lattice: frozen dataclasses with the papers' numbers, ``run`` for the pipeline, a call
for use by themselves."""

from .contract import Attack, LatticeAttack
from .euclidean import Euclidean
from .fgsm import FGSM
from .least_likely import LeastLikely
from .p_fgsm import PFGSM
from .pgd import PGD
from .task import AttackOutcome, AttackTask, ContentSeed, Victim, content_seed

__all__ = [
    "FGSM",
    "PFGSM",
    "PGD",
    "Attack",
    "AttackOutcome",
    "AttackTask",
    "ContentSeed",
    "Euclidean",
    "LatticeAttack",
    "LeastLikely",
    "Victim",
    "content_seed",
]
