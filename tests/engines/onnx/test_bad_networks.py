"""Networks and photos that cannot be attacked: one clear error each, and the other photos go on."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from pixelpriv_fast.attacks import LeastLikely
from pixelpriv_fast.engines.checks import checked_gradient
from pixelpriv_fast.engines.onnx.engine import load
from pixelpriv_fast.errors import ModelError, PhotoError
from pixelpriv_fast.protection.protector import Protector
from pixelpriv_fast.protection.recipes import Recipe
from pixelpriv_fast.runtime import status
from tests.conftest import ROOT
from tests.engines.onnx_networks import MEAN, SIZE, classifier, one_class, photos, stamp
from tests.scenes import encoded, scene

PROVIDERS = [name for name in ("openvino", "onnxruntime") if status(name).works]


def test_networks_that_cannot_be_attacked(tmp_path):
    with pytest.raises(ModelError, match=r"operator Sinh \(node 'middle0'\) has no gradient rule"):
        load(classifier(tmp_path, middle=("Sinh",)), "cpu").prepare(1)
    with pytest.raises(ModelError, match=r"shape \[1, 6, 5, 5\], not logits of shape \[1, classes\]"):
        load(classifier(tmp_path, answers="map"), "cpu").prepare(1)
    model = classifier(tmp_path)
    with pytest.raises(ModelError, match="is a generator, not a classifier"):
        load(dataclasses.replace(model, stamp=stamp("generator")), "cpu")
    five = dataclasses.replace(model.stamp, labels=model.stamp.labels[:5])
    with pytest.raises(ModelError, match="returns 6 classes, its stamp names 5"):
        load(dataclasses.replace(model, stamp=five), "cpu").prepare(1)


@pytest.mark.parametrize(
    ("network", "message"),
    [
        ({"middle": ("Sinh",)}, "operator Sinh (node 'middle0') has no gradient rule"),
        ({"answers": "map"}, "not (photos, 6)"),
        ({"middle": ("Relu", "Sqrt")}, "its gradient is not finite even in fp32"),
    ],
    ids=["operator", "outputs", "gradient"],
)
def test_the_command_line_says_so(tmp_path, network, message):
    """A network of the user's own: one line, exit code 4, nothing written."""
    classifier(tmp_path, **network)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.png").write_bytes(encoded(scene(40, 50, 1)))
    words = [
        "protect",
        tmp_path / "photos",
        tmp_path / "out",
        "--classifier",
        tmp_path / "small.onnx",
        "--device",
        "cpu",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pixelpriv_fast", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 4, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").glob("*.png"))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_logits_that_are_not_finite(tmp_path):
    engine = load(classifier(tmp_path), "onnxruntime", "fp32")
    with pytest.raises(ModelError, match="not finite"):
        engine.logits(photos(1) * np.float32(np.nan), 1)


@pytest.mark.parametrize("provider", [*PROVIDERS, "cpu"])
def test_a_network_without_a_finite_gradient(tmp_path, provider):
    """The slope of a square root at 0 is infinite, so that of sqrt(relu(x)) is none: no fault of the provider."""
    engine = load(classifier(tmp_path, middle=("Relu", "Sqrt")), provider)
    assert np.isfinite(engine.logits(photos(2), 2)).all()
    with pytest.raises(ModelError, match="small: its gradient is not finite even in fp32"):
        engine.gradient(photos(2), one_class(2), 2)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_photos_without_a_gradient(tmp_path, provider):
    """An input of zeros stays at the kink of every Relu."""
    engine, x = load(classifier(tmp_path), provider), photos(3)
    engine.gradient(x, one_class(3), 3)
    x[1] = 0
    with pytest.raises(PhotoError, match=r"the gradient of this photo is zero everywhere.*recipe euclidean"):
        engine.gradient(x, one_class(3), 3)


def test_a_photo_without_a_gradient_fails_alone(tmp_path):
    classifier(tmp_path)
    noise = np.random.default_rng(0).integers(0, 256, (2, *SIZE, 3), np.uint8)
    flat = np.full((*SIZE, 3), int(MEAN), np.uint8)
    recipe = Recipe(attack=LeastLikely(steps=3))
    with Protector(recipe, classifier=str(tmp_path / "small.onnx"), device="cpu", metrics=()) as protector:
        first, failed, last = protector.stream([noise[0], flat, noise[1]], batch=3)
        assert failed.status == "failed"
        assert "zero everywhere" in failed.reason
        for result, photo in ((first, noise[0]), (last, noise[1])):
            np.testing.assert_array_equal(result.image, next(protector.stream([photo], batch=3)).image)


def test_gradients_that_lead_nowhere():
    gradient = photos(3)
    assert checked_gradient("net", gradient) is gradient
    gradient[1] = 0
    with pytest.raises(PhotoError, match="zero everywhere"):
        checked_gradient("net", gradient)
    gradient[2, 0, 0, 0] = np.inf
    with pytest.raises(ModelError, match=r"not finite.*--precision fp32"):
        checked_gradient("net", gradient)


def test_a_network_that_is_very_sure_still_has_a_gradient(tmp_path):
    engine = load(classifier(tmp_path, gain=300.0), "cpu", "fp32")
    logits, gradient = engine.gradient(photos(3), one_class(3), 3)
    assert np.ptp(logits, axis=1).min() > 100  # the softmax saturates: its cross entropy's gradient would vanish
    assert np.abs(gradient).max(axis=(1, 2, 3)).min() > 1e-3
