"""What a listing of the store says of one network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """One network in a listing.

    Attributes
    ----------
    name, kind, title, licence : str
        As in ``card.Card``.
    status : {"ready", "embedded", "missing", "damaged"}
        "embedded" is built on first use.
    path : Path or None
        Its file.
    size : int or None
        Bytes of the file.
    sha256 : str or None
        Hash of the file.
    source : str or None
        Name of the file that the weights came from.
    verified : bool or None
        Whether that file's hash was the pinned one.
    remark : str
        How to get it, or what is wrong with it.
    """

    name: str
    kind: str
    title: str
    licence: str
    status: Literal["ready", "embedded", "missing", "damaged"]
    path: Path | None = None
    size: int | None = None
    sha256: str | None = None
    source: str | None = None
    verified: bool | None = None
    remark: str = ""
