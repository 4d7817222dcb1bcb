"""The metadata policies: what a protected photo still says about its maker.

========== =========================================================================================================
policy     what is written
========== =========================================================================================================
`private`  colours, resolution; of EXIF: capture time, camera and lens model, exposure data (an allow-list).
`keep`     everything that the output format can hold, but upright, without pictures and promises of parts that are gone.
`none`     colours and resolution only.
========== =========================================================================================================

Choice: what the colours are (``colour``) survives every policy, since pixels without it show other ones. Profiles are
written again without names, serial numbers and hiding places (``icc``).
Choice: XMP and IPTC are dropped whole under ``private``. Both are open-ended (any tool adds its own fields), and their
titles and keywords often say in words what scene the photo shows.
Choice: pictures are dropped under every policy, wherever they stand: they show the unprotected photo. They are told by their
content (``pictures``), because thumbnails, previews and layers stand in hundreds of places. For the same reason no policy
carries JPEG's extended XMP, multi-picture data or trailers, where phones store previews, depth maps and films.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ...errors import checked_word, known_words
from ...types import Metadata
from ...words import MetadataPolicy
from . import exif_keep, iptc, xmp
from .exif import private
from .pictures import may_show_picture, starts_picture

POLICIES = known_words(MetadataPolicy)


def apply_policy(metadata: Metadata, policy: MetadataPolicy, width: int, height: int) -> Metadata:
    """Return what may be written next to upright pixels.

    Parameters
    ----------
    metadata : Metadata
        The source's.
    policy : {"private", "keep", "none"}
        What to write of it.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    Metadata
        A part of it, changed where it would be wrong.

    Raises
    ------
    UsageError
        If the policy is unknown.
    """
    return _BY_POLICY[checked_word("metadata policy", policy, MetadataPolicy)](metadata, width, height)


def _private(metadata: Metadata, width: int, height: int) -> Metadata:
    exif = private(metadata.exif, width, height) if metadata.exif else None
    return replace(metadata, exif=exif, xmp=None, iptc=None, text=())


def _keep(metadata: Metadata, width: int, height: int) -> Metadata:
    return replace(
        metadata,
        exif=exif_keep.keep(metadata.exif, width, height) if metadata.exif else None,
        xmp=xmp.keep(metadata.xmp, width, height) if metadata.xmp else None,
        iptc=iptc.keep(metadata.iptc) if metadata.iptc else None,
        text=_keep_text(metadata, width, height),
    )


def _keep_text(metadata: Metadata, width: int, height: int) -> tuple[tuple[str, str], ...]:
    """Leave out texts that may show a picture, also one spread over several texts of one keyword; packets are kept as XMP is."""
    text = [(keyword, _keep_packet(value, width, height)) for keyword, value in metadata.text]
    values: dict[str, list[str]] = {}
    for keyword, value in text:
        values.setdefault(keyword, []).append(value)
    gone = {keyword for keyword, several in values.items() if _shows(keyword) or _shows(" ".join(several))}
    return tuple((keyword, value) for keyword, value in text if value and keyword not in gone)


def _keep_packet(text: str, width: int, height: int) -> str:
    """Return a text, or what is kept of it if it is an XMP packet under some keyword."""
    if not any(sign in text for sign in ("adobe:ns:meta", "rdf:RDF")):
        return text
    return (xmp.keep(text.encode(), width, height) or b"").decode()


def _shows(text: str) -> bool:
    """Judge a text, and the bytes that it may have been read from, one for each letter."""
    return may_show_picture(text.encode()) or starts_picture(text.encode("latin-1", "ignore"))


def _none(metadata: Metadata, width: int, height: int) -> Metadata:
    return replace(metadata, exif=None, xmp=None, iptc=None, text=())


_BY_POLICY: dict[str, Callable[[Metadata, int, int], Metadata]] = {"private": _private, "keep": _keep, "none": _none}
