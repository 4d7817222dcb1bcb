"""JPEG's markers (ITU-T T.81, annex B): where segments and entropy-coded data begin and end."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..contract import Damaged

DHT, SOI, EOI, SOS, DQT, DNL, DRI, COM = 0xC4, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xFE
APP0, APP1, APP2, APP13, APP14, APP15 = 0xE0, 0xE1, 0xE2, 0xED, 0xEE, 0xEF
FRAMES = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}  #: frame headers of every coding
_TABLES = frozenset({DHT, 0xCC, SOS, DQT, DNL, DRI, COM}) | FRAMES | set(range(APP0, APP15 + 1))
_MAX_SEGMENTS = 10_000  # a few dozen are usual; a hostile file could hold 100 million
_IN_SCAN = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")  # ends a scan: neither a stuffed byte nor a restart nor a fill byte


@dataclass(frozen=True, slots=True)
class Segment:
    """A marker and where its content lies.

    Attributes
    ----------
    marker : int
        The marker's second byte.
    start, end : int
        Of the content, without marker and length.
    """

    marker: int
    start: int
    end: int


def segments(data: bytes) -> Iterator[Segment]:
    """Find the segments of a picture, as libjpeg does: bytes between them that belong to none are passed over.

    Parameters
    ----------
    data : bytes
        The whole file.

    Yields
    ------
    Segment
        Each one up to and with the end of the picture (EOI), or up to the end of the file.

    Raises
    ------
    Damaged
        If a segment is cut off, or there are too many.
    """
    at = 2
    for _ in range(_MAX_SEGMENTS):
        at = data.find(b"\xff", at)
        while at >= 0 and data[at + 1 : at + 2] == b"\xff":
            at += 1
        if at < 0 or at + 4 > len(data):
            if at >= 0 and data[at : at + 2] == b"\xff\xd9":
                yield Segment(EOI, len(data), len(data))
            return
        marker = data[at + 1]
        if marker in (SOI, EOI):
            yield Segment(marker, at + 2, at + 2)
        if marker == EOI:
            return
        if marker not in _TABLES:
            at += 2
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        end = at + 2 + max(2, size)
        if end > len(data):
            raise Damaged(f"segment {marker:#04x} of {size} bytes runs past the end of the file")
        yield Segment(marker, at + 4, end)
        at = end_of_scan(data, end) if marker == SOS else end
    raise Damaged(f"more than {_MAX_SEGMENTS:,} segments")


def end_of_scan(data: bytes, at: int) -> int:
    """Find where a scan's entropy-coded data ends.

    Parameters
    ----------
    data : bytes
        The whole file.
    at : int
        Where the data begins.

    Returns
    -------
    int
        Where the next marker stands that is not a restart, or the file ends.
    """
    found = _IN_SCAN.search(data, at)
    return found.start() if found else len(data)
