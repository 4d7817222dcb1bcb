"""AVIF's and HEIC's container (ISO/IEC 14496-12 and 23008-12): what it says of the picture that is shown.

That is the primary item, with the tiles that it is put together of and its alpha channel, each by its own properties.
Thumbnails, gain maps, depth maps and whatever else rides along have properties of their own, which count for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..colours.colour import agreeing, profile_of_code_points
from ..colours.icc import icc_space
from ..contract import Damaged, Header, Refused, left_out
from ..metadata.exif import without_prefix
from .boxes import boxes
from .meta import Meta, read_meta
from .properties import Property, code_points_of, depth_of, profile_of, size_of
from .shown import Shown, is_step, shown_part


@dataclass(frozen=True, slots=True)
class Container:
    """What the boxes say of the picture.

    Attributes
    ----------
    size : (int, int)
        Width and height as stored, in pixels, before the crop.
    decoded_pixels : int
        Number of pixels that a decoder makes of it: of the picture, of all its tiles or of its alpha channel.
    frames : int
        Number of pictures that stand for themselves.
    moving : bool
        Whether there is an animation.
    depth : int
        Bits a channel.
    shown : Shown
        Which part is shown, and how it is turned.
    tiles_change : bool
        Whether tiles are cropped or turned themselves.
    tiles_shared : bool
        Whether a tile of the picture is one of its alpha channel, too.
    icc : bytes or None
        The colour profile: the file's own, or one that says what its numbers say; None for sRGB.
    exif, xmp : bytes or None
        The metadata that belongs to the picture; EXIF as a TIFF structure.
    types_at : tuple of int
        Where the metadata items' types stand.
    notes : tuple of str
        What rides along and is left out.
    """

    size: tuple[int, int]
    decoded_pixels: int
    frames: int
    moving: bool
    depth: int
    shown: Shown
    tiles_change: bool
    tiles_shared: bool
    icc: bytes | None
    exif: bytes | None
    xmp: bytes | None
    types_at: tuple[int, ...] = field(repr=False)
    notes: tuple[str, ...] = ()

    def header(self, name: str) -> Header:
        """Return the header of a photo; ``name`` is its codec's."""
        shown = self.shown
        return Header(
            name,
            shown.width,
            shown.height,
            self.frames,
            self.depth,
            orientation=shown.orientation,
            decoded_pixels=self.decoded_pixels,
            grouped_as="an animation" if self.moving else "a file of several pictures",
        )

    def without_metadata(self, data: bytes) -> bytes:
        """Return the file with its metadata hidden from a decoder: damaged metadata must not fail a photo."""
        hidden = bytearray(data)
        for at in self.types_at:
            hidden[at : at + 4] = b"free"
        return bytes(hidden)


def read_container(data: bytes) -> Container:
    """Read what the boxes say of the picture.

    Parameters
    ----------
    data : bytes
        The whole file; it is not trusted.

    Returns
    -------
    Container
        What they say.

    Raises
    ------
    Damaged
        If boxes are missing or broken, or bytes of the picture.
    Refused
        If there is no single still picture of a known kind, or its colours are HDR or unknown.
    """
    meta_at, moving, film = _top(data)
    if meta_at is None:
        if moving:
            raise Refused("a film without a still picture", "export its frames as single photos")
        raise Damaged("box meta is missing")
    meta = read_meta(data, *meta_at)
    meta.check()
    return _container(meta, moving, film)


def _top(data: bytes) -> tuple[tuple[int, int] | None, bool, bool]:
    """Return where the box meta stands, whether the pictures move, and whether a film of the scene rides along.

    What follows the box meta and is not a box is passed over: some programs append data of their own.
    """
    meta, moving, film, end = None, False, False, 0
    try:
        for kind, start, end in boxes(data, 0, len(data)):
            meta = meta or ((start, end) if kind == b"meta" else None)
            moving = moving or kind == b"moov"
            film = film or kind == b"mpvd"
    except Damaged:
        if meta is None or data[end + 4 : end + 8] in (b"mdat", b"moov"):
            raise
    return meta, moving, film


def _container(meta: Meta, moving: bool, film: bool) -> Container:
    own, parts = meta.properties.of(meta.primary), meta.properties.distinct(meta.parts)
    alphas = meta.properties.distinct(meta.alphas)
    size = size_of(own)
    if size is None:
        raise Damaged("the picture does not state its size (box ispe)")
    exif, icc = meta.described_by(b"Exif"), _colours(meta, (own, *parts))
    return Container(
        size,
        decoded_pixels=max(size[0] * size[1], meta.pixels((meta.primary, *meta.parts)), meta.pixels(meta.alphas)),
        frames=max(2 if moving else 1, 1 + meta.others()),
        moving=moving,
        depth=max(map(depth_of, (own, *parts, *alphas))) or 8,
        shown=shown_part(*size, (step for step in own if is_step(step[0]))),
        tiles_change=any(is_step(kind) for tile in parts for kind, _ in tile),
        tiles_shared=not set(meta.parts).isdisjoint(meta.alphas),
        icc=icc,
        exif=agreeing(_tag_block(exif), icc) if exif else None,
        xmp=meta.described_by(b"mime") or None,
        types_at=meta.metadata_types(),
        notes=left_out([*meta.along(), *(["film"] if film else [])]),
    )


def _colours(meta: Meta, owners: tuple[list[Property], ...]) -> bytes | None:
    """Return the profile that the picture states, or else its tiles, or else the coded pictures.

    Choice: a profile counts before numbers, which are then about the matrix between YCbCr and RGB alone, as in libavif
    and browsers. A coded picture's own numbers count where no box states any, as the AVIF specification says. EXIF's
    colour space never counts, as its orientation does not.
    """
    icc = next(filter(None, map(profile_of, owners)), None)
    if icc_space(icc) is not None:
        return icc
    stated = next(filter(None, map(code_points_of, owners)), None)
    if stated is None:
        sequence = meta.sequence(meta.parts[0] if meta.parts else meta.primary)
        stated = sequence.code_points if sequence else None
    return icc if stated is None else profile_of_code_points(*stated)


def _tag_block(exif: bytes) -> bytes | None:
    """Return the TIFF structure of an EXIF item, which starts with the offset of that structure."""
    return without_prefix(exif[4 + int.from_bytes(exif[:4], "big") :])
