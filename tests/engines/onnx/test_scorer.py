"""The score engine: a rating's right gradient, whatever stands beside a photo, on small networks and on NIMA's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.engines import load_score_engine
from pixelpriv_fast.engines.onnx.scorer import load
from pixelpriv_fast.errors import DeviceError, ModelError
from pixelpriv_fast.models import Store
from pixelpriv_fast.models.scorer import load_scorer
from tests.engines.onnx.test_engine import BACKENDS
from tests.engines.onnx_networks import CLASSES, classifier, photos
from tests.scenes import scene


@pytest.fixture
def model(tmp_path):
    return classifier(tmp_path, kind="scorer")


def nima_inputs(engine, count):
    return np.stack([engine.preprocess.rounded(scene(180 + 9 * n, 240, n)) for n in range(count)])


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
def test_gradient_is_the_derivative(model, device, precision):
    engine, x = load(model, device, precision), photos(2)
    scores, gradient = engine.gradient(x, 2)
    assert (scores.dtype, scores.shape) == (np.float32, (2,))
    assert (gradient.dtype, gradient.shape) == (np.float32, x.shape)
    np.testing.assert_allclose(scores, engine.score(x, 2), atol=1e-5 if precision == "fp32" else 0.05)
    assert ((scores > 1) & (scores < CLASSES)).all()
    slope = np.sqrt((gradient**2).sum(axis=(1, 2, 3)))
    step = 1e-2 * gradient / slope[:, None, None, None]
    rise = (engine.score(x + step, 2).astype(float) - engine.score(x - step, 2)) / 2e-2
    np.testing.assert_allclose(rise, slope, rtol=0.02 if precision == "fp32" else 0.1)
    assert engine.precision == precision
    assert engine.name == "small"
    assert engine.sha256 == model.sha256


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_batches_and_neighbours_change_no_byte(model, device, precision, batch):
    engine, x = load(model, device, precision), photos(9)
    exact, (scores, gradient) = engine.score(x, batch), engine.gradient(x, batch)
    rng = np.random.default_rng(1)
    for count in (1, 2, 5, 8, 9):
        some = rng.permutation(9)[:count]
        np.testing.assert_array_equal(engine.score(x[some], batch), exact[some])
        for got, want in zip(engine.gradient(x[some], batch), (scores, gradient), strict=True):
            np.testing.assert_array_equal(got, want[some])


def test_ratings_are_fp32_whatever_the_gradients_are(model):
    x = photos(3)
    first, *others = [load(model, *backend).score(x, 3) for backend in BACKENDS]
    for other in others:
        np.testing.assert_allclose(other, first, atol=1e-5)


def test_a_photo_that_the_rating_does_not_depend_on_has_a_gradient_of_zeros(model):
    engine, x = load(model, "cpu", "fp32"), photos(2)
    x[0] = 0  # no layer adds a bias
    scores, gradient = engine.gradient(x, 2)
    assert scores[0] == pytest.approx((CLASSES + 1) / 2)
    assert not gradient[0].any()
    assert gradient[1].any()


def test_what_is_not_a_scorer_is_refused(tmp_path):
    with pytest.raises(ModelError, match="small is a classifier, not a scorer"):
        load(classifier(tmp_path), "cpu")


def test_broken_ratings_are_an_error(tmp_path):
    engine = load(classifier(tmp_path, middle=("Relu", "Sqrt"), kind="scorer"), "cpu", "fp32")
    with pytest.raises(ModelError, match="its gradient is not finite even in fp32"):
        engine.prepare(1)


def test_a_missing_network_says_how_to_get_it(tmp_path):
    with pytest.raises(ModelError, match=r"nima_mobilenet is not in the store.*pixelpriv models fetch nima_mobilenet"):
        load_score_engine(models=tmp_path)


def test_after_close(model):
    engine = load(model, "cpu")
    engine.prepare(1)
    engine.close()
    with pytest.raises(DeviceError, match="closed"):
        engine.gradient(photos(1), 1)


def test_rates_as_the_metric_does(nima_store: Path):
    engine = load_score_engine(models=nima_store, device="cpu", precision="fp32")
    network, x = load_scorer("nima_mobilenet", nima_store, "cpu"), nima_inputs(engine, 3)
    expected = network(x) @ np.arange(1, 11)
    np.testing.assert_allclose(engine.score(x, 2), expected, atol=1e-5)
    np.testing.assert_allclose(engine.gradient(x, 2)[0], expected, atol=1e-5)


def test_nimas_gradient_is_torchs(nima_store: Path):
    torch = pytest.importorskip("torch")
    from pixelpriv_fast.models import CARDS, load_state_dict
    from pixelpriv_fast.models.architectures import network

    module = network(CARDS["nima_mobilenet"], load_state_dict(Store(nima_store).load("nima_mobilenet")))
    engine = load_score_engine(models=nima_store, device="cpu", precision="fp32")
    x = nima_inputs(engine, 3)
    inputs = torch.from_numpy(x).requires_grad_()
    ratings = torch.arange(1, 11, dtype=torch.float32)
    (expected,) = torch.autograd.grad((module(inputs).softmax(1) @ ratings).sum(), inputs)
    _, gradient = engine.gradient(x, 2)
    for found, wanted in zip(gradient, expected.numpy(), strict=True):
        cosine = (found * wanted).sum() / (np.linalg.norm(found) * np.linalg.norm(wanted))
        assert cosine > 0.9999
        assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(wanted), rel=1e-3)


@pytest.mark.parametrize(("device", "precision"), BACKENDS)
def test_a_photo_that_follows_nimas_gradient_is_rated_higher(nima_store: Path, device: str, precision: str):
    engine = load_score_engine(models=nima_store, device=device, precision=precision)
    photo = scene(150, 200, 3)
    reading = engine.preprocess.for_size(150, 200)
    offsets, ratings = np.zeros(photo.shape, np.int8), []
    for _ in range(4):
        scores, gradient = engine.gradient(reading.exact(photo, offsets)[None], 1)
        ratings.append(scores[0])
        direction = np.zeros(photo.shape, np.float32)
        reading.adjoint(gradient[0], direction)
        wide = photo.astype(np.int16)
        offsets = np.clip(offsets + np.sign(direction).astype(np.int8), -wide, 255 - wide).astype(np.int8)
    assert "wrong gradients" not in engine.device
    assert ratings == sorted(ratings)
    assert ratings[-1] > ratings[0] + 0.02
