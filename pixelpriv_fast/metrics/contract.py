"""What every metric says of itself, so that tables, reports and JSON keys can be derived from ``registry.METRICS``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Protocol, runtime_checkable

from ..types import Pixels


class Metric(Protocol):
    """A frozen dataclass that is called as ``metric(result, original)`` and returns one figure.

    Attributes
    ----------
    title : str
        The heading of its column, for example "PSNR".
    unit : str
        The figure's unit, for example "dB"; empty where it has none.
    decimals : int
        Decimal places that are worth showing of one photo's figure.
    mean_decimals : int
        Decimal places that are worth showing of a mean over photos.
    range : tuple of two floats
        The lowest and the highest possible figure.
    higher_better : bool
        Whether a higher figure means a better photo.
    reference : bool
        Whether the figure compares with the original; otherwise ``original`` is not read.
    for_appeal : bool
        Whether it is measured only if it is named, or for a recipe that raises ratings (``Attack.wants_appeal``).
    """

    __slots__ = ()

    title: ClassVar[str]
    unit: ClassVar[str]
    decimals: ClassVar[int]
    mean_decimals: ClassVar[int]
    range: ClassVar[tuple[float, float]]
    higher_better: ClassVar[bool]
    reference: ClassVar[bool]
    for_appeal: ClassVar[bool] = False

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """Return the figure of ``result``.

        Parameters
        ----------
        result : uint8 array of shape (height, width, 3), RGB
            The photo that is rated.
        original : uint8 array of the same shape, RGB
            What it is compared with, if the metric compares.

        Returns
        -------
        float
            A figure within ``range``.

        Raises
        ------
        UsageError
            If an argument is not such a photo, or the shapes differ.
        PhotoError
            If this metric cannot rate this photo.
        """


@runtime_checkable
class BatchMetric(Protocol):
    """A metric without reference that rates many photos faster together than one by one."""

    def scores(self, photos: Sequence[Pixels]) -> list[float]:
        """Return the figures of photos (uint8, height x width x 3, of any sizes), in their order."""


@runtime_checkable
class NetworkMetric(Protocol):
    """A metric that needs a network from the model store."""

    @property
    def available(self) -> bool:
        """Whether the network is in the store; loads nothing."""

    def warm_up(self) -> None:
        """Load the network now. Raises ``ModelError`` if it is missing, ``DeviceError`` if it cannot run here."""
