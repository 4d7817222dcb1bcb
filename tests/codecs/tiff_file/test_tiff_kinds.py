"""Which kinds of TIFF pixels are read, how others are called, and where IPTC may stand. Files are written tag by tag."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.errors import PhotoError

from .. import samples

_TYPES = {1: "B", 3: "H", 4: "I", 7: "B"}


def tiff(
    pixels: np.ndarray[Any, Any], photometric: int, extra: list[int] | None = None, order: str = "<", **tags: Any
) -> bytes:
    """One strip of plain 8-bit values; ``tags`` are named ``t<number>`` and hold (type, values), or None for no tag."""
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1
    entries: dict[int, Any] = {256: (4, [width]), 257: (4, [height]), 258: (3, [8] * channels), 259: (3, [1])}
    entries |= {262: (3, [photometric]), 273: (4, [8]), 277: (3, [channels]), 278: (4, [height])}
    entries |= {279: (4, [pixels.nbytes])} | ({338: (3, extra)} if extra is not None else {})
    entries |= {int(name[1:]): value for name, value in tags.items()}
    listed = {tag: value for tag, value in sorted(entries.items()) if value is not None}
    at = 8 + pixels.nbytes + pixels.nbytes % 2
    tail_at = at + 2 + 12 * len(listed) + 4
    rows, tail = struct.pack(order + "H", len(listed)), b""
    for tag, (kind, values) in listed.items():
        content = struct.pack(f"{order}{len(values)}{_TYPES[kind]}", *values)
        rows += struct.pack(order + "HHI", tag, kind, len(values))
        if len(content) <= 4:
            rows += content.ljust(4, b"\0")
        else:
            rows += struct.pack(order + "I", tail_at + len(tail))
            tail += content + bytes(len(content) % 2)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return head + pixels.tobytes() + bytes(pixels.nbytes % 2) + rows + bytes(4) + tail


PICTURE = samples.picture()
ALPHA = np.maximum(samples.picture(seed=1)[:, :, 0], 40)


def refusal(data: bytes) -> str:
    with pytest.raises(PhotoError) as caught:
        codecs.decode(data)
    return str(caught.value)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("extra", [[1], [2]])
def test_transparency(grey: bool, extra: list[int]) -> None:
    """Associated (1) means that colours were multiplied by it; a photo's are not."""
    colours = PICTURE[:, :, :1] if grey else PICTURE
    stored = np.round(colours * (ALPHA[:, :, None] / 255)).astype(np.uint8) if extra == [1] else colours
    photo = codecs.decode(tiff(np.dstack([stored, ALPHA]), 1 if grey else 2, extra))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, ALPHA)
    assert np.abs(photo.pixels.astype(int) - colours).max() <= (4 if extra == [1] else 0)
    assert photo.grey == grey
    assert codecs.peek(tiff(np.dstack([stored, ALPHA]), 1 if grey else 2, extra)).alpha


def test_an_undeclared_channel_beside_rgb_is_transparency() -> None:
    photo = codecs.decode(tiff(np.dstack([PICTURE, ALPHA]), 2))
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, ALPHA)


@pytest.mark.parametrize(
    ("extras", "photometric", "colours", "declared", "words"),
    [
        (1, 2, 3, [0], "a channel of unspecified meaning beside RGB; save it without that channel"),
        (1, 1, 1, [0], "a channel of unspecified meaning beside grey"),
        (1, 1, 1, None, "a channel of unspecified meaning beside grey"),
        (1, 2, 3, [7], "a channel of unspecified meaning beside RGB"),
        (2, 2, 3, [2, 0], "pixels of 5 channels: RGB and 2 more; save it flattened"),
        (2, 2, 3, [0, 0], "pixels of 5 channels: RGB and 2 more"),
        (2, 2, 3, None, "pixels of 5 channels: RGB and 2 more"),
        (4, 1, 1, [2, 2, 2, 2], "pixels of 5 channels: grey and 4 more"),
        (1, 5, 4, [0], "pixels of 5 channels: CMYK and 1 more"),
        (1, 5, 4, [2], "pixels of 5 channels: CMYK and 1 more"),
        (0, 2, 3, [2], "pixels of 3 channels: RGB and 0 more"),
    ],
)
def test_further_channels_are_never_dropped(
    extras: int, photometric: int, colours: int, declared: list[int] | None, words: str
) -> None:
    channels = [PICTURE[:, :, number % 3] for number in range(colours)] + [ALPHA] * extras
    seen = refusal(tiff(np.dstack(channels), photometric, declared))
    assert words in seen
    assert "damaged" not in seen


def test_a_picture_of_too_few_channels_is_damaged() -> None:
    assert "the file is damaged (RGB pixels of 1 channels)" in refusal(tiff(ALPHA, 2))


@pytest.mark.parametrize(
    ("photometric", "tags", "words"),
    [
        (8, {}, "CIE L*a*b* colours of photometric kind 8; convert the photo to 8-bit RGB"),
        (6, {}, "YCbCr colours of photometric kind 6"),
        (34892, {}, "a sensor's linear values of photometric kind 34892"),
        (77, {}, "pixels of photometric kind 77"),
        (2, {"t259": (3, [50000])}, "compression 50000 is not supported (Zstandard)"),
        (2, {"t259": (3, [12345])}, "compression 12345 is not supported;"),
        (2, {"t258": (3, [5, 6, 5])}, "RGB values of 5 and 6 bits"),
        (2, {"t266": (3, [3])}, "a TIFF of a rare kind"),
    ],
)
def test_kinds_that_are_named(photometric: int, tags: dict[str, Any], words: str) -> None:
    seen = refusal(tiff(PICTURE, photometric, **tags))
    assert words in seen
    assert "damaged" not in seen


def test_inks_that_are_not_cmyk() -> None:
    four = np.dstack([PICTURE, ALPHA])
    assert "inks other than CMYK" in refusal(tiff(four, 5, t332=(3, [2])))
    assert "CMYK without a colour profile" in refusal(tiff(four, 5, t332=(3, [1])))


def test_sizes_and_numbers_that_are_stated_too_large() -> None:
    """A strip whose size is stated wrongly but is all there, and bits of more channels than there are."""
    data = tiff(PICTURE, 2, t279=(4, [2**31]), t258=(3, [8, 8, 8, 1]))
    assert np.array_equal(codecs.decode(data).pixels, PICTURE)
    cut_off = tiff(PICTURE, 2, t273=(4, [PICTURE.nbytes]))  # the strip starts at the very end of its bytes
    assert "the file is damaged (a piece of 9,216 bytes has" in refusal(cut_off)


IPTC = samples.iptc_records()
RESOURCES = b"8BIM\x04\x0c\0\0\0\0\0\x04abcd8BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "tags",
    [
        {"t33723": (7, list(IPTC))},
        {"t33723": (1, list(IPTC))},
        {"t34377": (1, list(RESOURCES))},
        {"t34377": (1, list(RESOURCES.replace(b"KITCHEN", b"BEDROOM"))), "t33723": (7, list(IPTC))},
    ],
    ids=["undefined", "bytes", "Photoshop's", "both"],
)
def test_iptc(order: str, tags: dict[str, Any]) -> None:
    photo = codecs.decode(tiff(PICTURE, 2, order=order, **tags))
    assert photo.metadata.iptc == IPTC
    keep = codecs.EncodeOptions(metadata="keep")
    for target in ("tiff", "jpeg"):
        options = codecs.EncodeOptions(format=target, metadata="keep")
        assert codecs.decode(codecs.encode(PICTURE, like=photo, options=options)).metadata.iptc == IPTC
    assert IPTC in codecs.encode(PICTURE, like=photo, options=keep)
    assert samples.SECRETS["iptc"] not in codecs.encode(PICTURE, like=photo)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("swapped", [False, True])
def test_iptc_as_numbers_of_32_bits(order: str, swapped: bool) -> None:
    """Some writers store the records as such numbers; others have then turned each one's bytes round."""
    padded = IPTC + bytes(-len(IPTC) % 4)
    other = ("<" if order == ">" else ">") if swapped else order
    numbers = list(struct.unpack(f"{other}{len(padded) // 4}I", padded))
    assert codecs.decode(tiff(PICTURE, 2, order=order, t33723=(4, numbers))).metadata.iptc == padded


def test_layers_are_not_carried() -> None:
    layers = b"Adobe Photoshop Document Data Block\0" + samples.SECRETS["thumbnail"]
    photo = codecs.decode(tiff(PICTURE, 2, t37724=(7, list(layers)), t271=(1, list(b"TESTCAM\0"))))
    for policy in codecs.POLICIES:
        written = codecs.encode(PICTURE, like=photo, options=codecs.EncodeOptions(metadata=policy))
        assert samples.SECRETS["thumbnail"] not in written
    assert photo.metadata.exif is not None
    assert b"TESTCAM" in photo.metadata.exif
