"""The classifiers' exports: the fp16 variant's decisions, the script with its report, and its mistakes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from classifier import TOLERANCE, main
from fp16 import half
from PIL import Image

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models import Store, read
from pixelpriv_fast.runtime import create_session
from tests.conftest import ROOT
from tests.scenes import encoded, scene


def test_half_decides_as_the_whole(places_store: Path, photos: Path) -> None:
    model = Store(places_store, environment={}).load("squeezenet_places365")
    smaller = half(model)
    assert smaller.stamp.precision == "fp16"
    assert len(smaller.data) < 0.52 * len(model.data)
    assert model.stamp.preprocess is not None
    inputs = []
    for file in sorted((photos / "sun").glob("*/*.jpg"))[::60]:
        with Image.open(file) as image:
            inputs.append(model.stamp.preprocess.rounded(np.asarray(image.convert("RGB"))))
    exact, rounded = (
        create_session(made.data, "onnxruntime").run({model.stamp.input: np.stack(inputs)})[0]
        for made in (model, smaller)
    )
    assert (exact.argmax(1) == rounded.argmax(1)).all()
    assert 0.0 < np.abs(exact - rounded).max() <= 0.01 * np.abs(exact).max()
    with pytest.raises(ModelError, match="26 activations, not more than the 26"):
        half(model, exact_layers=26)


@pytest.mark.slow
@pytest.mark.parametrize("script", [("squeezenet_places365.py",), ("classifier.py", "squeezenet_places365")])
def test_a_script_writes_the_model_and_its_report(script: tuple[str, ...], tmp_path: Path, data: Path) -> None:
    pytest.importorskip("torch")
    (tmp_path / "photos").mkdir()
    for n in range(3):
        (tmp_path / "photos" / f"{n}.png").write_bytes(encoded(scene(240, 320, n)))
    command = [sys.executable, *(str(ROOT / "export" / script[0]), *script[1:])]
    command += [str(data / "weights" / "squeezenet_places365.npz"), "--out", str(tmp_path / "out")]
    command += ["--photos", str(tmp_path / "photos"), "--precision", "fp16", "--tensorrt"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["provider"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["onnxruntime"]["photos"] == 3
    assert rows["onnxruntime"]["agreement"] == 1.0
    assert 0.0 < rows["onnxruntime"]["probability"] <= TOLERANCE
    assert {"openvino", "cuda", "tensorrt"} <= rows.keys()
    assert read(tmp_path / "out" / "squeezenet_places365.fp16.onnx").stamp.precision == "fp16"


def test_mistakes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("resnet50_places365", [str(tmp_path / "none.pth.tar"), "--out", str(tmp_path)]) == 4
    assert "none.pth.tar: cannot be read" in capsys.readouterr().err
    assert main("resnet50_places365", ["--out", str(tmp_path)]) == 4
    assert "needs FILE" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(arguments=["unknown", "--out", str(tmp_path)])
    assert "resnet50_places365" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
