"""What the rotation search needs to know of whatever ranks its candidates."""

from __future__ import annotations

from abc import abstractmethod
from typing import Literal, Protocol, runtime_checkable

from ...types import Floats, Logits

#: How candidates may be ranked: with 8-bit integers or in a precision of gradients.
RankingPrecision = Literal["int8", "fp32", "bf16", "fp16"]
#: What may be requested: "auto" takes what ranks fastest on this machine.
RankingRequest = Literal["auto", "int8", "fp32", "bf16", "fp16"]


class Ranks(Protocol):
    """Rough logits of one network. Any thread may call."""

    @property
    @abstractmethod
    def precision(self) -> RankingPrecision:
        """The precision of rough logits; "fp32" where nothing else pays. Asking may try that out."""

    @property
    @abstractmethod
    def error(self) -> float:
        """Standard deviation of (rough - fp32) log-odds over one photo's candidates; 0 if rough logits are exact."""

    @abstractmethod
    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits in ``precision``: they rank candidates and decide nothing for good.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, 3, h, w)
            Inputs of any number of candidates.
        batch : int or None
            As for ``LogitEngine.logits``.

        Returns
        -------
        ndarray of float32, shape (n, classes)
            The rough logits.

        Raises
        ------
        ModelError
            If a logit is not finite.
        DeviceError
            If the provider fails, or 8 bits that were requested cannot be had.
        """


@runtime_checkable
class OffersRanker(Protocol):
    """An engine that candidates may be ranked with."""

    @property
    def ranker(self) -> Ranks:
        """What ranks."""


def ranker_of(engine: object) -> Ranks | None:
    """Return the engine's ranker, or None where it has none: then all candidates are judged in fp32."""
    return engine.ranker if isinstance(engine, OffersRanker) else None
