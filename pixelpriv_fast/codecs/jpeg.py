"""JPEG: decoded by simplejpeg (the same pixels as Pillow's, in half the time), encoded by Pillow, metadata by hand."""

from __future__ import annotations

import contextlib
import io
import os
from typing import IO

import numpy as np

from ..types import Photo, Pixels
from .contract import Channels, Codec, Damaged, EncodeJob, Header, Refused
from .jpeg_file.metadata import with_metadata
from .jpeg_file.quality import estimate_quality
from .jpeg_file.segments import Frame, Segments, read_segments
from .jpeg_file.stream import read_stream
from .jpeg_file.whole import checked
from .metadata.exif import read_orientation
from .pillow_image import Planes, from_array, from_image, upright

_SAMPLINGS = {(1, 1): "444", (2, 1): "422", (2, 2): "420", (1, 2): "440", (4, 1): "411"}
_DCT_FRAMES = frozenset({0xC0, 0xC1, 0xC2, 0xC9, 0xCA})  # baseline, extended, progressive; Huffman and arithmetic
#: simplejpeg raises ``ValueError`` for errors and warnings of libjpeg alike, ``KeyError`` for a sampling it has no name for.
_NOT_STRICT = (ValueError, KeyError)
_UNNAMED = "Could not determine subsampling"  # nor has TurboJPEG below it; libjpeg decodes them
_CHANNELS: dict[int, Channels] = {1: "grey", 3: "rgb", 4: "cmyk"}


class Jpeg(Codec[Segments]):
    """JPEG; ``parse`` hands on the segments before the pixels."""

    name = "jpeg"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")
    has_alpha = False
    can_lossless = False
    can_lossy = True
    max_side = 65_500  # libjpeg's own limit

    def matches(self, data: bytes) -> bool:
        """Return whether the content starts with the format's magic bytes."""
        return data.startswith(b"\xff\xd8")

    def parse(self, data: bytes) -> tuple[Header, Segments]:
        """Read the segments before the first scan."""
        found = read_segments(data)
        return _header(found), found

    def decode(self, data: bytes, header: Header, parsed: Segments) -> Photo:
        """Decode strictly; what fails is mended, and decoded strictly again."""
        metadata = parsed.metadata()
        notes = parsed.left_out(data)
        try:
            planes = _decode_strictly(data, header, metadata.icc)
        except _NOT_STRICT as warning:
            planes, mended = _decode_mended(data, header, metadata.icc, warning)
            notes += mended
        return Photo(
            planes.pixels,
            self.name,
            metadata=planes.stated(metadata),
            quality=estimate_quality(parsed.tables[0]) if 0 in parsed.tables else None,
            grey=planes.grey,
            subsampling=_subsampling(parsed.frame),
            notes=notes,
        )

    def encode(self, job: EncodeJob) -> bytes:
        """Encode with Pillow and add the metadata segments."""
        # Choice: Pillow encodes although simplejpeg is at hand. Below quality 96 simplejpeg has only libjpeg's fast,
        # inexact transform: at 95 its squared error is 12 % larger in a file 4 % larger, in the same time.
        from PIL import Image

        with _room() as out:
            if job.grey:
                Image.fromarray(np.ascontiguousarray(job.pixels[:, :, 0])).save(out, "JPEG", quality=job.quality)
            else:
                sampling = ":".join(job.subsampling)
                Image.fromarray(job.pixels).save(out, "JPEG", quality=job.quality, subsampling=sampling)
            out.seek(0)
            return with_metadata(out.read(), job.metadata)

    def decode_plain(self, data: bytes) -> Pixels:
        """Decode with simplejpeg, as ``decode`` does; at 256x256 it takes half of ``decode``'s time."""
        import simplejpeg

        pixels: Pixels = simplejpeg.decode_jpeg(data, colorspace="RGB")
        return pixels


def _room() -> IO[bytes]:
    """Make a file in memory, of the system where it has such.

    Pillow lets other threads run while it encodes a JPEG into a file of the system, but not into one of Python's.
    """
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("photo"), "w+b")
    return io.BytesIO()


def _decode_mended(
    data: bytes, header: Header, icc: bytes | None, warning: Exception
) -> tuple[Planes, tuple[str, ...]]:
    """Decode the picture without what is not part of it; return also what to say of it.

    What libjpeg warns about may be metadata or stray bytes, so the stream is rebuilt from the picture's own segments. If
    that is not enough, every block is looked for. The result is decoded strictly once more, by Pillow only if the
    channels are sampled in a way that simplejpeg does not take.
    """
    stream = read_stream(data, header.height)
    note = () if _is_unnamed(warning) else (f"the file is not clean, but all pixels are there (libjpeg: {warning})",)
    with contextlib.suppress(*_NOT_STRICT):
        return _decode_strictly(stream.written(), header, icc), note
    if stream.arithmetic and not _is_unnamed(warning):  # it shows no more of missing pixels than libjpeg warns of
        raise Damaged(str(warning))
    try:
        whole = checked(stream)
    except Damaged as damage:
        raise Damaged(str(damage) if _is_unnamed(warning) else f"{damage}; libjpeg: {warning}") from None
    try:
        return _decode_strictly(whole.written(), header, icc), note
    except _NOT_STRICT as error:
        if not _is_unnamed(error):
            raise Damaged(str(error)) from None
    from PIL.JpegImagePlugin import JpegImageFile

    planes = from_image(JpegImageFile(io.BytesIO(whole.written())), header, icc)
    return planes, () if whole.scans == stream.scans else ("stray bytes behind its pixels are left out",)


def _is_unnamed(error: Exception) -> bool:
    """Return whether simplejpeg has no name for the channels' sampling."""
    return isinstance(error, KeyError) or _UNNAMED in str(error)


def _decode_strictly(data: bytes, header: Header, icc: bytes | None) -> Planes:
    """Decode the pixels, upright. simplejpeg makes libjpeg's warnings errors: damage is never passed on as a photo."""
    import simplejpeg

    height, width, *_ = simplejpeg.decode_jpeg_header(data)
    if (width, height) != (header.width, header.height):
        raise Damaged(f"the header says {header.width}x{header.height}, the decoder {width}x{height}")
    if header.channels == "cmyk":
        # Adobe's convention, which every four-channel JPEG in the wild follows: 255 means no ink.
        return from_array(255 - simplejpeg.decode_jpeg(data, colorspace="CMYK"), header, icc)
    if header.channels == "grey":
        return from_array(simplejpeg.decode_jpeg(data, colorspace="GRAY")[:, :, 0], header, icc)
    return Planes(upright(simplejpeg.decode_jpeg(data, colorspace="RGB"), header.orientation), None, False, icc)


def _header(found: Segments) -> Header:
    frame = found.frame
    if frame.marker not in _DCT_FRAMES:
        raise Refused(f"a lossless or hierarchical JPEG (frame {frame.marker:#04x})", "convert it to PNG")
    channels = _CHANNELS.get(len(frame.samplings))
    if channels is None:
        raise Refused(f"a JPEG of {len(frame.samplings)} channels", "convert it to RGB")
    count, grouped_as = found.pictures()
    orientation = read_orientation(found.exif)
    size = frame.width, frame.height
    return Header("jpeg", *size, count, frame.depth, channels, orientation=orientation, grouped_as=grouped_as)


def _subsampling(frame: Frame) -> str | None:
    if len(frame.samplings) != 3:
        return None
    (h, v), (hb, vb), (hr, vr) = frame.samplings
    if (hb, vb) != (hr, vr) or not hb or not vb or h % hb or v % vb:
        return None
    return _SAMPLINGS.get((h // hb, v // vb))
