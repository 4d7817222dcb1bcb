"""NIMA checkpoints made up for tests: Keras' names and layouts, random weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

Weights = dict[str, npt.NDArray[np.float32]]

_OUTPUTS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)


def random_nima(seed: int = 0, dense: str = "dense_1", separator: str = "/") -> Weights:
    """All 137 tensors, drawn so that signals keep their size through the layers."""
    rng = np.random.default_rng(seed)
    made: Weights = {}

    def put(layer: str, word: str, *shape: int, scale: float = 0.0, offset: float = 0.0) -> None:
        values = offset + scale * rng.standard_normal(shape)
        made[separator.join((layer, layer, f"{word}:0"))] = values.astype(np.float32)

    def norm(layer: str, channels: int) -> None:
        put(f"{layer}_bn", "gamma", channels, offset=1.0, scale=0.1)
        put(f"{layer}_bn", "beta", channels, offset=0.3, scale=0.3)
        put(f"{layer}_bn", "moving_mean", channels, scale=0.1)
        put(f"{layer}_bn", "moving_variance", channels, offset=1.0)

    put("conv1", "kernel", 3, 3, 3, 32, scale=0.4)
    norm("conv1", channels := 32)
    for number, outputs in enumerate(_OUTPUTS, start=1):
        put(f"conv_dw_{number}", "depthwise_kernel", 3, 3, channels, 1, scale=0.5)
        norm(f"conv_dw_{number}", channels)
        put(f"conv_pw_{number}", "kernel", 1, 1, channels, outputs, scale=1.2 / np.sqrt(channels))
        norm(f"conv_pw_{number}", channels := outputs)
    put(dense, "kernel", channels, 10, scale=0.1)
    put(dense, "bias", 10, scale=0.1)
    return made


def save_npz(path: Path, weights: Mapping[str, npt.NDArray[np.float32]]) -> Path:
    """Names with "|", as "/" would make folders inside the archive."""
    np.savez(path, **{name.replace("/", "|"): value for name, value in weights.items()})
    return path


def save_keras(path: Path, weights: Mapping[str, npt.NDArray[np.float32]], *, whole_model: bool = False) -> Path:
    """As Keras 2 does: a group a layer, arrays in a group of the same name below it."""
    import h5py

    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if whole_model else file
        if whole_model:
            file.create_group("optimizer_weights").create_dataset("iterations:0", data=np.float32(3))
        root.attrs["keras_version"] = "2.1.6"
        for name, value in weights.items():
            root.create_dataset(name, data=value)
        root.create_group("conv1_relu")  # layers without weights are empty groups
    return path
