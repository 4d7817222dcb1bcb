"""From a checkpoint file to named float32 arrays, with everything checked that can be before a network is built.

A ``.pth`` is a pickle. It is read by torch's restricted reader only (``weights_only=True``), which builds tensors and plain
containers and refuses everything else; there is no second attempt by another reader. An ``.npz`` is read without pickles,
Keras' HDF5 as plain arrays (``keras_file.py``).
"""

from __future__ import annotations

import hashlib
import io
import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import ModelError, one_line
from ..architectures import require_torch
from ..card import Card
from ..file_kinds import refuse_what_holds_no_weights
from ..stamped.stamp import Provenance
from .keras_file import SIGNATURE as HDF5_SIGNATURE
from .keras_file import read_keras

Tensors: TypeAlias = dict[str, npt.NDArray[np.float32]]

_PREFIX = "module."  # torch's DataParallel puts it before every name
_OVERRIDE = "if you trust the file, add --allow-unknown-hash (allow_unknown_hash=True)"
_MAX_BYTES = 2 << 30  # no network of ours comes near; a mistaken path must not fill the memory
_TORCH_FLOATS = ("float32", "float64", "float16", "bfloat16")


def read_checkpoint(path: Path, card: Card, *, allow_unknown_hash: bool = False) -> tuple[Tensors, Provenance]:
    """Read a checkpoint.

    Parameters
    ----------
    path : Path
        The file: torch, ``.npz`` or Keras HDF5.
    card : Card
        The network that it should hold.
    allow_unknown_hash : bool
        Whether a hash that is not the pinned one is accepted.

    Returns
    -------
    tuple of (dict of str to ndarray, Provenance)
        The tensors by the checkpoint's own names, float32, and where they came from.

    Raises
    ------
    ModelError
        If the file cannot be read, is not a checkpoint, holds NaN or infinity, or has another hash.
    """
    data = _read(path)
    refuse_what_holds_no_weights(path, data)
    sha256 = hashlib.sha256(data).hexdigest()
    if _holds_arrays(data):
        tensors = _read_npz(path, data)
        tensors.update(_read_companions(path, card, tensors, allow_unknown_hash))
        verified = _check(path, card.source.tensors_sha256, fingerprint(tensors), allow_unknown_hash)
    else:
        # The hash is checked first: an unknown pickle is not even opened without the override.
        verified = _check(path, card.source.sha256, sha256, allow_unknown_hash)
        tensors = _read_hdf5(path, data) if data.startswith(HDF5_SIGNATURE) else _read_torch(path, data)
        if card.source.sha256 is None:
            verified = _check(path, card.source.tensors_sha256, fingerprint(tensors), allow_unknown_hash)
    _refuse_not_finite(path, tensors)
    return tensors, Provenance(path.name, sha256, verified)


def fingerprint(tensors: Mapping[str, npt.NDArray[Any]]) -> str:
    """Compute a hash of tensors that does not depend on how they are packed.

    sha256 over names, shapes and little-endian float32 values, in the order of the names.
    """
    hasher = hashlib.sha256()
    for name in sorted(tensors):
        hasher.update(f"{name} {tensors[name].shape}\n".encode())
        hasher.update(np.ascontiguousarray(tensors[name], "<f4").data)
    return hasher.hexdigest()


def _read(path: Path) -> bytes:
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise ModelError(f"{path}: {path.stat().st_size} bytes are more than any known checkpoint has")
        return path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error


def _check(path: Path, pinned: str | None, found: str, allowed: bool) -> bool:
    """Return whether the hash is the pinned one; another is an error unless it is ``allowed``."""
    if pinned is None or found == pinned:
        return pinned is not None
    if not allowed:
        raise ModelError(f"{path}: sha256 {found} is not the pinned {pinned}: another or an altered file; {_OVERRIDE}")
    return False


def _holds_arrays(data: bytes) -> bool:
    """Return whether this is an ``.npz`` (a torch file may be a zip archive too, but has no ``.npy`` members)."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except zipfile.BadZipFile:
        return False


def _read_npz(path: Path, data: bytes) -> Tensors:
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as archive:
            return {name: _as_float32(path, name, archive[name]) for name in archive.files if _is_weight(name)}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: no readable .npz of plain arrays ({error})") from error


def _read_hdf5(path: Path, data: bytes) -> Tensors:
    return {name: _as_float32(path, name, array) for name, array in read_keras(path, data).items()}


def _is_weight(name: str) -> bool:
    return not name.endswith("num_batches_tracked")


def _read_companions(path: Path, card: Card, tensors: Tensors, allowed: bool) -> Tensors:
    """Read the tensors that the release keeps in files of their own, from beside ``path``."""
    found: Tensors = {}
    for companion in card.source.companions:
        if companion.tensor in tensors:
            continue
        beside = path.with_name(companion.file)
        if not beside.is_file():
            raise ModelError(f"{path}: {companion.file} must lie beside it (it holds the network's {companion.tensor})")
        data = _read(beside)
        _check(beside, companion.sha256, hashlib.sha256(data).hexdigest(), allowed)
        try:
            array = np.load(io.BytesIO(data), allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise ModelError(f"{beside}: no readable .npy of plain numbers ({error})") from error
        found[companion.tensor] = _as_float32(beside, companion.tensor, array)
    return found


def _as_float32(path: Path, name: str, array: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    if array.dtype.kind != "f":
        raise ModelError(f"{path}: tensor {name} holds {array.dtype}, not floating-point weights")
    return np.ascontiguousarray(array, np.float32)


def _read_torch(path: Path, data: bytes) -> Tensors:
    """Read a torch checkpoint: the tensors of its ``state_dict``, or of itself if it is one."""
    require_torch(f"reading {path.name}")
    import torch

    try:
        with warnings.catch_warnings():
            # torch warns that ``encoding`` has no effect here; its restricted reader does use it.
            warnings.simplefilter("ignore")
            # latin1: the official Places365 files were written by Python 2, whose byte strings are not all UTF-8.
            loaded = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True, encoding="latin1")
    except (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, KeyError, AttributeError, TypeError) as error:
        raise ModelError(f"{path}: {_in_our_words(error)}") from error
    tensors = loaded.get("state_dict", loaded) if isinstance(loaded, Mapping) else None
    if not isinstance(tensors, Mapping) or not tensors:
        raise ModelError(f"{path}: holds a {type(loaded).__name__}, not named tensors")
    return {_plain(name): _torch_float32(path, name, value) for name, value in tensors.items() if _is_weight(str(name))}


def _in_our_words(error: Exception) -> str:
    """Return why a checkpoint was refused; the reader's own advice, to read it without care, is not passed on."""
    said = str(error)
    if isinstance(error, EOFError) or "EOF" in said or "end of file" in said:
        return "the file is cut off; download it again"
    if "weights_only" in said or "WeightsUnpickler" in said or "Unsupported" in said:
        found = re.search(r"GLOBAL (\S+)", said)
        holds = f" ({found[1]})" if found else ""
        return (
            f"it holds Python objects besides tensors{holds}, which could run any program, and is refused; save the weights "
            "alone: torch.save(model.state_dict(), FILE)"
        )
    return f"not a readable torch checkpoint ({one_line(error, 120)})"


def _plain(name: Any) -> str:
    """Drop the prefix, but not inner occurrences, which the official code removes too."""
    return str(name).removeprefix(_PREFIX)


def _torch_float32(path: Path, name: Any, value: Any) -> npt.NDArray[np.float32]:
    import torch

    if not isinstance(value, torch.Tensor) or str(value.dtype).removeprefix("torch.") not in _TORCH_FLOATS:
        raise ModelError(f"{path}: entry {name!r} is not a floating-point tensor")
    if value.layout != torch.strided or value.is_quantized:
        raise ModelError(f"{path}: entry {name!r} is sparse or quantised; plain tensors are needed")
    array: npt.NDArray[np.float32] = value.detach().float().contiguous().numpy()
    return array


def _refuse_not_finite(path: Path, tensors: Tensors) -> None:
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise ModelError(f"{path}: tensor {name} holds NaN or infinity; the file is damaged")
