"""What commands check of their arguments before a network is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..errors import UsageError


def photos_only(images: Sequence[Path], command: str) -> None:
    """Refuse folders where photos are asked for.

    Parameters
    ----------
    images : sequence of Path
        The arguments.
    command : str
        The command's word, for the message.

    Raises
    ------
    UsageError
        If one of them is a folder.
    """
    for path in images:
        if path.is_dir():
            raise UsageError(f"{command} takes photos, not a folder: {path}; write: pixelpriv {command} {path}/*.jpg")
