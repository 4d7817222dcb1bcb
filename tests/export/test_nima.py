"""NIMA's export: the fp16 variant's distance from fp32, and the script with its report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from fp16 import half
from nima import EXACT_LAYERS, TOLERANCE, main
from PIL import Image

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.logits import mean_ratings
from pixelpriv_fast.models import Store, read
from pixelpriv_fast.runtime import create_session
from tests.conftest import NIMA_WEIGHTS, ROOT
from tests.models.importing.keras_weights import random_nima, save_npz
from tests.scenes import encoded, scene


def test_half_is_half_and_close(nima_store: Path, photos: Path) -> None:
    model = Store(nima_store, environment={}).load("nima_mobilenet")
    smaller = half(model, EXACT_LAYERS)
    assert smaller.stamp.precision == "fp16"
    assert len(smaller.data) < 0.52 * len(model.data)
    files = [*sorted((photos / "kodak").glob("*.png"))[:4], *sorted((photos / "sun").glob("*/*.jpg"))[::90]]
    assert model.stamp.preprocess is not None
    inputs = []
    for file in files:
        with Image.open(file) as image:
            inputs.append(model.stamp.preprocess.rounded(np.asarray(image.convert("RGB"))))
    exact, rounded = (
        mean_ratings(create_session(made.data, "onnxruntime").run({"pixels": np.stack(inputs)})[0])
        for made in (model, smaller)
    )
    assert 0.0 < np.abs(exact - rounded).max() <= TOLERANCE
    with pytest.raises(ModelError, match="27 activations, not more than the 27"):
        half(model, exact_layers=27)


@pytest.mark.slow
def test_the_script_writes_the_model_and_its_report(tmp_path: Path, data: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "photos").mkdir()
    for n in range(3):
        (tmp_path / "photos" / f"{n}.png").write_bytes(encoded(scene(240, 320, n)))
    command = [sys.executable, str(ROOT / "export" / "nima.py"), str(data / "weights" / NIMA_WEIGHTS)]
    command += [
        "--out",
        str(tmp_path / "out"),
        "--photos",
        str(tmp_path / "photos"),
        "--precision",
        "fp16",
        "--tensorrt",
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["provider"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["onnxruntime"]["maximum"] <= TOLERANCE
    assert rows["onnxruntime"]["photos"] == 3
    assert {"openvino", "cuda", "tensorrt"} <= rows.keys()
    assert "skipped" in rows["tensorrt"] or rows["tensorrt"]["maximum"] <= TOLERANCE
    assert read(tmp_path / "out" / "nima_mobilenet.fp16.onnx").stamp.precision == "fp16"


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none.hdf5"), "--out", str(tmp_path)]) == 4
    assert "none.hdf5: cannot be read" in capsys.readouterr().err
    unknown = save_npz(tmp_path / "w.npz", random_nima())
    assert main([str(unknown), "--out", str(tmp_path)]) == 4
    assert "--allow-unknown-hash" in capsys.readouterr().err
