"""Tells files that are no weights at all from weights, before any hash is spoken of."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from ..codecs.formats import LFS_POINTER, WEB_PAGE
from ..errors import ModelError
from .importing.keras_file import SIGNATURE as HDF5_SIGNATURE

_ZIP = b"PK\x03\x04"
_HEAD = 512
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:!doctype|\?xml|!--)", re.IGNORECASE)
_TEXT_ERROR = re.compile(rb"\s*(?:\{\s*\"|Entry not found|Not Found|Invalid username|Access denied)", re.IGNORECASE)
#: HDF5's superblock: version -> offset of the address at which the file ends, eight bytes, little-endian.
_HDF5_END = {0: 40, 1: 44, 2: 28, 3: 28}


def refuse_what_holds_no_weights(path: Path, data: bytes) -> None:
    """Refuse a download that went wrong.

    Parameters
    ----------
    path : Path
        The file, for the message.
    data : bytes
        What it holds.

    Raises
    ------
    ModelError
        If the file is empty, a Git LFS pointer, a web page or another text, or is cut off.
    """
    head = data[:_HEAD]
    if not data:
        raise ModelError(f"{path}: the file is empty; download it again")
    if head.startswith(LFS_POINTER):
        raise ModelError(
            f"{path}: this is a Git LFS pointer ({len(data)} bytes), not the weights; run git lfs pull, or download the "
            "file itself"
        )
    if WEB_PAGE.match(head) or _MARKUP.match(head):
        raise ModelError(
            f"{path}: this is a web page, not the weights; download the file itself, not the page about it"
        )
    if _TEXT_ERROR.match(head):
        text = head.decode("utf-8", "replace").split("\n", 1)[0][:80]
        raise ModelError(f"{path}: this is a text ({text!r}), not the weights; download the file again")
    missing = _cut_off(data)
    if missing:
        raise ModelError(f"{path}: the file is cut off after {len(data):,} bytes ({missing}); download it again")


def _cut_off(data: bytes) -> str:
    """Return what shows that the file's end is missing, "" if nothing does. Old torch files and ONNX say it when read."""
    if data.startswith(_ZIP) and not zipfile.is_zipfile(io.BytesIO(data)):
        return "the archive's list of contents, which stands at its end, is missing"
    if data.startswith(HDF5_SIGNATURE) and len(data) > 64:
        at = _HDF5_END.get(data[8])
        end = int.from_bytes(data[at : at + 8], "little") if at is not None else 0
        if end > len(data):
            return f"it says that it has {end:,}"
    return ""
