"""How good a result looks: frozen dataclasses, each called as ``metric(result, original)``.

What a metric says of itself (title, unit, decimal places, range, whether it compares) are class attributes, see
``contract.Metric``. Every row of ``registry.METRICS`` is an attribute of this package by its class name, loaded when first
used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import METRICS
from .contract import BatchMetric, Metric, NetworkMetric
from .rating import available, create, default_metrics, figure, names_in_table_order, raised, rate, warm_up

if TYPE_CHECKING:  # so that editors find them; nothing needs a line here
    from .nima import NIMA as NIMA
    from .nima_shared import NIMAShared as NIMAShared
    from .nima_technical import NIMATechnical as NIMATechnical
    from .psnr import PSNR as PSNR
    from .ssim import SSIM as SSIM
    from .ssimulacra2 import SSIMULACRA2 as SSIMULACRA2

__all__ = [
    *METRICS.by_attribute(),
    "BatchMetric",
    "Metric",
    "NetworkMetric",
    "available",
    "create",
    "default_metrics",
    "figure",
    "names_in_table_order",
    "raised",
    "rate",
    "warm_up",
]


def __getattr__(name: str) -> Any:
    return METRICS.load_attribute(name, __name__)


def __dir__() -> list[str]:
    return sorted(__all__)
