"""The ONNX engine: right gradients, tested ones only, results that depend on nothing beside them, and what happens when
a provider fails."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.engines.onnx import self_test as onnx_self_test
from pixelpriv_fast.engines.onnx.batches import _KEPT, CompiledBatches
from pixelpriv_fast.engines.onnx.engine import load
from pixelpriv_fast.engines.onnx.network import MAX_BATCH
from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.graph import Proof
from pixelpriv_fast.models import Store
from pixelpriv_fast.runtime import PROVIDERS, precisions, status
from pixelpriv_fast.runtime.device import threads
from tests.engines.onnx_networks import CLASSES, SIZE, classifier, one_class, photos

BACKENDS = [
    (name, word)
    for name in ("openvino", "onnxruntime")
    if status(name).works
    for word in ("fp32", "bf16")
    if word in precisions(name)
]


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path)


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
def test_gradient_is_the_derivative(model, device, precision):
    engine = load(model, device, precision)
    x, accepted = photos(2), one_class(2)
    logits, gradient = engine.gradient(x, accepted, 2)
    assert logits.shape == (2, CLASSES)
    assert gradient.shape == x.shape
    slope = np.sqrt((gradient**2).sum(axis=(1, 2, 3)))
    direction = gradient / slope[:, None, None, None]
    step = 1e-2

    def objective(z):
        z = z.astype(np.float64)
        outside, inside = (np.log(np.where(mask, np.exp(z), 0).sum(1)) for mask in (~accepted, accepted))
        return outside - inside

    rise = (objective(engine.logits(x + step * direction, 2)) - objective(engine.logits(x - step * direction, 2))) / (
        2 * step
    )
    np.testing.assert_allclose(rise, slope, rtol=0.02 if precision == "fp32" else 0.1)
    assert engine.precision == precision
    assert engine.device == f"onnx {PROVIDERS[device].title} {precision}"


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_slots_and_neighbours_change_no_byte(model, device, precision, batch):
    engine, x, accepted = load(model, device, precision), photos(9), one_class(9)
    exact, (logits, gradient) = engine.logits(x, batch), engine.gradient(x, accepted, batch)
    rng = np.random.default_rng(1)
    for count in (1, 2, 5, 8, 9):
        some = rng.permutation(9)[:count]
        np.testing.assert_array_equal(engine.logits(x[some], batch), exact[some])
        for got, want in zip(engine.gradient(x[some], accepted[some], batch), (logits, gradient), strict=True):
            np.testing.assert_array_equal(got, want[some])


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
def test_slots_and_neighbours_change_no_byte_of_a_real_network(places_store, device, precision):
    engine = load(Store(places_store).load("squeezenet_places365"), device, precision)
    x = np.random.default_rng(0).normal(size=(4, 3, *engine.preprocess.size)).astype(np.float32)
    accepted = np.eye(engine.classes, dtype=bool)[:4]
    exact, (logits, gradient) = engine.logits(x, 4), engine.gradient(x, accepted, 4)
    for some in ([3], [2, 0, 1]):
        np.testing.assert_array_equal(engine.logits(x[some], 4), exact[some])
        for got, want in zip(engine.gradient(x[some], accepted[some], 4), (logits, gradient), strict=True):
            np.testing.assert_array_equal(got, want[some])


def test_logits_are_fp32_whatever_the_gradients_are(model):
    engines = [load(model, *backend) for backend in BACKENDS]
    x = photos(3)
    for engine in engines:
        np.testing.assert_allclose(engine.logits(x, 3), engines[-1].logits(x, 3), rtol=1e-4, atol=1e-4)


def test_the_engines_own_number_of_slots(model):
    engine = load(model, "cpu", "fp32")
    x, accepted = photos(MAX_BATCH + 3), one_class(MAX_BATCH + 3)
    logits, gradient = engine.gradient(x, accepted)
    assert gradient.shape == x.shape
    np.testing.assert_allclose(logits, engine.logits(x), rtol=1e-4, atol=1e-4)


def test_batches_of_any_size_share_the_batches_that_a_provider_takes(model):
    engine, most = load(model, BACKENDS[0][0], "fp32"), PROVIDERS[BACKENDS[0][0]].max_batch
    assert most is not None
    full = most * -(-threads() // most)  # fills batches, and every thread where photos have threads of their own
    x, accepted = photos(3 * full), one_class(3 * full)
    logits, gradient = engine.gradient(x, accepted, 3 * full)
    alone = engine.gradient(x[-1:], accepted[-1:], 2 * full)
    np.testing.assert_array_equal(alone[0], logits[-1:])
    np.testing.assert_array_equal(alone[1], gradient[-1:])
    at_once = threads() if engine._compiled.backend.provider.parallel else most
    assert list(engine._compiled._batches._entries) == [("gradient", at_once)]


def test_eight_threads_give_what_one_gives(model):
    engine, x, accepted = load(model, "cpu", "auto"), photos(8), one_class(8)
    want = engine.gradient(x, accepted, 4)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda i: engine.gradient(x[i : i + 1], accepted[i : i + 1], 4), list(range(8)) * 6))
    for index, (logits, gradient) in enumerate(answers):
        np.testing.assert_array_equal(logits[0], want[0][index % 8])
        np.testing.assert_array_equal(gradient[0], want[1][index % 8])


def test_compiled_batches_are_made_once_and_bounded():
    made = []

    class Made:
        def __init__(self, key):
            made.append(key)

    store = CompiledBatches(Made)
    keys = [("gradient", batch) for batch in range(_KEPT + 2)]
    for key in [*keys, *keys[3:]]:
        store.get(key)
    assert made == keys
    store.get(keys[0])
    assert made == [*keys, keys[0]]


# Self-tests


def test_a_self_test_is_made_once_and_kept_beside_the_model(model, tmp_path, monkeypatch):
    load(model, "onnxruntime", "fp32").prepare(2)
    (path,) = (tmp_path / "proofs").iterdir()
    record = json.loads(path.read_text())
    assert record["ok"] is True
    assert record["gradient_cosine"] > 0.9999
    monkeypatch.setattr(onnx_self_test, "prove", lambda *a, **k: pytest.fail("it was tested already"))
    load(model, "onnxruntime", "fp32").prepare(2)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"ok": "yes"}', b"\xff\xfe{"])
def test_a_damaged_self_test_is_made_again(model, tmp_path, content):
    load(model, "onnxruntime", "fp32").prepare(2)
    (path,) = (tmp_path / "proofs").iterdir()
    path.write_bytes(content)
    load(model, "onnxruntime", "fp32").prepare(2)
    assert json.loads(path.read_text())["ok"] is True


def test_wrong_gradients_are_given_up_loudly_and_refused_where_no_backend_is_left(model, monkeypatch, caplog):
    honest = onnx_self_test.prove
    monkeypatch.setattr(onnx_self_test, "prove", lambda run, *a, **k: honest(_rolled(run), *a, **k))
    engine = load(model, "onnxruntime", "fp32")
    with caplog.at_level(logging.WARNING):
        engine.prepare(2)  # subpixel fails, the reference form needs no test
    assert "computes wrong gradients for small (subpixel): gradient cosine" in caplog.text
    assert "computes wrong gradients" in engine.device
    if status("openvino").works:
        with pytest.raises(DeviceError, match=r"no backend is left.*subpixel.*conv_transpose"):
            load(model, "openvino", "fp32").prepare(2)


def _rolled(run):
    def answers(photos, accepted):
        logits, gradient = run(photos, accepted)
        return logits, np.roll(gradient, 1, axis=2)

    return answers


def test_a_kept_failure_is_believed(model, tmp_path, monkeypatch):
    monkeypatch.setattr(
        onnx_self_test, "prove", lambda *a, **k: Proof(False, 0.1, 0.1, 0.5, 1.0, "gradient cosine too low")
    )
    load(model, "onnxruntime", "fp32").prepare(1)
    monkeypatch.undo()
    engine = load(model, "onnxruntime", "fp32")
    engine.prepare(1)
    assert "gradient cosine too low" in engine.device


def test_after_close(model):
    engine = load(model, "cpu", "auto")
    engine.prepare(1)
    engine.close()
    with pytest.raises(DeviceError, match="closed"):
        engine.gradient(photos(1), one_class(1), 1)
    assert "fails" not in engine.device


# Requests


def test_requests_that_cannot_be_met(model):
    with pytest.raises(UsageError, match="unknown precision 'int8'"):
        load(model, "cpu", "int8")
    with pytest.raises(UsageError, match="unknown device 'tpu'"):
        load(model, "tpu")
    with pytest.raises(DeviceError, match="ONNX Runtime computes in fp32 on this machine"):
        load(model, "onnxruntime", "bf16")
    with pytest.raises(DeviceError, match="fp16"):
        load(model, "cpu", "fp16")
    if not status("cuda").works:
        with pytest.raises(DeviceError, match="fix: "):
            load(model, "cuda")


def test_the_size_is_the_stamps(model):
    assert load(model, "cpu").preprocess.size == SIZE
    assert isinstance(model.folder, Path)
