"""Stamped files: what is written into a ready ``.onnx``, and what is checked before one may run.

``pixelpriv.card`` holds the stamp as JSON, ``pixelpriv.sha256`` the hash over the whole file with the hash's own 64
characters set to "0". It finds damage, not malice: a program that can write the store can also write a new hash.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import ModelError
from ..file_kinds import refuse_what_holds_no_weights
from .stamp import Stamp
from .wire import external_tensor, metadata, metadata_entry

CARD_KEY = "pixelpriv.card"
HASH_KEY = "pixelpriv.sha256"
_ZEROS = "0" * 64
_EXPORTER_NAME = re.compile(r"val_\d+")


@dataclass(frozen=True, slots=True)
class StampedModel:
    """A checked model.

    Attributes
    ----------
    data : bytes
        The file, which sessions are made from.
    stamp : Stamp
        What it says of itself.
    sha256 : str
        The hash that was checked.
    folder : Path or None
        Where its file is, and where what is learnt of it may be kept; None for one that came from no file.
    """

    data: bytes = field(repr=False)
    stamp: Stamp
    sha256: str
    folder: Path | None = None


def add_stamp(model: bytes, stamp: Stamp) -> bytes:
    """Write a stamp and the hash into a model.

    Parameters
    ----------
    model : bytes
        ONNX bytes, stamped or not.
    stamp : Stamp
        Replaces a stamp that is there.

    Returns
    -------
    bytes
        The stamped model.

    Raises
    ------
    ModelError
        For a model with external data.
    """
    _refuse_external(model)
    spans = metadata(model)
    for begin, end, _, _ in sorted((spans[key] for key in (CARD_KEY, HASH_KEY) if key in spans), reverse=True):
        model = model[:begin] + model[end:]
    blank = model + metadata_entry(CARD_KEY, stamp.to_json()) + metadata_entry(HASH_KEY, _ZEROS)
    return blank[: -len(_ZEROS)] + hashlib.sha256(blank).hexdigest().encode()


def read_stamped(data: bytes, name: str) -> StampedModel:
    """Check a stamped model's hash and stamp, and that all tensors stand in its own bytes.

    Parameters
    ----------
    data : bytes
        The file.
    name : str
        What messages call it.

    Returns
    -------
    StampedModel
        The checked model.

    Raises
    ------
    ModelError
        For a damaged file, one without a stamp, one of another stamp version, or external data.
    """
    try:
        spans = metadata(data)
        if CARD_KEY not in spans or HASH_KEY not in spans:
            raise ModelError(
                "it has no stamp, so its preprocessing and labels are unknown; import it under a name: "
                "pixelpriv models import NAME FILE --preprocess SPEC --labels FILE"
            )
        sha256 = _checked_hash(data, spans[HASH_KEY][2], spans[HASH_KEY][3])
        _refuse_external(data)
        _, _, start, end = spans[CARD_KEY]
        stamp = Stamp.from_json(data[start:end].decode("utf-8", errors="replace"))
    except ModelError as error:
        raise ModelError(f"{name}: {error}") from error
    return StampedModel(data, stamp, sha256)


def read(path: Path) -> StampedModel:
    """Read and check the file at ``path``, see :func:`read_stamped`. Raises ``ModelError`` also if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); import the model again") from error
    refuse_what_holds_no_weights(path, data)
    return replace(read_stamped(data, str(path)), folder=path.parent)


def load_state_dict(model: StampedModel) -> dict[str, npt.NDArray[np.float32]]:
    """Return the network's float32 tensors by its module's names, read-only; the exporter's own constants are left out.

    Imports onnx.
    """
    import onnx  # a quarter of a second, which those who only run the file do not pay

    tensors = onnx.load_from_string(model.data).graph.initializer
    return {
        tensor.name: onnx.numpy_helper.to_array(tensor)
        for tensor in tensors
        if tensor.data_type == onnx.TensorProto.FLOAT and not _EXPORTER_NAME.fullmatch(tensor.name)
    }


def _checked_hash(data: bytes, start: int, end: int) -> str:
    written = data[start:end].decode("ascii", errors="replace")
    hasher = hashlib.sha256(memoryview(data)[:start])
    hasher.update(_ZEROS.encode())
    hasher.update(memoryview(data)[end:])
    if len(written) != len(_ZEROS) or hasher.hexdigest() != written:
        raise ModelError(
            f"the file is damaged: its hash is {hasher.hexdigest()[:12]}..., stamped {written[:12]}...; "
            "delete it and import the model again"
        )
    return written


def _refuse_external(data: bytes) -> None:
    tensor = external_tensor(data)
    if tensor is not None:
        raise ModelError(
            f"tensor {tensor!r} stands in another file; save the model without external data, whole in one file"
        )
