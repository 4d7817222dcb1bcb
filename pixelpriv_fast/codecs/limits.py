"""Bounds of a photo, checked before memory is spent on its pixels."""

from __future__ import annotations

from dataclasses import dataclass

from .contract import Header, Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one photo.

    Attributes
    ----------
    max_pixels : int
        Width x height.
    max_bytes : int
        Size of the file.
    max_frames : int
        Pictures of an animation or a file of several pages.
    """

    max_pixels: int = 100_000_000
    max_bytes: int = 512_000_000
    max_frames: int = 1


def refuse_bytes(size: int, limits: Limits) -> None:
    """Refuse a file of no or too many bytes.

    Parameters
    ----------
    size : int
        The file's, in bytes.
    limits : Limits
        The bounds.

    Raises
    ------
    Refused
        With the size and the bound.
    """
    if size == 0:
        raise Refused("the file is empty (0 bytes)", "restore it from a copy or leave it out")
    if size > limits.max_bytes:
        raise Refused(f"{size:,} bytes exceed the limit of {limits.max_bytes:,}", "raise max_bytes (--max-bytes)")


def refuse_header(header: Header, limits: Limits) -> None:
    """Refuse what may not or cannot be decoded faithfully, judged by the header alone.

    Parameters
    ----------
    header : Header
        What the file says of itself.
    limits : Limits
        The bounds.

    Raises
    ------
    Refused
        With what was seen and the bound.
    """
    width, height = header.width, header.height
    if width < 1 or height < 1:
        raise Refused(f"a size of {width}x{height} holds no pixels", "restore the file from a copy or leave it out")
    pixels = header.pixel_count
    if pixels > limits.max_pixels:
        seen = f"{width}x{height} = {width * height:,} pixels exceed the limit of {limits.max_pixels:,}"
        if pixels > width * height:
            seen = f"{pixels:,} pixels, of which {width}x{height} are shown, exceed the limit of {limits.max_pixels:,}"
        raise Refused(seen, "raise max_pixels (--max-pixels) or shrink the photo")
    if header.frames > limits.max_frames:
        seen = f"{header.frames} frames exceed the limit of {limits.max_frames}"
        raise Refused(f"{header.grouped_as}: {seen}", "export the frames as single photos")
    if header.frames > 1:
        # A Photo is one picture. Writing the first frame alone would lose the others without a word.
        seen = f"{header.grouped_as}: {header.frames} frames; only single pictures are protected"
        raise Refused(seen, "export the frames as single photos")
    if header.depth > 8:
        seen = f"{header.depth} bits a channel would be cut to 8"
        raise Refused(seen, "convert the photo to 8 bits a channel first (16-bit photos are not supported yet)")
