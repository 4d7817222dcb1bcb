from __future__ import annotations

import dataclasses
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cards import RESNET50_PLACES365, SQUEEZENET_PLACES365, Card
from pixelpriv_fast.models.importing.checkpoint import fingerprint, read_checkpoint

torch = pytest.importorskip("torch")

from tests.models.importing.checkpoints import Malicious, save_legacy, save_python2  # noqa: E402  # it imports torch

CARD = RESNET50_PLACES365


def tiny() -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {
        "conv1.weight": torch.randn(4, 3, 3, 3, generator=generator),
        "inner.module.bias": torch.randn(4, generator=generator),
    }


def unpinned(card: Card) -> Card:
    return dataclasses.replace(card, source=dataclasses.replace(card.source, sha256=None, tensors_sha256=None))


def same(read: dict[str, np.ndarray], written: dict[str, torch.Tensor]) -> bool:
    return read.keys() == written.keys() and all(np.array_equal(read[name], written[name]) for name in written)


def test_legacy_checkpoint_loses_the_prefix_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "resnet50.pth.tar"
    save_legacy(path, {**tiny(), "bn1.num_batches_tracked": torch.tensor(3)})
    assert not zipfile.is_zipfile(path)
    tensors, source = read_checkpoint(path, CARD, allow_unknown_hash=True)
    assert same(tensors, tiny())  # "inner.module.bias" keeps its inner "module."
    assert (source.file, source.verified) == ("resnet50.pth.tar", False)


def test_checkpoint_written_by_python_2(tmp_path: Path) -> None:
    tensors = tiny()
    path = tmp_path / "python2.pth.tar"
    state = {f"module.{name}": value for name, value in tensors.items()}
    save_python2(path, {"arch": "r\xe9seau", "epoch": 90, "state_dict": state}, list(tensors.values()))
    with pytest.raises(UnicodeDecodeError):  # what the latin-1 reading is for
        torch.load(path, weights_only=True, map_location="cpu")
    assert same(read_checkpoint(path, CARD, allow_unknown_hash=True)[0], tensors)


@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {"state_dict": state}])
def test_today_s_torch_files(tmp_path: Path, wrap: object) -> None:
    path = tmp_path / "x.pth"
    torch.save(wrap(tiny()), path)  # type: ignore[operator]
    assert same(read_checkpoint(path, unpinned(CARD))[0], tiny())


def test_npz_of_the_same_tensors(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, **{name: value.numpy() for name, value in tiny().items()})
    tensors, source = read_checkpoint(path, CARD)  # no hash of an .npz is known for this card
    assert same(tensors, tiny())
    assert not source.verified


def test_unknown_hash_needs_the_override(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    save_legacy(path, tiny())
    with pytest.raises(ModelError, match=r"not the pinned 46529c86.*--allow-unknown-hash"):
        read_checkpoint(path, CARD)


def test_unknown_hash_is_noticed_before_the_file_is_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(b"no checkpoint at all")
    with pytest.raises(ModelError, match="not the pinned"):
        read_checkpoint(path, CARD)


@pytest.mark.parametrize("protocol", [0, 2])
def test_malicious_pickles_do_not_run(tmp_path: Path, protocol: int) -> None:
    path, victim = tmp_path / "evil.pth", tmp_path / "victim"
    path.write_bytes(pickle.dumps({"state_dict": Malicious(victim)}, protocol=protocol))
    with pytest.raises(ModelError, match="Python objects besides tensors"):
        read_checkpoint(path, CARD, allow_unknown_hash=True)
    torch.save({"state_dict": Malicious(victim)}, path)
    with pytest.raises(ModelError, match="Python objects besides tensors"):
        read_checkpoint(path, CARD, allow_unknown_hash=True)
    assert not victim.exists()


def test_malicious_npz_does_not_run(tmp_path: Path) -> None:
    path, victim = tmp_path / "evil.npz", tmp_path / "victim"
    with open(path, "wb") as file:
        np.savez(file, weight=np.array([Malicious(victim)], dtype=object))
    with pytest.raises(ModelError, match=r"no readable \.npz"):
        read_checkpoint(path, CARD, allow_unknown_hash=True)
    assert not victim.exists()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_not_finite_weights_are_refused(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, good=np.ones(3, np.float32), bad=np.array([1.0, bad], np.float32))
    with pytest.raises(ModelError, match="tensor bad holds NaN or infinity"):
        read_checkpoint(path, CARD)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"hello", "not a readable torch checkpoint"),
        (pickle.dumps([1, 2], protocol=2), "not a readable torch checkpoint"),
        (b"PK\x03\x04 broken", "cut off"),
    ],
)
def test_what_is_no_checkpoint(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    with pytest.raises(ModelError, match=message) as error:
        read_checkpoint(path, unpinned(CARD))
    assert "x.pth" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "content", [[1, 2], {}, {"state_dict": 3}, {"a": 1.5}, {"a": torch.ones(2, dtype=torch.int64)}]
)
def test_torch_files_without_named_weights(tmp_path: Path, content: object) -> None:
    path = tmp_path / "x.pth"
    torch.save(content, path)
    with pytest.raises(ModelError, match=r"not named tensors|not a floating-point tensor"):
        read_checkpoint(path, unpinned(CARD))


def test_truncated_npz(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    np.savez(path, weight=np.ones(1000, np.float32))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(ModelError, match=r"x\.npz"):
        read_checkpoint(path, unpinned(CARD))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        read_checkpoint(tmp_path / "none.pth", CARD)


def test_fingerprint_depends_on_names_shapes_and_values_only() -> None:
    a = {"x": np.arange(6, dtype=np.float32), "y": np.ones(2, np.float32)}
    assert fingerprint(a) == fingerprint({"y": a["y"].copy(), "x": a["x"].copy()})
    others = (
        {**a, "x": a["x"].reshape(2, 3)},
        {"z": a["x"], "y": a["y"]},
        {**a, "y": np.array([1, 1.0000001], np.float32)},
    )
    assert len({fingerprint(a), *map(fingerprint, others)}) == 4


def test_companion_must_lie_beside(tmp_path: Path, data: Path) -> None:
    path = tmp_path / "squeezenet_places365.npz"
    path.write_bytes((data / "weights" / path.name).read_bytes())
    with pytest.raises(ModelError, match=r"places365_mean_bgr_256\.npy must lie beside it"):
        read_checkpoint(path, SQUEEZENET_PLACES365)
    np.save(tmp_path / "places365_mean_bgr_256.npy", np.zeros((3, 256, 256), np.float32))
    with pytest.raises(ModelError, match="not the pinned acd2aa77"):
        read_checkpoint(path, SQUEEZENET_PLACES365)


def test_repacked_npz_is_still_the_pinned_one(tmp_path: Path, data: Path) -> None:
    with np.load(data / "weights" / "squeezenet_places365.npz") as archive:
        tensors = dict(archive)
    tensors["mean_image"] = np.load(data / "weights" / "places365_mean_bgr_256.npy")
    path = tmp_path / "mine.npz"
    np.savez_compressed(path, **dict(reversed(tensors.items())))
    assert read_checkpoint(path, SQUEEZENET_PLACES365)[1].verified
    tensors["conv10.bias"] = tensors["conv10.bias"] + np.float32(1e-6)
    np.savez(path, **tensors)
    with pytest.raises(ModelError, match="not the pinned"):
        read_checkpoint(path, SQUEEZENET_PLACES365)
