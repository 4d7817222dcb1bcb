"""What every row of METRICS promises: what it says of itself, its range, and the photos that it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast import metrics
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.metrics import Metric
from pixelpriv_fast.registry import METRICS
from tests.scenes import scene


@pytest.fixture
def metric(request: pytest.FixtureRequest, metric_store: Path) -> Metric:
    return metrics.create(request.param, models=metric_store, device="cpu")


every_metric = pytest.mark.parametrize("metric", list(METRICS), indirect=True)


@pytest.mark.parametrize("name", list(METRICS))
def test_a_metric_says_how_to_read_its_figure(name: str) -> None:
    kind = METRICS.load(name)
    assert getattr(metrics, kind.__name__) is kind
    assert kind.__name__ in metrics.__all__
    assert kind.title == kind.title.strip() != ""
    assert isinstance(kind.unit, str)
    assert 0 <= kind.mean_decimals <= kind.decimals
    assert kind.range[0] < kind.range[1]
    assert isinstance(kind.higher_better, bool)
    assert isinstance(kind.reference, bool)
    assert isinstance(kind.for_appeal, bool)


def test_tables_show_first_what_needs_no_original() -> None:
    names = metrics.names_in_table_order()
    assert sorted(names) == sorted(METRICS)
    compares = [METRICS.load(name).reference for name in names]
    assert compares == sorted(compares)


@every_metric
def test_figures_are_in_range_and_repeat(metric: Metric) -> None:
    result, original = scene(64, 96), scene(64, 96, 1)
    kept = result.copy(), original.copy()
    figure = metric(result, original)
    low, high = metric.range
    assert isinstance(figure, float)
    assert low <= figure <= high
    assert metric(result[:, ::-1][:, ::-1], original) == figure  # of any strides
    np.testing.assert_array_equal(result, kept[0])
    np.testing.assert_array_equal(original, kept[1])


@every_metric
def test_only_a_metric_with_reference_reads_the_original(metric: Metric) -> None:
    result, original = scene(64, 96), scene(64, 96, 1)
    assert (metric(result, original) != metric(result, result)) == metric.reference
    if metric.reference:
        better = metric(result, result), metric(result, original)
        assert better[0] > better[1] if metric.higher_better else better[0] < better[1]
        with pytest.raises(UsageError, match="same size"):
            metric(result, original[:50])


@every_metric
@pytest.mark.parametrize("wrong", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_what_is_not_a_photo_is_refused(metric: Metric, wrong: np.ndarray) -> None:
    with pytest.raises(UsageError, match=rf"{METRICS.name_of(metric)}: .* is "):
        metric(wrong, wrong)


@every_metric
def test_many_photos_have_the_figures_of_one_by_one(metric: Metric) -> None:
    if not metric.reference:
        photos = [scene(64, 96), scene(96, 64, 1)]
        assert metrics.rate(metric, photos) == pytest.approx([metric(photo, photo) for photo in photos], abs=1e-5)


def test_where_none_are_named_those_are_measured_whose_network_is_there(
    metric_store: Path, nima_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    every = metrics.names_in_table_order()
    plain = [name for name in every if not METRICS.load(name).for_appeal]
    assert list(metrics.default_metrics(models=metric_store, appeal=True)) == [*every]
    assert list(metrics.default_metrics(models=metric_store)) == plain
    assert list(metrics.default_metrics(models=nima_store)) == [name for name in plain if name != "nima_technical"]
    assert not {"nima", "nima_shared"} & set(metrics.default_metrics(models=tmp_path, appeal=True))
