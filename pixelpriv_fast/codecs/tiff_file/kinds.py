"""What a TIFF's pixels hold: which kinds are read, and how the others are called."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract import Channels, Damaged, Refused
from ..metadata.tag_directories import Directory
from .strips import UNPACKERS
from .tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    EXTRA,
    HEIGHT,
    INK_SET,
    PHOTOMETRIC,
    PREDICTOR,
    SAMPLE_FORMAT,
    TILE_HEIGHT,
    TILE_WIDTH,
    WIDTH,
)

_ASSOCIATED, _UNASSOCIATED, _COREL = 1, 2, 999  # the last is what Corel Draw writes for transparency
_TO_RGB = "convert the photo to 8-bit RGB first"


@dataclass(frozen=True, slots=True)
class _Kind:
    """One photometric kind: its name, its colours' number, the bits that are read, what an extra channel may be."""

    channels: Channels
    name: str
    colours: int
    bits: frozenset[int]
    alpha: frozenset[int]


_FEW, _EIGHT = frozenset({1, 2, 4, 8}), frozenset({8})
_GREY = _Kind("grey", "grey", 1, _FEW, frozenset({_ASSOCIATED, _UNASSOCIATED}))
#: Photometric number -> kind. Ink values have no use for transparency.
_KINDS = {
    0: _GREY,
    1: _GREY,
    2: _Kind("rgb", "RGB", 3, _EIGHT, frozenset({_ASSOCIATED, _UNASSOCIATED, _COREL})),
    3: _Kind("palette", "palette", 1, _FEW, frozenset({_UNASSOCIATED})),
    5: _Kind("cmyk", "CMYK", 4, _EIGHT, frozenset()),
}
_OTHER_KINDS = {
    4: "a transparency mask",
    6: "YCbCr colours",
    8: "CIE L*a*b* colours",
    9: "ICC L*a*b* colours",
    10: "ITU L*a*b* colours",
    32803: "a sensor's own values",
    32844: "logarithmic luminance",
    32845: "logarithmic colours",
    34892: "a sensor's linear values",
}
_OTHER_CODINGS = {
    2: "CCITT run lengths",
    3: "fax group 3",
    4: "fax group 4",
    6: "JPEG of the old kind",
    7: "JPEG",
    34712: "JPEG 2000",
    34887: "LERC",
    34925: "LZMA",
    50000: "Zstandard",
    50001: "WebP",
    50002: "JPEG XL",
    52546: "JPEG XL",
}


def channels_of(first: Directory) -> tuple[Channels, bool]:
    """Tell what the pixels hold.

    Parameters
    ----------
    first : Directory
        The file's first directory.

    Returns
    -------
    channels : {"grey", "rgb", "palette", "cmyk"}
        The colours.
    alpha : bool
        Whether there is an alpha channel.

    Raises
    ------
    Refused
        If they are of a kind that is not read, or not without loss.
    Damaged
        If tags contradict one another.
    """
    number = first.number(PHOTOMETRIC, -1)
    kind = _KINDS.get(number)
    if kind is None:
        name = _OTHER_KINDS.get(number, "pixels")
        raise Refused(f"{name} of photometric kind {number}", _TO_RGB)
    if number == 5 and first.number(INK_SET, 1) != 1:
        raise Refused("inks other than CMYK", "convert the photo to RGB in a colour-managed program")
    _check_coding(first)
    bits = set(first.integers(BITS)[: first.number(CHANNELS, 1)]) or {1}  # some writers list too many
    allowed = kind.bits if first.number(CHANNELS, 1) == 1 else _EIGHT
    if max(bits) <= 8 and not bits <= allowed:  # more than 8 are refused by their number
        seen = " and ".join(map(str, sorted(bits)))
        raise Refused(f"{kind.name} values of {seen} bits", _TO_RGB)
    return kind.channels, _has_alpha(first, kind)


def _has_alpha(first: Directory, kind: _Kind) -> bool:
    """Return whether there is an alpha channel; refuse channels that mean something else, or may do so.

    Choice: an extra channel that is declared as "unspecified" is refused: some programs show it as transparency, others
    keep selections in it. One that is not declared at all is alpha beside RGB, as OpenCV writes it and viewers show it.
    """
    channels, declared = first.number(CHANNELS, 1), first.integers(EXTRA)
    extra = channels - kind.colours
    if extra < 0:
        raise Damaged(f"{kind.name} pixels of {channels} channels")
    if extra == 0 and not declared:
        return False
    if extra != 1 or len(declared) > 1 or not kind.alpha:
        seen = f"pixels of {channels:,} channels: {kind.name} and {extra:,} more"
        raise Refused(seen, "save it flattened, as 8-bit RGB without further channels")
    if not kind.alpha.issuperset(declared) or (not declared and kind.colours == 1):
        seen = f"a channel of unspecified meaning beside {kind.name}"
        raise Refused(seen, "save it without that channel, or with it as transparency")
    return True


def _check_coding(first: Directory) -> None:
    coding, predictor = first.number(COMPRESSION, 1), first.number(PREDICTOR, 1)
    fix = "save it with deflate, LZW or no compression"
    if coding not in UNPACKERS:
        name = f" ({_OTHER_CODINGS[coding]})" if coding in _OTHER_CODINGS else ""
        raise Refused(f"compression {coding} is not supported{name}", fix)
    if predictor > 2 or (predictor == 2 and set(first.integers(BITS)) - {8, 16}):
        raise Refused("differences of other than 8-bit values", fix)
    if any(kind != 1 for kind in first.integers(SAMPLE_FORMAT)):
        raise Refused("signed or floating-point values", _TO_RGB)
    width, height = first.number(WIDTH), first.number(HEIGHT)
    tile = first.number(TILE_WIDTH) * first.number(TILE_HEIGHT)
    if tile > 4 * max(width, 1024) * max(height, 1024):  # whole tiles are unpacked
        raise Damaged(f"tiles of {tile:,} pixels in a picture of {width}x{height}")
