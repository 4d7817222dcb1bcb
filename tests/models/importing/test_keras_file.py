"""Keras weight files: what is read, and what is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cards import NIMA_MOBILENET
from pixelpriv_fast.models.importing.checkpoint import read_checkpoint
from pixelpriv_fast.models.importing.keras_file import read_keras
from tests.models.importing.keras_weights import random_nima, save_keras

h5py = pytest.importorskip("h5py", reason="Keras weight files: [keras]")


def read(path: Path) -> dict[str, np.ndarray]:
    return read_keras(path, path.read_bytes())


@pytest.mark.parametrize("whole_model", [False, True])
def test_reads_every_array_by_its_path(tmp_path: Path, whole_model: bool) -> None:
    weights = random_nima()
    found = read(save_keras(tmp_path / "w.h5", weights, whole_model=whole_model))
    assert found.keys() == weights.keys()
    assert all(np.array_equal(found[name], value) for name, value in weights.items())


def test_an_unknown_file_is_opened_only_when_allowed(tmp_path: Path) -> None:
    path = save_keras(tmp_path / "w.h5", random_nima())
    with pytest.raises(ModelError, match=r"not the pinned e563ad91.*--allow-unknown-hash"):
        read_checkpoint(path, NIMA_MOBILENET)
    tensors, source = read_checkpoint(path, NIMA_MOBILENET, allow_unknown_hash=True)
    assert len(tensors) == 137
    assert not source.verified


def test_refuses_what_points_outside_the_file(tmp_path: Path) -> None:
    secret = save_keras(tmp_path / "secret.h5", {"a/b": np.ones(3, np.float32)})
    (tmp_path / "raw.bin").write_bytes(b"\0" * 12)
    makers = {
        "is a link to elsewhere": lambda f: f.__setitem__("x", h5py.ExternalLink(str(secret), "a/b")),
        "x is a link": lambda f: f.__setitem__("x", h5py.SoftLink("/nothing")),
        "kept in another file": lambda f: f.create_dataset(
            "x", (3,), "f4", external=[(str(tmp_path / "raw.bin"), 0, 12)]
        ),
    }
    for message, make in makers.items():
        with h5py.File(tmp_path / "bad.h5", "w") as file:
            make(file)
        with pytest.raises(ModelError, match=message):
            read(tmp_path / "bad.h5")
    layout = h5py.VirtualLayout((3,), "f4")
    layout[:] = h5py.VirtualSource(str(secret), "a/b", (3,))
    with h5py.File(tmp_path / "bad.h5", "w") as file:
        file.create_virtual_dataset("x", layout)
    with pytest.raises(ModelError, match="kept in another file"):
        read(tmp_path / "bad.h5")


def test_refuses_arrays_larger_than_any_network(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "bomb.h5", "w") as file:  # never written chunks take no room
        file.create_dataset("x", (1 << 20, 1 << 10), "f4", chunks=(1024, 1024), compression="gzip")
    assert (tmp_path / "bomb.h5").stat().st_size < 100_000
    with pytest.raises(ModelError, match="bytes of weights"):
        read(tmp_path / "bomb.h5")


def test_refuses_groups_that_hold_themselves(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "loop.h5", "w") as file:
        file.create_group("a")["a"] = file["/"]
    with pytest.raises(ModelError, match="deep"):
        read(tmp_path / "loop.h5")


def test_damaged_and_empty_files(tmp_path: Path) -> None:
    whole = save_keras(tmp_path / "w.h5", {"a/b": np.ones(3000, np.float32)}).read_bytes()
    (tmp_path / "cut.h5").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match=r"cut\.h5: no readable Keras weight file"):
        read(tmp_path / "cut.h5")
    with pytest.raises(ModelError, match="holds no weights"):
        read(save_keras(tmp_path / "none.h5", {}))


def test_says_how_to_get_h5py(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_keras(tmp_path / "w.h5", {"a/b": np.ones(3, np.float32)})
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(ModelError, match=r'needs h5py: pip install "pixelpriv-fast\[keras\]"'):
        read(path)
