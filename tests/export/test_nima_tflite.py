"""NIMA's weights out of a TensorFlow Lite file: the network that they make rates as the file does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert.interpreter", reason="reads TensorFlow Lite files")
pytest.importorskip("torch", reason="building networks: [full]")

from nima_tflite import keras_tensors, main

from pixelpriv_fast.metrics import NIMA, NIMATechnical
from pixelpriv_fast.metrics.nima import moments
from pixelpriv_fast.models import Store
from pixelpriv_fast.models.cards import NIMA_MOBILENET
from pixelpriv_fast.models.importing.checkpoint import read_checkpoint
from tests.conftest import NIMA_WEIGHTS
from tests.scenes import scene


def test_tensors_are_the_float_networks_but_for_rounding(data: Path) -> None:
    found = keras_tensors((data / "weights" / "nima_aesthetic_int8_reference.tflite").read_bytes())
    exact, _ = read_checkpoint(data / "weights" / NIMA_WEIGHTS, NIMA_MOBILENET)
    wanted = {name.replace("|", "/"): value for name, value in exact.items()}
    assert {name: value.shape for name, value in found.items()} == {name: v.shape for name, v in wanted.items()}
    np.testing.assert_allclose(found["dense_1/dense_1/bias:0"], wanted["dense_1/dense_1/bias:0"], rtol=1e-6)
    for layer, step in (("conv1", 0.0), ("conv_pw_4", 1.0), ("conv_pw_13", 1.0)):
        gamma, beta, mean, variance = (
            wanted[f"{layer}_bn/{layer}_bn/{word}:0"] for word in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        gain = gamma / np.sqrt(variance + 1e-3)
        kernel, folded = found[f"{layer}/{layer}/kernel:0"], wanted[f"{layer}/{layer}/kernel:0"] * gain
        np.testing.assert_allclose(found[f"{layer}_bn/{layer}_bn/beta:0"], beta - mean * gain, atol=1e-5)
        steps = step * np.abs(folded).max(axis=(0, 1, 2)) / 127  # 8-bit weights have a scale for each output channel
        assert (np.abs(kernel - folded) <= 0.51 * steps + 1e-6).all()


def test_the_technical_network_rates_as_its_file(data: Path, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter

    file = data / "weights" / "nima_technical_int8_reference.tflite"
    assert main([str(file), "--out", str(tmp_path / "technical.npz")]) == 0
    store = Store(tmp_path / "store", environment={})
    store.import_model("nima_technical", tmp_path / "technical.npz", allow_unknown_hash=True)
    photos = [scene(224, 224, n) for n in range(4)]
    interpreter = Interpreter(str(file))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    for photo, rated in zip(photos, NIMATechnical(models=tmp_path / "store", device="cpu").scores(photos), strict=True):
        interpreter.set_tensor(source, (photo.astype(np.float32) / 127.5 - 1)[None])
        interpreter.invoke()
        probabilities = interpreter.get_tensor(target)[0].astype(float)
        assert rated == pytest.approx(moments(probabilities / probabilities.sum())[0], abs=0.1)
    assert not NIMA(models=tmp_path / "store").available
