"""The torch engine: the right gradient, nothing touched that is shared, clear errors."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch import nn

from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.engines.torch import precision as torch_precision
from pixelpriv_fast.engines.torch.engine import MAX_BATCH, TorchEngine, load
from pixelpriv_fast.engines.torch.folding import folded
from pixelpriv_fast.errors import DeviceError, ModelError, PhotoError, UsageError
from pixelpriv_fast.models import Preprocess, Store

SIZE = (20, 20)


class Residual(nn.Module):
    """Two paths, a mean image read by name, a convolution with two readers: what folding must leave or take right."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean_image", torch.rand(3, *SIZE))
        self.stem, self.stem_norm = nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8)
        self.inner, self.inner_norm = nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8)
        self.shared, self.late_norm = nn.Conv2d(8, 8, 1), nn.BatchNorm2d(8)
        self.head = nn.Linear(8, 6)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem_norm(self.stem(x - self.mean_image)))
        x = x + self.inner_norm(self.inner(x))
        shared = self.shared(x)
        return self.head((self.late_norm(shared) * torch.sigmoid(shared)).mean((2, 3)))


class Stubborn(nn.Conv2d):
    """Ignores its bias: folding a batch norm into it would lose the shift."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.conv2d(x, self.weight, None, self.stride, self.padding)


def randomised(make=Residual, seed: int = 0) -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = make()
        for layer in module.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.running_mean.normal_()
                layer.running_var.uniform_(0.3, 3.0)
                nn.init.normal_(layer.weight)
                nn.init.normal_(layer.bias)
    return module.eval()


def engine(seed: int = 0, precision: str = "fp32") -> TorchEngine:
    return TorchEngine.of("residual", randomised(seed=seed), Preprocess(SIZE), "cpu", precision)


def inputs(count: int) -> np.ndarray:
    return np.random.default_rng(0).random((count, 3, *SIZE), np.float32)


def norms(module: nn.Module) -> int:
    return sum(isinstance(layer, nn.BatchNorm2d) for layer in module.modules())


def test_folding_takes_what_it_may_and_keeps_the_function():
    module = randomised()
    thin = folded(module, SIZE)
    assert norms(module) == 3
    assert norms(thin) == 1
    x = torch.from_numpy(inputs(3))
    torch.testing.assert_close(thin(x), module(x), rtol=1e-4, atol=1e-5)


def test_folding_is_proved_not_trusted():
    layers = [Stubborn(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4), nn.Flatten()]
    module = randomised(lambda: nn.Sequential(*layers))
    thin = folded(module, SIZE)
    assert norms(thin) == 1
    x = torch.from_numpy(inputs(2))
    torch.testing.assert_close(thin(x), module(x), rtol=1e-4, atol=1e-5)


def test_gradient_is_that_of_the_log_odds():
    victim = engine()
    x = inputs(4)
    accepted = np.zeros((4, 6), bool)
    accepted[0, 2] = accepted[1, 0] = accepted[2, [1, 4]] = accepted[3, [0, 1, 2, 3, 4]] = True
    logits, gradient = victim.gradient(x, accepted)
    np.testing.assert_allclose(logits, victim.logits(x), atol=1e-5)
    assert gradient.dtype == np.float32
    assert gradient.flags.c_contiguous
    tensor = torch.from_numpy(x).double().requires_grad_()
    out = randomised().double()(tensor)  # unfolded, in float64
    inside = out.masked_fill(~torch.from_numpy(accepted), -torch.inf).logsumexp(1)
    outside = out.masked_fill(torch.from_numpy(accepted), -torch.inf).logsumexp(1)
    (want,) = torch.autograd.grad((outside - inside).sum(), tensor)
    np.testing.assert_allclose(gradient, want.numpy(), atol=1e-5 * float(want.abs().max()))


def test_gradient_does_not_vanish_where_the_network_is_sure():
    module = randomised()
    with torch.no_grad():
        module.head.weight.mul_(1e5)
    victim = TorchEngine.of("sure", module, Preprocess(SIZE), "cpu")
    logits, gradient = victim.gradient(inputs(2), np.eye(6, dtype=bool)[victim.logits(inputs(2)).argmax(1)])
    assert np.ptp(logits) > 1e3
    assert np.all(np.abs(gradient).max(axis=(1, 2, 3)) > 0)
    assert np.isfinite(gradient).all()


def test_any_number_of_photos_and_chunks():
    victim = engine()
    x = inputs(MAX_BATCH + 3)
    whole = victim.logits(x)
    assert whole.shape == (MAX_BATCH + 3, 6)
    np.testing.assert_allclose(whole[-1], victim.logits(x[-1:])[0], atol=1e-5)
    logits, gradient = victim.gradient(x, np.eye(6, dtype=bool)[whole.argmax(1)])
    assert logits.shape == whole.shape
    assert gradient.shape == x.shape


def test_passes_on_a_cpu_are_small_whatever_the_slots():
    victim = engine()
    assert victim.max_batch is not None
    x, accepted = inputs(11), np.eye(6, dtype=bool)[np.zeros(11, int)]
    small, large = (victim.gradient(x, accepted, batch) for batch in (victim.max_batch, 4 * victim.max_batch))
    for one, other in zip(small, large, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("batch", [1, 3, 8])
def test_slots_and_neighbours_change_no_byte(precision, batch):
    victim, x = engine(precision=precision), inputs(8)
    accepted = np.eye(6, dtype=bool)[victim.logits(x).argmax(1)]
    exact, (logits, gradient) = victim.logits(x, batch), victim.gradient(x, accepted, batch)
    rng = np.random.default_rng(0)
    for count in (1, 2, 5, 7):
        some = rng.permutation(8)[:count]
        np.testing.assert_array_equal(victim.logits(x[some], batch), exact[some])
        for got, want in zip(victim.gradient(x[some], accepted[some], batch), (logits, gradient), strict=True):
            np.testing.assert_array_equal(got, want[some])


@pytest.mark.parametrize(
    ("name", "precision"),
    [("squeezenet_places365", "fp32"), ("squeezenet_places365", "bf16"), ("efficientnet_lite0", "fp32")],
)
def test_slots_and_neighbours_change_no_byte_of_real_networks(name, precision, places_store):
    victim = load(Store(places_store).load(name), "cpu", precision)
    x = np.random.default_rng(0).normal(size=(3, 3, *victim.preprocess.size)).astype(np.float32)
    accepted = np.eye(victim.classes, dtype=bool)[:3]
    logits, gradient = victim.gradient(x, accepted, 3)
    exact = victim.logits(x, 3)
    for some in ([2], [1, 0]):
        np.testing.assert_array_equal(victim.logits(x[some], 3), exact[some])
        for got, want in zip(victim.gradient(x[some], accepted[some], 3), (logits, gradient), strict=True):
            np.testing.assert_array_equal(got, want[some])


def test_precision_is_that_of_gradients_alone():
    plain, rough, x = engine(), engine(precision="bf16"), inputs(4)
    accepted = np.eye(6, dtype=bool)[plain.logits(x).argmax(1)]
    np.testing.assert_array_equal(rough.logits(x), plain.logits(x))
    (want_z, want), (got_z, got) = plain.gradient(x, accepted), rough.gradient(x, accepted)
    assert got.dtype == got_z.dtype == np.float32
    assert np.abs(got_z - want_z).max() > 1e-4
    assert np.sum(got * want) / np.linalg.norm(got) / np.linalg.norm(want) > 0.98
    assert (plain.device, plain.precision) == ("torch cpu fp32", "fp32")
    assert (rough.device, rough.precision) == ("torch cpu bf16", "bf16")


def test_automatic_precision_is_what_the_processor_multiplies(monkeypatch):
    for fast, word in [(True, "bf16"), (False, "fp32")]:
        monkeypatch.setattr(torch_precision, "fast_bf16", lambda fast=fast: fast)
        assert engine(precision="auto").precision == word
    capabilities = {(9, 0): "bf16", (8, 0): "bf16", (7, 5): "fp16", (6, 1): "fp32"}
    for capability, word in capabilities.items():
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _, capability=capability: capability)
        assert torch_precision.gradient_precision("auto", torch.device("cuda")) == word
    with pytest.raises(DeviceError, match="only emulates"):
        torch_precision.gradient_precision("bf16", torch.device("cuda"))


def test_prepare_changes_nothing_and_close_ends_it():
    victim, x = engine(), inputs(2)
    before = victim.logits(x, 2)
    victim.prepare(2)
    np.testing.assert_array_equal(victim.logits(x, 2), before)
    victim.close()
    victim.close()
    with pytest.raises(DeviceError, match="closed"):
        victim.logits(x, 2)
    with pytest.raises(DeviceError, match="closed"):
        victim.gradient(x, np.eye(6, dtype=bool)[:2])


def test_prepare_is_no_judge_of_gradients():
    """A network without biases has none at zeros."""
    layers = (
        nn.Conv2d(3, 4, 3, bias=False),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 6, bias=False),
    )
    victim = TorchEngine.of("plain", nn.Sequential(*layers), Preprocess(SIZE), "cpu")
    victim.prepare(2)
    with pytest.raises(PhotoError, match="zero everywhere"):
        victim.gradient(np.zeros((1, 3, *SIZE), np.float32), np.eye(6, dtype=bool)[:1])


def test_threads_share_an_engine():
    victim = engine()
    x = inputs(8)
    accepted = np.eye(6, dtype=bool)[victim.logits(x).argmax(1)]
    alone = [victim.gradient(x[i : i + 1], accepted[i : i + 1])[1] for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda i: victim.gradient(x[i : i + 1], accepted[i : i + 1])[1], range(8)))
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_array_equal(one, other)


def test_nothing_global_changes():
    def state():
        return (
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.get_default_dtype(),
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.deterministic,
            torch.backends.cudnn.allow_tf32,
            torch.backends.cuda.matmul.allow_tf32,
            torch.backends.mkldnn.enabled,
            torch.is_inference_mode_enabled(),
            torch.is_autocast_enabled("cpu"),
            torch.get_float32_matmul_precision(),
            torch.random.get_rng_state().tolist(),
        )

    victim = engine()
    before = state()
    rebuilt = TorchEngine.of("again", victim.module, Preprocess(SIZE), "cpu")
    rebuilt.gradient(inputs(1), np.eye(6, dtype=bool)[:1])
    assert state() == before
    assert not any(p.requires_grad for p in rebuilt.module.parameters())
    assert all(p.grad is None for p in rebuilt.module.parameters())


def test_damaged_weights_and_other_shapes_are_model_errors():
    module = randomised()
    with torch.no_grad():
        module.head.bias[0] = torch.nan
    victim = TorchEngine.of("damaged", module, Preprocess(SIZE), "cpu")
    with pytest.raises(ModelError, match="not finite"):
        victim.logits(inputs(1))
    with pytest.raises(ModelError, match="not finite"):
        victim.gradient(inputs(1), np.eye(6, dtype=bool)[:1])
    with pytest.raises(ModelError, match="expected \\(photos, classes\\)"):
        TorchEngine.of("maps", nn.Conv2d(3, 4, 3), Preprocess(SIZE), "cpu")


def test_wishes_that_cannot_be_met():
    with pytest.raises(UsageError, match="unknown engine"):
        load_engine("efficientnet_lite0", engine="tensorflow")
    with pytest.raises(UsageError, match="unknown precision 'int8'"):
        engine(precision="int8")
    with pytest.raises(DeviceError, match="fp16"):
        engine(precision="fp16")
    if not torch.cuda.is_available():
        with pytest.raises(DeviceError, match="no CUDA GPU"):
            TorchEngine.of("residual", randomised(), Preprocess(SIZE), "cuda")
