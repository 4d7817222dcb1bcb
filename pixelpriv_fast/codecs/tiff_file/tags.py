"""TIFF's tags: which describe pixels, and how metadata is read from and written among them."""

from __future__ import annotations

import struct
from dataclasses import replace

from ...types import Metadata
from ..metadata import iptc
from ..metadata.exif import read, read_below
from ..metadata.photoshop import iptc_of
from ..metadata.tag_directories import LONG, RATIONAL, UNDEFINED, Directory, TagValue, Tree
from ..metadata.tag_writing import block, shorts

SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC = 0x00FE, 0x0100, 0x0101, 0x0102, 0x0103, 0x0106
STRIPS, CHANNELS, ROWS, STRIP_BYTES, X_RESOLUTION, Y_RESOLUTION = 0x0111, 0x0115, 0x0116, 0x0117, 0x011A, 0x011B
PLANAR, UNIT, PREDICTOR = 0x011C, 0x0128, 0x013D
TILE_WIDTH, TILE_HEIGHT, TILES, TILE_BYTES = 0x0142, 0x0143, 0x0144, 0x0145
INK_SET, EXTRA, SAMPLE_FORMAT = 0x014C, 0x0152, 0x0153
_XMP, _IPTC, _PHOTOSHOP, _ICC, _SUB_IFDS, DNG_VERSION = 0x02BC, 0x83BB, 0x8649, 0x8773, 0x014A, 0xC612
_LAYERS = 0x935C  # Photoshop's, which show the photo as it was

#: What a decoder needs to see of plain values, as lone numbers (0x010A: fill order) or as lists
#: (0x0140: colour map).
NUMBERS = frozenset({WIDTH, HEIGHT, PHOTOMETRIC, CHANNELS, ROWS, PLANAR, TILE_WIDTH, TILE_HEIGHT, 0x010A, INK_SET})
LISTS = frozenset({BITS, EXTRA, SAMPLE_FORMAT, 0x0140})
#: Tags of the container, meaningless in an EXIF block.
_NOT_EXIF = (
    NUMBERS
    | LISTS
    | {COMPRESSION, PREDICTOR, STRIPS, STRIP_BYTES, TILES, TILE_BYTES, SUBFILE, 0x00FF, 0x015B, 0x0212}
    | {_XMP, _IPTC, _PHOTOSHOP, _ICC, _SUB_IFDS, _LAYERS}
)
_CENTIMETRES = 3


def read_tags(data: bytes, first: Directory) -> Metadata:
    """Read what a TIFF file's first directory says besides the pixels.

    Parameters
    ----------
    data : bytes
        The whole file.
    first : Directory
        Its first directory.

    Returns
    -------
    Metadata
        Its blocks; the tags that EXIF knows become a block.
    """
    kept = {tag: entry for tag, entry in first.entries.items() if tag not in _NOT_EXIF}
    tree = replace(read_below(data, first), first=replace(first, entries=kept)).tree()
    scale = 2.54 if first.number(UNIT, 2) == _CENTIMETRES else 1.0
    x, y = first.rational(X_RESOLUTION) * scale, first.rational(Y_RESOLUTION) * scale
    icc, xmp = (first.entries[tag].value if tag in first.entries else None for tag in (_ICC, _XMP))
    return Metadata(icc, block(tree, first.order) if tree else None, xmp, _iptc(first), (x, y) if x and y else None)


def _iptc(first: Directory) -> bytes | None:
    """Return the IPTC records: of their own tag, else of Photoshop's."""
    entry, resources = first.entries.get(_IPTC), first.entries.get(_PHOTOSHOP)
    if entry is None:
        return iptc_of(resources.value) if resources is not None else None
    records = entry.value
    if entry.type == LONG and records[:1] != iptc.MARK and records[3:4] == iptc.MARK:  # swapped as numbers are
        records = b"".join(records[at : at + 4][::-1] for at in range(0, len(records), 4))
    return records or None


def metadata_tags(metadata: Metadata, order: str) -> dict[int, TagValue | Tree]:
    """Make the tags to write beside the pixels'; an EXIF block's directories become the file's own.

    Parameters
    ----------
    metadata : Metadata
        What to write.
    order : str
        The file's byte order, "<" or ">"; an EXIF block must be in it too.

    Returns
    -------
    dict
        Tag -> value or inner directory.
    """
    tags: dict[int, TagValue | Tree] = {}
    if metadata.exif:
        tags |= {tag: node for tag, node in read(metadata.exif).tree().items() if tag not in _NOT_EXIF}
    if metadata.dpi:
        x, y = (struct.pack(order + "II", max(1, min(round(value * 1000), 2**32 - 1)), 1000) for value in metadata.dpi)
        tags |= {X_RESOLUTION: TagValue(RATIONAL, x), Y_RESOLUTION: TagValue(RATIONAL, y), UNIT: shorts(order, 2)}
    for tag, content in ((_XMP, metadata.xmp), (_IPTC, metadata.iptc), (_ICC, metadata.icc)):
        if content:
            tags[tag] = TagValue(UNDEFINED if tag != _XMP else 1, content)
    return tags
