"""Downloads of official weight files: the hash is pinned, so the address need not be trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..errors import ModelError
from .cards import Card

_OFFLINE = ("PIXELPRIV_OFFLINE", "HF_HUB_OFFLINE")
_CONNECT_SECONDS = 20.0


def download(card: Card, folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """``card``'s official file, fetched into ``folder`` and its hash checked.

    Raises ``ModelError`` when the network is forbidden (``PIXELPRIV_OFFLINE=1`` or ``HF_HUB_OFFLINE=1``; no
    connection is tried then), when the card has no address with a pinned hash, or when the download fails or is
    another file.
    """
    source = card.source
    if source.url is None or source.sha256 is None:
        raise ModelError(f"{card.name} cannot be fetched; get it so: {card.how_to_get}")
    forbidden = next((name for name in _OFFLINE if environment.get(name, "0") not in ("", "0")), None)
    if forbidden is not None:
        raise ModelError(
            f"{card.name} cannot be fetched: {forbidden} forbids the network; download {source.url} elsewhere and run "
            f"pixelpriv models import {card.name} {source.file}"
        )
    try:
        import pooch
    except ImportError as error:
        raise ModelError('downloads need pooch: pip install "pixelpriv-fast[full]"') from error
    try:
        fetched = pooch.retrieve(
            source.url,
            known_hash=f"sha256:{source.sha256}",
            fname=source.file,
            path=folder,
            downloader=pooch.HTTPDownloader(timeout=_CONNECT_SECONDS),
        )
    except (OSError, ValueError) as error:  # requests' exceptions are OSErrors, pooch's hash mismatch a ValueError
        raise ModelError(f"{source.url}: {' '.join(str(error).split())[:300]}") from error
    return Path(fetched)
