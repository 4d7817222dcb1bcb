"""AVIF, 8 bits, 4:4:4: Pillow (libavif)."""

from __future__ import annotations

import io

from ..types import Metadata, Photo
from .contract import Codec, Damaged, EncodeJob, Header, Refused
from .isobmff.boxes import brands
from .isobmff.container import Container, read_container
from .pillow_image import split, to_image

#: One thread, because the bytes depend on the number of threads (measured: 262,990 and 263,008), and speed 8, because
#: it is 3.5 times as fast as the default 6 for 2 % more bytes.
_SPEED, _THREADS = 8, 1
#: libavif's words for boxes that it does not take, though all of the picture's bytes are there.
_NOT_TAKEN = ("BMFF parsing failed", "Missing or empty image item")
_WAY_OUT = "convert it to PNG or JPEG with another program"


class Avif(Codec[Container]):
    """AVIF; ``parse`` hands on what the boxes say."""

    name = "avif"
    suffixes = (".avif",)
    has_alpha = True
    can_lossless = False
    can_lossy = True
    max_side = 65_536

    def matches(self, data: bytes) -> bool:
        """Return whether the content starts with the format's magic bytes."""
        return not brands(data).isdisjoint({b"avif", b"avis"})

    def parse(self, data: bytes) -> tuple[Header, Container]:
        """Read the boxes around the picture."""
        found = read_container(data)
        if found.tiles_change:  # libavif would show them whole and unturned
            raise Refused("an AVIF whose tiles are cropped or turned themselves", _WAY_OUT)
        if found.tiles_shared:  # libavif says "not implemented"
            raise Refused("an AVIF whose picture and alpha channel share a tile", _WAY_OUT)
        return found.header(self.name), found

    def decode(self, data: bytes, header: Header, parsed: Container) -> Photo:
        """Decode with libavif, which leaves crops and turns to its callers."""
        from PIL.AvifImagePlugin import AvifImageFile

        try:
            image = AvifImageFile(io.BytesIO(parsed.without_metadata(data)))
        except (SyntaxError, RuntimeError) as error:
            if any(words in str(error) for words in _NOT_TAKEN):
                raise Refused(f"an AVIF that libavif, the decoder, does not take ({error})", _WAY_OUT) from error
            raise
        if image.size != parsed.size:
            raise Damaged(f"the header says {parsed.size}, the decoder {image.size}")
        image.load()
        # Boxes alone say how an AVIF is turned, never EXIF.
        shown = image if parsed.shown.box == (0, 0, *parsed.size) else image.crop(parsed.shown.box)
        planes = split(shown, header.orientation, parsed.icc)
        metadata = planes.stated(Metadata(parsed.icc, parsed.exif, parsed.xmp))
        return Photo(planes.pixels, self.name, planes.alpha, metadata, grey=planes.grey, notes=parsed.notes)

    def encode(self, job: EncodeJob) -> bytes:
        """Encode with libavif, on one thread."""
        blocks = {"icc_profile": job.metadata.icc, "exif": job.metadata.exif, "xmp": job.metadata.xmp}
        sampling = ":".join(job.subsampling)
        out = io.BytesIO()
        to_image(job).save(
            out,
            "AVIF",
            quality=job.quality,
            subsampling=sampling,
            speed=_SPEED,
            max_threads=_THREADS,
            **{name: block or b"" for name, block in blocks.items()},
        )
        return out.getvalue()
