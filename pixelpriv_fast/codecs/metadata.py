"""The metadata policies: what a protected photo still says about its maker.

========== =========================================================================================================
policy     what is written
========== =========================================================================================================
`private`  ICC profile, resolution; of EXIF: capture time, camera and lens model, exposure data (an allow-list).
`keep`     everything that the output format can hold, but upright and without thumbnails and previews.
`none`     ICC profile and resolution only.
========== =========================================================================================================

Choice: the ICC profile survives every policy, since pixels without it show other colours.
Choice: XMP and IPTC are dropped whole under ``private``. Both are open-ended (any tool adds its own fields), and their
titles and keywords often say in words what scene the photo shows.
Choice: thumbnails are dropped under every policy: they show the unprotected photo. For the same reason no policy
carries JPEG's extended XMP, multi-picture data or trailers, where phones store previews, depth maps and films.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ..errors import checked_word, known_words
from ..types import Metadata
from ..words import MetadataPolicy
from .exif import private
from .exif_keep import keep

POLICIES = known_words(MetadataPolicy)

#: Embedded previews in XMP: base64 JPEGs as an element or an attribute.
_XMP_PICTURE = re.compile(
    rb"<(?P<tag>[\w.-]+:(?:image|Data|thumbnail))\b[^>]*>[^<]{256,}</(?P=tag)\s*>|"
    rb"""\s[\w.-]+:(?:image|Data|thumbnail)\s*=\s*(?:"[^"]{256,}"|'[^']{256,}')"""
)
_XMP_ORIENTATION = re.compile(rb"""(tiff:Orientation(?:\s*=\s*["']|>\s*))[2-8]""")


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
    exif = keep(metadata.exif, width, height) if metadata.exif else None
    return replace(metadata, exif=exif, xmp=_upright_xmp(metadata.xmp))


def _none(metadata: Metadata, width: int, height: int) -> Metadata:
    return replace(metadata, exif=None, xmp=None, iptc=None, text=())


_BY_POLICY: dict[str, Callable[[Metadata, int, int], Metadata]] = {"private": _private, "keep": _keep, "none": _none}


def _upright_xmp(xmp: bytes | None) -> bytes | None:
    if xmp is None:
        return None
    return _XMP_ORIENTATION.sub(rb"\g<1>1", _XMP_PICTURE.sub(b"", xmp))
