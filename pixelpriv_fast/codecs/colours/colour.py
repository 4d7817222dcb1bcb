"""What a photo's numbers mean: every way in which a file states it becomes one, and is written in the target's way.

Strongest first, as the PNG standard's third edition orders them: cICP; an ICC profile; sRGB; gAMA with cHRM; EXIF's
colour space. Pixels stay in their space, because that is how viewers show them; what states it goes along: as PNG's own
chunks from PNG to PNG, as an ICC profile everywhere else. sRGB needs no statement: it is what a photo without one is in.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import replace

from ...types import Metadata
from ..contract import Damaged, Refused
from ..metadata.exif import EXIF_IFD, INTEROP_IFD
from ..metadata.tag_directories import SHORT, Directory, first_directory, read_directory
from .icc import Profile, cleaned, icc_space
from .rgb_space import (
    ADOBE_RGB,
    CAMERA_CURVE,
    PRIMARIES,
    SRGB,
    SRGB_CURVE,
    TRANSFERS,
    Curve,
    Point,
    RgbSpace,
    profile,
)

_HDR = {16: "PQ", 18: "HLG"}
#: Primaries and transfers of H.273 that say nothing: reserved, or "unspecified".
_UNSTATED = frozenset({0, 2, 3})
_CICP_CHUNK, _GAMMA_CHUNK, _PRIMARIES_CHUNK, _SRGB_CHUNK = b"cICP", b"gAMA", b"cHRM", b"sRGB"
COLOUR_CHUNKS = frozenset({_CICP_CHUNK, _GAMMA_CHUNK, _PRIMARIES_CHUNK, _SRGB_CHUNK})
_COLOUR_SPACE, _INTEROP_INDEX = 0xA001, 0x0001
_EXIF_SRGB, _EXIF_ADOBE, _EXIF_OTHER = 1, 2, 0xFFFF


def profile_of_code_points(primaries: int, transfer: int) -> bytes | None:
    """Return the profile of colours that are named by ITU-T H.273's numbers, as in HEIF's nclx and PNG's cICP.

    Choice: the camera curve of BT.709 and BT.601 is shown as sRGB's curve, as browsers do; beside BT.2020's primaries it
    is that standard's own, as in the profiles called Rec. 2020.

    Parameters
    ----------
    primaries : int
        The colour primaries.
    transfer : int
        The transfer characteristics.

    Returns
    -------
    bytes or None
        An ICC profile; None for sRGB and where nothing is stated.

    Raises
    ------
    Refused
        If the colours are HDR or unknown.
    """
    _refuse_hdr(transfer)
    if {primaries, transfer} <= _UNSTATED:
        return None
    points = PRIMARIES.get(1 if primaries in _UNSTATED else primaries)
    curve = TRANSFERS.get(13 if transfer in _UNSTATED else transfer)
    if points is None or curve is None:
        reason = f"colours of unknown kind (primaries {primaries}, transfer {transfer} of ITU-T H.273)"
        raise Refused(reason, "convert the photo to sRGB first")
    if curve is CAMERA_CURVE and primaries != 9:
        curve = SRGB_CURVE
    return _profile_unless_srgb(points, curve)


def _refuse_hdr(transfer: int) -> None:
    if transfer in _HDR:
        reason = f"HDR colours ({_HDR[transfer]} of ITU-R BT.2100), which are not protected"
        raise Refused(reason, "save a copy of ordinary brightness (sRGB or Display P3) and protect that")


def _profile_unless_srgb(points: tuple[Point, Point, Point, Point], curve: Curve) -> bytes | None:
    """Return the profile of a space; None for sRGB, and for primaries that span no space."""
    try:
        found = cleaned(profile(RgbSpace("RGB", *points, curve)))  # a known space gets its name and its usual numbers
    except (ValueError, struct.error):
        return None
    return None if found is None or found.space is SRGB else found.content


def settled(metadata: Metadata) -> Metadata:
    """Reduce a source's statements about its colours to the strongest one that can be understood.

    Parameters
    ----------
    metadata : Metadata
        As the file has it.

    Returns
    -------
    Metadata
        With a profile or PNG's chunks, not both. Colours that EXIF alone states stay there.

    Raises
    ------
    Refused
        If the colours are HDR or unknown.
    """
    chunks = {name: content for name, content in metadata.colour_chunks if _meaningful(name, content)}
    if _CICP_CHUNK in chunks:
        primaries, transfer, _, full = chunks[_CICP_CHUNK]
        profile_of_code_points(primaries, transfer)
        if not full:
            raise Refused("RGB values of video range (cICP)", "convert the photo to full range first")
        return replace(metadata, icc=None, colour_chunks=((_CICP_CHUNK, chunks[_CICP_CHUNK]),))
    used = cleaned(metadata.icc)
    if used is not None:
        _refuse_hdr(used.transfer)
    if used is not None or icc_space(metadata.icc) in ("GRAY", "CMYK"):
        return replace(metadata, colour_chunks=())
    names = (_SRGB_CHUNK,) if _SRGB_CHUNK in chunks else (_GAMMA_CHUNK, _PRIMARIES_CHUNK)
    return replace(metadata, colour_chunks=tuple((name, chunks[name]) for name in names if name in chunks))


def _meaningful(name: bytes, content: bytes) -> bool:
    """Return whether a chunk of PNG says something about colours, and nothing besides."""
    if name == _CICP_CHUNK:
        return len(content) == 4 and content[2] == 0 and not {content[0], content[1]} <= _UNSTATED
    if name == _SRGB_CHUNK:
        return len(content) == 1 and content[0] < 4
    if name == _GAMMA_CHUNK:
        return len(content) == 4 and 10_000 <= int.from_bytes(content, "big") <= 1_000_000
    return len(content) == 32 and _space_of(content, SRGB_CURVE) is not None


def _space_of(primaries: bytes, curve: Curve) -> RgbSpace | None:
    wx, wy, rx, ry, gx, gy, bx, by = (number / 100_000 for number in struct.unpack(">8I", primaries))
    space = RgbSpace("RGB", (rx, ry), (gx, gy), (bx, by), (wx, wy), curve)
    try:
        profile(space)
    except (ValueError, struct.error):
        return None
    return space


def _profile_of_chunks(chunks: Mapping[bytes, bytes]) -> bytes | None:
    """Return the profile that says the same as settled chunks; None for sRGB.

    Choice: gAMA without cHRM has sRGB's primaries, and cHRM without gAMA says nothing, as in browsers.
    """
    if _CICP_CHUNK in chunks:
        return profile_of_code_points(*chunks[_CICP_CHUNK][:2])
    if _GAMMA_CHUNK not in chunks:
        return None
    curve = Curve(100_000 / int.from_bytes(chunks[_GAMMA_CHUNK], "big"))
    space = _space_of(chunks[_PRIMARIES_CHUNK], curve) if _PRIMARIES_CHUNK in chunks else replace(SRGB, curve=curve)
    return None if space is None else _profile_unless_srgb((space.red, space.green, space.blue, space.white), curve)


def to_write(metadata: Metadata, *, grey: bool, chunks: bool) -> Metadata:
    """State the colours in the target's way.

    Parameters
    ----------
    metadata : Metadata
        The source's, or a part of it.
    grey : bool
        Whether one channel is to be written, beside which an ICC profile of RGB values cannot stand.
    chunks : bool
        Whether the target has PNG's colour chunks.

    Returns
    -------
    Metadata
        With a profile that was written here, and with PNG's chunks or none.
    """
    # ImageMagick copies a profile's names, copyright and maker to texts beside it.
    text = tuple((keyword, value) for keyword, value in metadata.text if not keyword.startswith("icc:"))
    found = replace(settled(metadata), text=text)
    by_name = dict(found.colour_chunks)
    if by_name and chunks:  # cICP is younger than many readers: a profile says the same to those
        icc = _profile_of_chunks(by_name) if _CICP_CHUNK in by_name and not grey else None
        return replace(found, icc=icc)
    return replace(found, icc=_profile_of(found, by_name), colour_chunks=())


def _profile_of(found: Metadata, chunks: Mapping[bytes, bytes]) -> bytes | None:
    used: Profile | None = cleaned(found.icc)
    if used is not None:
        return used.content
    if chunks:
        return _profile_of_chunks(chunks)
    return profile(ADOBE_RGB) if _exif_space(found.exif) == _EXIF_ADOBE else None


def _exif_space(exif: bytes | None) -> int | None:
    """Return what an EXIF block says of the colours: sRGB, Adobe RGB, or None.

    Choice: as programs that read it do (GIMP, darktable): 1 is sRGB and 2 Adobe RGB; otherwise the index of the
    interoperability directory counts, "R03" for Adobe RGB.
    """
    inner, interop = _colour_entries(exif)
    stated = inner.number(_COLOUR_SPACE, _EXIF_OTHER)
    if stated in (_EXIF_SRGB, _EXIF_ADOBE):
        return stated
    index = interop.entries.get(_INTEROP_INDEX)
    return _EXIF_ADOBE if index is not None and index.value[:3] == b"R03" else None


def _colour_entries(exif: bytes | None) -> tuple[Directory, Directory]:
    """Return the entries that say something of colours, in the EXIF and the interoperability directory."""
    inner = interop = Directory({}, "<")
    if exif:
        try:
            first = first_directory(exif, (EXIF_IFD,))
            inner = read_directory(exif, first.number(EXIF_IFD), first.order, (_COLOUR_SPACE, INTEROP_IFD))
            interop = read_directory(exif, inner.number(INTEROP_IFD), first.order, (_INTEROP_INDEX,))
        except Damaged:
            pass
    return inner, interop


def agreeing(exif: bytes | None, icc: bytes | None) -> bytes | None:
    """Change what an EXIF block says of the colours where the pixels are in another space.

    Parameters
    ----------
    exif : bytes or None
        The block.
    icc : bytes or None
        The profile beside it, as ``to_write`` returns it; None for sRGB.

    Returns
    -------
    bytes or None
        The block, as long as it was.
    """
    stated = _exif_space(exif)
    used = cleaned(icc)
    space = SRGB if used is None else used.space
    actual = _EXIF_SRGB if space is SRGB else _EXIF_ADOBE if space is ADOBE_RGB else _EXIF_OTHER
    if exif is None or stated is None or stated == actual:
        return exif
    inner, interop = _colour_entries(exif)
    changed = bytearray(exif)
    space_entry, index = inner.entries.get(_COLOUR_SPACE), interop.entries.get(_INTEROP_INDEX)
    if space_entry is not None and space_entry.type == SHORT:
        value = _EXIF_SRGB if actual == _EXIF_SRGB else _EXIF_OTHER
        struct.pack_into(inner.order + "H", changed, space_entry.offset, value)
    if index is not None and len(index.value) == 4:
        changed[index.offset : index.offset + 3] = b"R03" if actual == _EXIF_ADOBE else b"R98"
    return bytes(changed)
