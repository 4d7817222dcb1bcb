"""NIMA's technical network: how free of noise, blur and compression a photo looks, by a judge that no attack uses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from .nima import NIMA


@dataclass(frozen=True, slots=True)
class NIMATechnical(NIMA):
    """Mean rating of idealo's technical NIMA, trained on TID2013: 1 (poor) to 10.

    The same network as ``NIMA``'s with other weights. Attacks may raise ``NIMA`` by its own gradient; this one tells whether the
    photo got better or the network was pleased.

    Parameters
    ----------
    preset, models, device, threads
        As for ``NIMA``.
    """

    card: ClassVar[str] = "nima_technical"
    title: ClassVar[str] = "NIMA technical"
