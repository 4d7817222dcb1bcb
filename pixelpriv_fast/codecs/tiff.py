"""TIFF of one page. Unpacking and writing are done here; Pillow turns plain values into pixels."""

from __future__ import annotations

import io
import zlib

import numpy as np

from ..types import Photo
from .contract import Codec, EncodeJob, Header, Refused
from .metadata.exif import orientation_of
from .metadata.tag_directories import Directory, byte_order, first_directory, read_directory
from .metadata.tag_writing import directory_bytes, file_header, longs, shorts
from .pillow_image import Plane, from_image, stacked
from .tiff_file.kinds import channels_of
from .tiff_file.strips import unpacked
from .tiff_file.tags import (
    BITS,
    CHANNELS,
    COMPRESSION,
    DNG_VERSION,
    EXTRA,
    HEIGHT,
    PHOTOMETRIC,
    PLANAR,
    PREDICTOR,
    ROWS,
    STRIP_BYTES,
    STRIPS,
    SUBFILE,
    WIDTH,
    metadata_tags,
    read_tags,
)

_MAX_PAGES = 1000
_STRIP_GOAL = 1024 * 1024  # bytes; large enough for zlib, small enough for readers with little memory


class Tiff(Codec[Directory]):
    """TIFF; ``parse`` hands on the first directory."""

    name = "tiff"
    suffixes = (".tif", ".tiff")
    has_alpha = True
    can_lossless = True
    can_lossy = False
    max_side = 2**31 - 1

    def matches(self, data: bytes) -> bool:
        """Return whether the content starts with the format's magic bytes."""
        return data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

    def parse(self, data: bytes) -> tuple[Header, Directory]:
        """Read the first directory and count the pages."""
        if data[2:4] in (b"+\0", b"\0+"):
            raise Refused("a BigTIFF (64-bit offsets)", "save it as a plain TIFF")
        first = first_directory(data)
        if DNG_VERSION in first.entries or data[8:10] == b"CR" or first.number(SUBFILE) & 1:
            raise Refused("a camera raw file or a lone preview", "develop it to JPEG or TIFF")
        channels, alpha = channels_of(first)
        header = Header(
            "tiff",
            first.number(WIDTH),
            first.number(HEIGHT),
            _count_pages(data, first),
            max(8, *first.integers(BITS), 8),
            channels,
            alpha,
            orientation_of(first),
            lossless=True,
        )
        return header, first

    def decode(self, data: bytes, header: Header, parsed: Directory) -> Photo:
        """Unpack the strips or tiles; Pillow turns plain values into pixels."""
        from PIL.TiffImagePlugin import TiffImageFile

        metadata = read_tags(data, parsed)
        try:
            image = TiffImageFile(io.BytesIO(unpacked(data, parsed)))
        except SyntaxError as error:  # its tags do not say how the values that were unpacked here are to be read
            raise Refused(f"a TIFF of a rare kind ({error})", "convert the photo to 8-bit RGB first") from error
        planes = from_image(image, header, metadata.icc)
        metadata = planes.stated(metadata)
        return Photo(planes.pixels, self.name, planes.alpha, metadata, lossless=True, grey=planes.grey)

    def encode(self, job: EncodeJob) -> bytes:
        """Write one page in deflated strips."""
        picture = stacked(job)
        height, width, channels = picture.shape
        order = byte_order(job.metadata.exif) if job.metadata.exif else "<"  # tags are carried as they are
        rows = max(1, min(height, _STRIP_GOAL // (width * channels)))
        strips = [_deflate(picture[top : top + rows]) for top in range(0, height, rows)]
        sizes = [len(strip) for strip in strips]
        starts = [8, *(8 + int(end) for end in np.cumsum(sizes))]
        tree = metadata_tags(job.metadata, order) | {
            WIDTH: longs(order, width),
            HEIGHT: longs(order, height),
            BITS: shorts(order, *[8] * channels),
            COMPRESSION: shorts(order, 8),
            PHOTOMETRIC: shorts(order, 1 if channels < 3 else 2),
            STRIPS: longs(order, *starts[:-1]),
            CHANNELS: shorts(order, channels),
            ROWS: longs(order, rows),
            STRIP_BYTES: longs(order, *sizes),
            PLANAR: shorts(order, 1),
            PREDICTOR: shorts(order, 2),
        }
        if job.alpha is not None:
            tree[EXTRA] = shorts(order, 2)  # unassociated
        at = starts[-1] + starts[-1] % 2
        return b"".join([file_header(order, at), *strips, bytes(at - starts[-1]), directory_bytes(tree, order, at)])


def _deflate(rows: Plane) -> bytes:
    """Pack one strip: horizontal differences (predictor 2), then zlib as in ``png``."""
    filtered = rows.copy()
    np.subtract(rows[:, 1:], rows[:, :-1], out=filtered[:, 1:])
    engine = zlib.compressobj(1, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    return engine.compress(filtered.data) + engine.flush()


def _count_pages(data: bytes, first: Directory) -> int:
    """Count pictures of full size; reduced copies and masks do not count. A chain that loops ends where it began again."""
    pages, following, seen = 1, first.next, set[int]()
    while following and following not in seen and len(seen) < _MAX_PAGES:
        seen.add(following)
        directory = read_directory(data, following, first.order, only=(SUBFILE,))
        pages += not directory.number(SUBFILE) & (1 | 4)
        following = directory.next
    return pages
