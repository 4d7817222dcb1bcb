"""A JPEG stream rebuilt from what the picture needs, for files whose strict decoding fails.

Kept are the frame, its tables, the two segments that decide the colour space (JFIF's and Adobe's) and the scans. Junk
between segments, metadata of any kind, and whatever stands behind a complete picture are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ..contract import Damaged, Refused
from .markers import APP0, APP14, DHT, DQT, DRI, EOI, FRAMES, SOI, SOS, Segment, end_of_scan, segments

_COLOUR_MARKS = {APP0: b"JFIF\0", APP14: b"Adobe"}
_PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
_ARITHMETIC = frozenset(range(0xC9, 0xD0)) - {0xCC}
MAX_STRAY = 4096  #: bytes between the pixels and the end mark that may be stray; beyond, more than that went wrong
_MAX_SCANS = 100  # libjpeg's own script has 10; each one costs a visit of every block


@dataclass(frozen=True, slots=True)
class Component:
    """One channel (JPEG calls it a component), as the frame header describes it.

    Attributes
    ----------
    across, down : int
        Its sampling: blocks of 8x8 in a unit of the picture.
    """

    across: int
    down: int


@dataclass(frozen=True, slots=True)
class Scan:
    """One scan and what its decoding depends on.

    Attributes
    ----------
    head : bytes
        The content of its SOS segment.
    channels : tuple of (int, int, int)
        Number of the channel in the frame, and its tables for DC and AC values.
    first, last, above, shift : int
        Which coefficients it codes (0 to 63), and between which bit positions it refines them.
    tables : mapping
        (class, number) -> Huffman table as it stands in the file, lengths before symbols.
    restart : int
        Units between two restart markers; 0 for none.
    data : bytes
        The entropy-coded data.
    before : bytes
        The table segments between the scan before and this one.
    """

    head: bytes
    channels: tuple[tuple[int, int, int], ...]
    first: int
    last: int
    above: int
    shift: int
    tables: dict[tuple[int, int], bytes]
    restart: int
    data: bytes
    before: bytes


@dataclass(frozen=True, slots=True)
class JpegStream:
    """A picture taken apart.

    Attributes
    ----------
    marker : int
        The frame's coding.
    width, height : int
        Size in pixels.
    channels : tuple of Component
        In the frame's order.
    frame : bytes
        The frame header's content.
    scans : tuple of Scan
        In the file's order.
    closed : bool
        Whether the picture's end mark (EOI) stands behind the last scan, or not far from there.
    """

    marker: int
    width: int
    height: int
    channels: tuple[Component, ...]
    frame: bytes
    scans: tuple[Scan, ...]
    closed: bool

    @property
    def progressive(self) -> bool:
        """Whether coefficients arrive in several scans."""
        return self.marker in _PROGRESSIVE

    @property
    def arithmetic(self) -> bool:
        """Whether the coding is arithmetic; else it is Huffman's."""
        return self.marker in _ARITHMETIC

    def changed(self, scans: tuple[Scan, ...]) -> JpegStream:
        """Return the picture with other scans."""
        return replace(self, scans=scans)

    def written(self) -> bytes:
        """Return the whole file. The frame header stands behind the first tables and before the first scan."""
        parts = [b"\xff\xd8"]
        for number, scan in enumerate(self.scans):
            parts.append(scan.before)
            if number == 0:
                parts.append(segment(self.marker, self.frame))
            parts += [segment(SOS, scan.head), scan.data]
        return b"".join([*parts, b"\xff\xd9"])


def segment(marker: int, content: bytes) -> bytes:
    """Write one segment.

    Parameters
    ----------
    marker : int
        The marker's second byte.
    content : bytes
        At most 65,533 bytes.

    Returns
    -------
    bytes
        Marker, length and content.
    """
    return bytes((0xFF, marker)) + (len(content) + 2).to_bytes(2, "big") + content


def read_stream(data: bytes, height: int) -> JpegStream:
    """Take a file apart.

    Parameters
    ----------
    data : bytes
        The whole file.
    height : int
        The picture's, in pixels, which may stand behind the first scan.

    Returns
    -------
    JpegStream
        What the picture needs; every coefficient has its scan.

    Raises
    ------
    Damaged
        If the file ends before the picture does, or parts of it are missing.
    Refused
        If the picture has too many scans.
    """
    reader = _Reader(data, height)
    for found in segments(data):
        if reader.take(found):
            break
    return reader.stream()


@dataclass(slots=True)
class _Reader:
    data: bytes
    height: int
    marker: int = 0
    frame: bytes = b""
    before: list[bytes] = field(default_factory=list)
    tables: dict[tuple[int, int], bytes] = field(default_factory=dict)
    restart: int = 0
    scans: list[Scan] = field(default_factory=list)
    missing: dict[int, int] = field(default_factory=dict)  # channel -> bit mask of the coefficients yet to come
    behind: int = 0  # where the last scan's data ends

    def take(self, found: Segment) -> bool:
        """Take a segment; return whether the picture is complete."""
        marker, content = found.marker, self.data[found.start : found.end]
        if marker in FRAMES:
            self._take_frame(marker, content)
        elif marker in (DQT, DHT, DRI) or (marker in _COLOUR_MARKS and content.startswith(_COLOUR_MARKS[marker])):
            self.before.append(segment(marker, content))
            self._note_tables(marker, content)
        elif marker == SOS:
            self._take_scan(content, found.end)
        another_begins = marker == SOI and bool(self.scans)
        return marker == EOI or another_begins or (bool(self.scans) and not any(self.missing.values()))

    def stream(self) -> JpegStream:
        """Return what was found."""
        if not self.scans:
            raise Damaged("the file ends before the pixels")
        if any(self.missing.values()):
            raise Damaged(f"the picture ends after {len(self.scans)} of its scans, and more belong to it")
        if self.behind == len(self.data) and self.marker in _ARITHMETIC:  # its decoder takes missing data for zeros
            raise Damaged("the file ends within its arithmetic-coded pixels")
        width = int.from_bytes(self.frame[3:5], "big")
        channels = tuple(Component(f >> 4, f & 15) for f in self.frame[7::3])
        closed = self.data.find(b"\xff\xd9", self.behind, self.behind + MAX_STRAY) >= 0
        return JpegStream(self.marker, width, self.height, channels, self.frame, tuple(self.scans), closed)

    def _take_frame(self, marker: int, content: bytes) -> None:
        if self.frame or len(content) < 6 or len(content) < 6 + 3 * content[5]:
            raise Damaged("the frame header stands twice or is cut off")
        self.marker = marker
        self.frame = content[:1] + self.height.to_bytes(2, "big") + content[3 : 6 + 3 * content[5]]
        self.missing = dict.fromkeys(range(content[5]), (1 << 64) - 1)

    def _note_tables(self, marker: int, content: bytes) -> None:
        if marker == DRI and len(content) >= 2:
            self.restart = int.from_bytes(content[:2], "big")
        at = 0
        while marker == DHT and at + 17 <= len(content):
            end = at + 17 + sum(content[at + 1 : at + 17])
            self.tables[content[at] >> 4, content[at] & 15] = content[at + 1 : end]
            at = end

    def _take_scan(self, head: bytes, start: int) -> None:
        if not self.frame:
            raise Damaged("no frame header before the pixels")
        if len(self.scans) == _MAX_SCANS:
            raise Refused(f"a JPEG of more than {_MAX_SCANS} scans", "save it again with: jpegtran OLD > NEW")
        count = head[0] if head else 0
        if not 1 <= count <= 4 or len(head) < 4 + 2 * count:
            raise Damaged("the head of a scan is cut off")
        identifiers = list(self.frame[6::3])
        names, numbers = head[1 : 1 + 2 * count : 2], head[2 : 2 + 2 * count : 2]
        if not set(names) <= set(identifiers) or len(set(names)) < count:
            raise Damaged("a scan is of channels that the frame does not have")
        channels = tuple((identifiers.index(c), t >> 4, t & 15) for c, t in zip(names, numbers, strict=True))
        first, last, bits = head[1 + 2 * count : 4 + 2 * count]
        above, shift = bits >> 4, bits & 15
        if self.marker not in _PROGRESSIVE:
            first, last, above, shift = 0, 63, 0, 0
        self.behind = end = end_of_scan(self.data, start)
        scan = Scan(
            head[: 4 + 2 * count],
            channels,
            first,
            last,
            above,
            shift,
            dict(self.tables),
            self.restart,
            self.data[start:end],
            b"".join(self.before),
        )
        self.scans.append(scan)
        self.before.clear()
        if shift == 0 and first <= last <= 63:
            for channel, _, _ in channels:
                self.missing[channel] &= ~((1 << (last + 1)) - (1 << first))
