"""NIMA's network: Keras' layouts and padding, and checkpoints that are not NIMA's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models import Store
from pixelpriv_fast.models.architectures import convert, network
from pixelpriv_fast.models.cards import NIMA_MOBILENET
from pixelpriv_fast.models.importing.checkpoint import fingerprint, read_checkpoint
from tests.models.importing.keras_weights import random_nima, save_keras, save_npz

torch = pytest.importorskip("torch", reason="building networks: [full]")


def build(weights: dict[str, np.ndarray]) -> torch.nn.Module:
    return network(NIMA_MOBILENET, convert(NIMA_MOBILENET, weights))


def keras_forward(weights: dict[str, np.ndarray], photo: np.ndarray) -> np.ndarray:
    """The network by Keras' rules, in numpy and float64, from Keras' own tensors: photo (h, w, 3) -> logits (10,)."""
    get = {name.split("/")[0] + "/" + name.split("/")[-1][:-2]: value.astype(float) for name, value in weights.items()}

    def unit(x: np.ndarray, layer: str, kernel: np.ndarray, stride: int, depthwise: bool) -> np.ndarray:
        size = kernel.shape[0]
        before, after = (0, 1) if stride == 2 else (size // 2, size // 2)
        x = np.pad(x, ((before, after), (before, after), (0, 0)))
        windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), (0, 1))[
            ::stride, ::stride
        ]  # (h, w, c, k, k)
        y = (
            np.einsum("hwcij,ijc->hwc", windows, kernel[..., 0])
            if depthwise
            else np.einsum("hwcij,ijco->hwo", windows, kernel, optimize=True)
        )
        gamma, beta, mean, var = (
            get[f"{layer}_bn/{word}"] for word in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        return np.clip((y - mean) / np.sqrt(var + 1e-3) * gamma + beta, 0.0, 6.0)

    x = unit(photo, "conv1", get["conv1/kernel"], 2, depthwise=False)
    for number in range(1, 14):
        layer = f"conv_dw_{number}"
        x = unit(x, layer, get[f"{layer}/depthwise_kernel"], 2 if number in (2, 4, 6, 12) else 1, depthwise=True)
        layer = f"conv_pw_{number}"
        x = unit(x, layer, get[f"{layer}/kernel"], 1, depthwise=False)
    return x.mean((0, 1)) @ get["dense_1/kernel"] + get["dense_1/bias"]


@pytest.mark.parametrize("size", [(64, 96), (75, 50)])
def test_computes_what_keras_computes(size: tuple[int, int]) -> None:
    weights = random_nima()
    photo = np.random.default_rng(1).uniform(-1.0, 1.0, (*size, 3)).astype(np.float32)
    with torch.inference_mode():
        logits = build(weights)(torch.from_numpy(photo.transpose(2, 0, 1)[None].copy()))[0].numpy()
    expected = keras_forward(weights, photo)
    assert expected.std() > 0.05, "a flat answer would prove nothing"
    assert np.abs(logits - expected).max() < 1e-4 * np.abs(expected).max()


@pytest.mark.parametrize(("dense", "separator"), [("dense_1", "|"), ("dense_7", "/"), ("dense", "/")])
def test_knows_the_names_of_every_port(dense: str, separator: str) -> None:
    reference = build(random_nima()).state_dict()
    other = build(random_nima(dense=dense, separator=separator)).state_dict()
    assert all(torch.equal(reference[name], value) for name, value in other.items())


def test_real_weights_are_the_pinned_ones(data: Path) -> None:
    path = data / "weights" / "nima_mobilenet_aesthetic.npz"
    tensors, source = read_checkpoint(path, NIMA_MOBILENET)
    assert source.verified
    assert fingerprint(tensors) == NIMA_MOBILENET.source.tensors_sha256
    assert sum(value.size for value in tensors.values()) == 3_239_114


def test_a_keras_file_and_an_npz_make_the_same_model(tmp_path: Path) -> None:
    pytest.importorskip("h5py", reason="Keras weight files: [keras]")
    first, second = (
        read_checkpoint(save_keras(tmp_path / "w.h5", random_nima()), NIMA_MOBILENET, allow_unknown_hash=True),
        read_checkpoint(save_npz(tmp_path / "w.npz", random_nima()), NIMA_MOBILENET, allow_unknown_hash=True),
    )
    made = [convert(NIMA_MOBILENET, tensors) for tensors, _ in (first, second)]
    assert made[0].keys() == made[1].keys()
    assert all(np.array_equal(made[0][name], value) for name, value in made[1].items())


def test_refuses_another_network(tmp_path: Path) -> None:
    weights = random_nima()
    weights["conv_pw_14/conv_pw_14/kernel:0"] = weights.pop("conv_pw_13/conv_pw_13/kernel:0")
    store = Store(tmp_path, environment={})
    with pytest.raises(ModelError, match=r"w\.npz: .*not the weights of nima_mobilenet.*conv_pw_13\.weight"):
        store.import_model("nima_mobilenet", save_npz(tmp_path / "w.npz", weights), allow_unknown_hash=True)
    narrow = random_nima()
    narrow["dense_1/dense_1/kernel:0"] = narrow["dense_1/dense_1/kernel:0"][:, :9]
    with pytest.raises(ModelError, match=r"dense\.weight has shape \(9, 1024\), not \(10, 1024\)"):
        store.import_model("nima_mobilenet", save_npz(tmp_path / "w.npz", narrow), allow_unknown_hash=True)
    assert store.find("nima_mobilenet") is None


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_refuses_weights_that_are_no_numbers(tmp_path: Path, value: float) -> None:
    weights = random_nima()
    weights["conv_dw_3/conv_dw_3/depthwise_kernel:0"][1, 1, 5, 0] = value
    path = save_npz(tmp_path / "w.npz", weights)
    with pytest.raises(ModelError, match=r"conv_dw_3\|conv_dw_3\|depthwise_kernel:0 holds NaN or infinity"):
        Store(tmp_path, environment={}).import_model("nima_mobilenet", path, allow_unknown_hash=True)
