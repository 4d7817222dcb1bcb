"""Metrics by name, and the figures of many photos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from ..errors import PhotoError
from ..registry import METRICS
from ..types import Pixels
from .contract import BatchMetric, Metric, NetworkMetric


def names_in_table_order() -> tuple[str, ...]:
    """Return the names of all metrics in the order of tables: those that need no original first, then the others."""
    return tuple(sorted(METRICS, key=lambda name: bool(METRICS.load(name).reference)))


def create(name: str, **options: Any) -> Metric:
    """Return the metric ``name``.

    Parameters
    ----------
    name : str
        A row of ``registry.METRICS``.
    **options
        Values for fields (``models``, ``device``, ``preset`` ...); those that this metric has no field for are ignored.

    Returns
    -------
    Metric
        The metric; nothing is loaded yet.

    Raises
    ------
    UsageError
        If the name or an option's value is not known.
    """
    kind = METRICS.load(name)
    known = {field.name for field in fields(kind) if field.init}
    metric: Metric = kind(**{key: value for key, value in options.items() if key in known})
    return metric


def default_metrics(*, appeal: bool = False, **options: Any) -> dict[str, Metric]:
    """Make the metrics that are measured where none are named: those whose network, if they have one, is in the store.

    Parameters
    ----------
    appeal : bool
        Whether the recipe raises ratings, so that metrics ``for_appeal`` are among them.
    **options
        As for ``create``.

    Returns
    -------
    dict of str to Metric
        The metrics by their rows' names, in the order of tables.
    """
    every = {name: create(name, **options) for name in names_in_table_order()}
    return {name: metric for name, metric in every.items() if available(metric) and (appeal or not metric.for_appeal)}


def available(metric: Metric) -> bool:
    """Return whether everything that ``metric`` needs is installed. Loads nothing."""
    return not isinstance(metric, NetworkMetric) or metric.available


def warm_up(metric: Metric) -> None:
    """Load what ``metric`` needs. Raises ``ModelError`` or ``DeviceError``."""
    if isinstance(metric, NetworkMetric):
        metric.warm_up()


def rate(metric: Metric, photos: Sequence[Pixels]) -> list[float | PhotoError]:
    """Rate ``photos`` by a metric without reference, in batches if the metric can.

    Parameters
    ----------
    metric : Metric
        A metric whose ``reference`` is False.
    photos : sequence of uint8 arrays of shape (height, width, 3), RGB
        The photos, of any sizes.

    Returns
    -------
    list of float or PhotoError
        One entry a photo. A photo that cannot be rated gives its error, and costs no other photo its figure.
    """
    if isinstance(metric, BatchMetric):
        try:
            return list(metric.scores(photos))
        except PhotoError:  # of one of them: rate each by itself, then
            pass
    return [_one(metric, photo) for photo in photos]


def raised(figure: float | PhotoError) -> float:
    """Return one of ``rate``'s figures, or raise it if it is an error."""
    if isinstance(figure, PhotoError):
        raise figure
    return figure


def figure(metric: Metric, result: Pixels, original: Pixels) -> float | None:
    """Return the figure of one photo, or None if ``metric`` cannot rate it.

    Parameters
    ----------
    metric : Metric
        The metric.
    result, original : uint8 arrays of shape (height, width, 3), RGB
        As the metric takes them.

    Returns
    -------
    float or None
        The figure; None where the metric raises ``PhotoError``.
    """
    try:
        return float(metric(result, original))
    except PhotoError:
        return None


def _one(metric: Metric, photo: Pixels) -> float | PhotoError:
    try:
        return metric(photo, photo)
    except PhotoError as error:
        return error
