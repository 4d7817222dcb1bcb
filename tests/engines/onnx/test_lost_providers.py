"""A provider that dies in the middle of a run: the next one goes on, and whoever reads results is told."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from pixelpriv_fast.attacks import PGD
from pixelpriv_fast.engines.onnx import batches as onnx_batches
from pixelpriv_fast.engines.onnx.backends import backends
from pixelpriv_fast.engines.onnx.engine import load
from pixelpriv_fast.errors import DeviceError
from pixelpriv_fast.protection.protector import Protector
from pixelpriv_fast.protection.recipes import Recipe
from pixelpriv_fast.runtime import status
from tests.engines.onnx_networks import SIZE, classifier, one_class, photos


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path)


class Dying:
    """A session that answers ``lives`` times, then its provider is gone."""

    def __init__(self, session, lives):
        self.session, self.lives = session, lives
        self.inputs, self.outputs = session.inputs, session.outputs

    def bind(self):
        outer, binding = self, self.session.bind()
        start = binding.start

        class Bound:
            inputs, outputs = binding.inputs, binding.outputs

            def start(self):
                outer.lives -= 1
                if outer.lives < 0:
                    raise DeviceError("the device is lost")
                start()

            def wait(self):
                binding.wait()

        return Bound()

    def close(self):
        self.session.close()


def test_a_provider_that_dies_is_replaced_loudly(model, monkeypatch, caplog):
    honest = onnx_batches.create_session
    sessions = []

    def create(graph, choice, options):
        session = honest(graph, choice, options)
        sessions.append(choice.provider.name)
        first = choice.provider.name == sessions[0] and options.precision == first_precision
        return Dying(session, 3) if first else session

    first_backend = next(backends("cpu", "auto"))
    first_precision = first_backend.precision
    x, accepted = photos(2), one_class(2)
    want = load(model, "cpu", "fp32").gradient(x, accepted, 2)
    monkeypatch.setattr(onnx_batches, "create_session", create)
    engine = load(model, "cpu", "auto")
    with caplog.at_level(logging.WARNING):
        answers = [engine.gradient(x, accepted, 2) for _ in range(20)]
    assert "the device is lost; going on with" in caplog.text
    assert "the device is lost" in engine.device
    for _, gradient in answers:
        a, b = gradient.ravel().astype(float), want[1].ravel().astype(float)
        assert a @ b > 0.9 * np.linalg.norm(a) * np.linalg.norm(b)


@pytest.mark.skipif(not all(status(name).works for name in ("openvino", "onnxruntime")), reason="needs two providers")
def test_results_say_that_a_provider_died(model, monkeypatch):
    honest, lives = onnx_batches.create_session, {next(backends("cpu", "auto")).provider.name: 2}
    monkeypatch.setattr(
        onnx_batches, "create_session", lambda graph, choice, o: _mortal(honest(graph, choice, o), choice, lives)
    )
    recipe, file = Recipe(attack=PGD(steps=2)), str(model.folder / "small.onnx")
    noise = np.random.default_rng(0).integers(0, 256, (4, *SIZE, 3), np.uint8)
    with Protector(recipe, classifier=file, device="cpu", precision="fp32", metrics=()) as protector:
        first, *_, last = protector.stream(list(noise), batch=1)
    assert {first.status, last.status} <= {"protected", "unprotected"}
    assert "the device is lost" in last.device


def _mortal(session, choice, lives):
    return Dying(session, lives[choice.provider.name]) if choice.provider.name in lives else session


def test_where_every_provider_died_every_call_says_the_same(model, monkeypatch):
    engine = load(model, "onnxruntime", "fp32")
    engine.prepare(2)
    honest = onnx_batches.create_session
    monkeypatch.setattr(onnx_batches, "create_session", lambda *a: Dying(honest(*a), 0))
    engine = load(model, "onnxruntime", "fp32")
    said = set()
    for _ in range(3):
        with pytest.raises(DeviceError, match=r"no backend is left: the device is lost$") as error:
            engine.logits(photos(1), 1)
        said.add(str(error.value))
    assert len(said) == 1
