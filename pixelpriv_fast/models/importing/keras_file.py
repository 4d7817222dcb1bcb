"""From Keras weight files (HDF5) to named arrays. Needs h5py, when such a file is imported and never afterwards.

Only plain arrays inside the file are read: HDF5 can also point to other files (external links, external storage,
virtual arrays), and a checkpoint has no reason to.
"""

from __future__ import annotations

import io
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from ...errors import ModelError

SIGNATURE = b"\x89HDF\r\n\x1a\n"

#: A whole model saved by Keras keeps its weights in this group and its optimizer's beside it.
_WEIGHTS_GROUP = "model_weights"
_MAX_BYTES = 2 << 30  # a compressed array of zeros can be far larger than its file
_MAX_DEPTH = 8


def read_keras(path: Path, data: bytes) -> dict[str, npt.NDArray[Any]]:
    """Read the arrays of an HDF5 file.

    Parameters
    ----------
    path : Path
        Names the file in messages.
    data : bytes
        Its content.

    Returns
    -------
    dict of str to ndarray
        The arrays by their path in the file, for example ``conv1/conv1/kernel:0``.

    Raises
    ------
    ModelError
        Without h5py; for a file that is damaged, holds no arrays, or points outside itself.
    """
    h5py = _h5py(path)
    arrays: dict[str, npt.NDArray[Any]] = {}
    try:
        with h5py.File(io.BytesIO(data), "r") as file:
            root = file.get(_WEIGHTS_GROUP, file)
            _collect(h5py, root, "", arrays, [_MAX_BYTES])
    except (OSError, RuntimeError, KeyError, ValueError, TypeError) as error:  # h5py turns HDF5's errors into these
        raise ModelError(f"{path}: no readable Keras weight file: {' '.join(str(error).split())[:200]}") from error
    if not arrays:
        raise ModelError(f"{path}: this HDF5 file holds no weights; save them in Keras with save_weights('x.hdf5')")
    return arrays


def _h5py(path: Path) -> ModuleType:
    try:
        import h5py
    except ImportError as error:
        raise ModelError(f'reading {path.name} needs h5py: pip install "pixelpriv-fast[keras]"') from error
    module: ModuleType = h5py
    return module


def _collect(h5py: ModuleType, group: Any, prefix: str, arrays: dict[str, npt.NDArray[Any]], left: list[int]) -> None:
    """Add every array below ``group``; ``left`` holds the number of bytes that may still be read."""
    if prefix.count("/") > _MAX_DEPTH:  # hard links can make a group its own child
        raise ValueError(f"groups are nested more than {_MAX_DEPTH} deep")
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{prefix}{name} is a link to elsewhere")
        item = group[name]
        if isinstance(item, h5py.Group):
            _collect(h5py, item, f"{prefix}{name}/", arrays, left)
        elif isinstance(item, h5py.Dataset) and item.dtype.kind == "f":
            if item.external is not None or item.is_virtual:
                raise ValueError(f"{prefix}{name} is kept in another file")
            left[0] -= item.size * item.dtype.itemsize
            if left[0] < 0:
                raise ValueError(f"{prefix}{name} makes more than {_MAX_BYTES} bytes of weights")
            arrays[f"{prefix}{name}"] = np.asarray(item[()])
