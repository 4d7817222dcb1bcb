"""How good a result looks: frozen dataclasses, each called as ``metric(result, original)``. A class says by
``reference`` whether it needs the original, by ``higher_better`` and ``range`` how to read its figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any, ClassVar, Protocol, runtime_checkable

from ..errors import PhotoError
from ..registry import METRICS
from ..types import Pixels
from .nima import NIMA, nima_available
from .psnr import PSNR
from .ssim import SSIM


class Metric(Protocol):
    """What every row of the registry's metrics offers."""

    higher_better: ClassVar[bool]
    range: ClassVar[tuple[float, float]]
    reference: ClassVar[bool]

    def __call__(self, result: Pixels, original: Pixels) -> float: ...


@runtime_checkable
class BatchMetric(Protocol):
    """A metric without reference that rates many photos faster together than one by one."""

    def scores(self, photos: Sequence[Pixels]) -> list[float]: ...


@runtime_checkable
class NetworkMetric(Protocol):
    """A metric that needs a network from the store."""

    @property
    def available(self) -> bool: ...

    def warm_up(self) -> None: ...


def available(metric: Metric) -> bool:
    """Whether everything that ``metric`` needs is there. Loads nothing."""
    return not isinstance(metric, NetworkMetric) or metric.available


def warm_up(metric: Metric) -> None:
    """Loads what ``metric`` needs. Raises ``ModelError`` or ``DeviceError``."""
    if isinstance(metric, NetworkMetric):
        metric.warm_up()


def create(name: str, **options: Any) -> Metric:
    """The metric ``name`` with those of ``options`` that it has a field for (``models``, ``device``, ``preset``, ...).
    Raises ``UsageError`` for an unknown name."""
    kind = METRICS.load(name)
    known = {field.name for field in fields(kind) if field.init}
    metric: Metric = kind(**{key: value for key, value in options.items() if key in known})
    return metric


def rate(metric: Metric, photos: Sequence[Pixels]) -> list[float | PhotoError]:
    """The figures of ``photos`` by a metric without reference, together where the metric can; a photo that it cannot
    rate gives its error and costs no other photo its figure."""
    if isinstance(metric, BatchMetric):
        try:
            return list(metric.scores(photos))
        except PhotoError:  # of one of them: each by itself, then
            pass
    return [_one(metric, photo) for photo in photos]


def raised(figure: float | PhotoError) -> float:
    """One of ``rate``'s figures; raises where it is an error."""
    if isinstance(figure, PhotoError):
        raise figure
    return figure


def _one(metric: Metric, photo: Pixels) -> float | PhotoError:
    try:
        return metric(photo, photo)
    except PhotoError as error:
        return error


__all__ = [
    "NIMA",
    "PSNR",
    "SSIM",
    "BatchMetric",
    "Metric",
    "NetworkMetric",
    "available",
    "create",
    "nima_available",
    "raised",
    "rate",
    "warm_up",
]
