"""WebP: files cut off behind their picture, and sizes that are stated wrongly."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.errors import PhotoError

from . import samples


def made(kind: str) -> bytes:
    if kind == "with metadata":
        return samples.with_everything("webp", samples.picture())
    if kind == "with alpha":
        image = Image.fromarray(samples.picture(63, 41))
        image.putalpha(Image.fromarray(samples.picture(63, 41, seed=1)[:, :, 0]))
        return samples.save(image, "webp", quality=80, exif=samples.exif_block())
    return samples.save(samples.picture(), "webp", lossless=kind == "lossless")


@pytest.mark.parametrize("kind", ["with metadata", "with alpha", "lossy", "lossless"])
def test_a_cut_costs_nothing_behind_the_picture_alone(kind: str) -> None:
    data = made(kind)
    whole, pixels_end = codecs.decode(data), data.find(b"EXIF") if b"EXIF" in data else len(data)
    for cut in range(12, len(data), 3):
        if cut < pixels_end - 1:  # the last chunk's padding may be lost
            with pytest.raises(PhotoError, match="damaged"):
                codecs.decode(data[:cut])
        elif cut >= pixels_end:
            photo = codecs.decode(data[:cut])
            assert np.array_equal(photo.pixels, whole.pixels)
            assert (photo.alpha is None) == (whole.alpha is None)
            assert photo.alpha is None or np.array_equal(photo.alpha, whole.alpha)
            assert photo.notes == ("the file is cut off, but all pixels are there",)


@pytest.mark.parametrize("off", [1, 2, 1000])
def test_a_size_stated_too_large_costs_nothing(off: int) -> None:
    data = made("with metadata")
    size = int.from_bytes(data[4:8], "little") + off
    photo = codecs.decode(data[:4] + size.to_bytes(4, "little") + data[8:])
    assert np.array_equal(photo.pixels, codecs.decode(data).pixels)
    assert photo.metadata == codecs.decode(data).metadata


def test_bytes_behind_the_container_are_not_read() -> None:
    data = made("with metadata")
    photo = codecs.decode(data + b"EXIF" + bytes(100))
    assert photo.notes == ()
    assert photo.metadata == codecs.decode(data).metadata


def test_an_animation_is_named_also_if_cut() -> None:
    data = samples.animated("webp")
    with pytest.raises(PhotoError, match="an animation: 3 frames"):
        codecs.decode(data)
    for cut in range(40, len(data), 7):
        with pytest.raises(PhotoError, match="damaged"):
            codecs.decode(data[:cut])
