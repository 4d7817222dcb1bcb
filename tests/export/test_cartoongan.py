from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from cartoongan import main

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cartoongan.generator import Generator
from pixelpriv_fast.models.stamped.file import read
from pixelpriv_fast.runtime import create_session, select

pytest.importorskip("torch")

from tests.models.cartoongan.generators import random_generator, save_npz  # it imports torch


@pytest.mark.parametrize(("precision", "file", "limit"), [("fp32", "", 1e-3), ("fp16", ".fp16", 2e-2)])
def test_the_script_writes_a_checked_model_and_reports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], precision: str, file: str, limit: float
) -> None:
    checkpoint = save_npz(tmp_path / "x.npz", random_generator()[1])
    assert main([str(checkpoint), "--style", "shinkai", "--out", str(tmp_path), "--precision", precision]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    exact = next(row for row in rows if row["provider"] == "onnxruntime")
    assert exact["maximum"] < limit
    assert all("skipped" in row or row["psnr"] > 35 for row in rows)
    model = read(tmp_path / f"cartoongan_shinkai{file}.onnx")
    assert model.stamp.precision == precision
    made = create_session(model.data, "onnxruntime").run({"pixels": np.zeros((1, 3, 9, 8), np.float32)})[0]
    assert made.shape == (1, 3, 12, 8)
    if precision == "fp16":
        with pytest.raises(ModelError, match="import the checkpoint itself"):
            Generator(model, select("onnxruntime"), "fp32")


def test_a_wrong_checkpoint_ends_with_the_model_s_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checkpoint = save_npz(tmp_path / "x.npz", {"a": np.zeros(3, np.float32)})
    assert main([str(checkpoint), "--style", "hosoda", "--out", str(tmp_path)]) == 4
    assert "another network" in capsys.readouterr().err
