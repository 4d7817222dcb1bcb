from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pixelpriv_fast.models import read
from pixelpriv_fast.registry import CLASSIFIERS
from tests.conftest import ROOT


@pytest.mark.parametrize("name", list(CLASSIFIERS))
def test_every_classifier_has_a_script(name: str) -> None:
    assert f'main("{name}")' in (ROOT / "export" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_script_writes_the_model_and_its_parity(tmp_path: Path, data: Path) -> None:
    pytest.importorskip("torch")
    target = tmp_path / "out.onnx"
    command = [sys.executable, str(ROOT / "export" / "squeezenet_places365.py")]
    checkpoint = data / "weights" / "squeezenet_places365.npz"
    command += [str(checkpoint), str(target)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = {row["provider"]: row for row in map(json.loads, done.stdout.splitlines())}
    assert rows["onnxruntime"]["maximum"] < 1e-4
    assert rows["onnxruntime"]["agreement"] == 1.0
    assert read(target).stamp.name == "squeezenet_places365"


def test_a_missing_checkpoint_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from pixelpriv_fast.models.exporting import main

    assert main("resnet50_places365", [str(tmp_path / "none.pth.tar"), str(tmp_path / "out.onnx")]) == 4
    assert "none.pth.tar: cannot be read" in capsys.readouterr().err
    assert main("resnet50_places365", [str(tmp_path / "out.onnx")]) == 4
    assert "needs CHECKPOINT and OUT.onnx" in capsys.readouterr().err
