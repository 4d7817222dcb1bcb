"""The networks of the metrics' tests."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def metric_store(nima_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that holds every network of a metric; the technical NIMA is the aesthetic one under its name."""
    from pixelpriv_fast.models import Store, add_stamp

    folder = tmp_path_factory.mktemp("metrics")
    shutil.copy(nima_store / "nima_mobilenet.onnx", folder)
    model = Store(nima_store, environment={}).load("nima_mobilenet")
    renamed = add_stamp(model.data, dataclasses.replace(model.stamp, name="nima_technical"))
    (folder / "nima_technical.onnx").write_bytes(renamed)
    return folder
