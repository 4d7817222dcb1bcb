"""Recoded and saved pixels: those of the very file that ``encode`` writes, as ``decode`` reads it."""

from __future__ import annotations

import os

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.codecs import EncodeOptions, as_saved, decode, encode, recode
from pixelpriv_fast.codecs.formats import codec
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.registry import CODECS
from pixelpriv_fast.types import Metadata, Photo
from tests.codecs import profiles
from tests.scenes import scene

WRITTEN = [name for name in CODECS if codec(name).can_write and not codec(name).extra]
LOSSY = [name for name in WRITTEN if codec(name).can_lossy]


@pytest.mark.parametrize("size", [(1, 1), (7, 5), (40, 63)], ids=str)
@pytest.mark.parametrize("subsampling", ["444", "422", "420"])
@pytest.mark.parametrize("name", LOSSY)
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
def test_they_are_those_of_the_file(name: str, subsampling: str, size: tuple[int, int], grey: bool) -> None:
    photo = scene(*size)
    if grey:
        photo[...] = photo[..., :1]
    options = EncodeOptions(name, 60, subsampling, lossless=False, metadata="none")
    want = decode(encode(photo, like=Photo(photo, name), options=options)).pixels
    got = recode(photo, name, 60, subsampling)
    np.testing.assert_array_equal(got, want)
    assert got.flags.c_contiguous
    assert not np.shares_memory(got, photo)


@pytest.mark.parametrize("policy", ["none", "keep"])
@pytest.mark.parametrize("kind", ["colour", "described", "grey", "transparent"])
@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_saved_is_what_the_file_holds(name: str, kind: str, policy: str) -> None:
    photo = scene(40, 63)
    metadata, alpha = Metadata(), None
    if kind == "described":
        metadata = Metadata(icc=profiles.srgb_icc(), dpi=(72.0, 72.0), text=(("Comment", "a kitchen"),))
    if kind == "grey":
        photo[...] = photo[..., :1]
    if kind == "transparent":
        alpha = np.full(photo.shape[:2], 255, np.uint8)
        if codec(name).has_alpha:
            alpha[:20] = photo[:20, :, 0]
    like = Photo(photo, name, alpha, metadata, quality=88, grey=kind == "grey", subsampling="420")
    changed = np.where(photo < 128, photo + 3, photo - 3).astype(np.uint8)
    options = EncodeOptions(metadata=policy)
    got = as_saved(changed, like=like, options=options)
    np.testing.assert_array_equal(got, decode(encode(changed, like=like, options=options)).pixels)
    assert got.flags.c_contiguous


def test_what_a_format_cannot_hold_is_one_line() -> None:
    with pytest.raises(PhotoError, match="65501x1 pixels exceed jpeg's 65,500 a side; choose another format"):
        recode(np.zeros((1, 65_501, 3), np.uint8), "jpeg", 75, "420")


def test_a_decoder_that_fails_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(data: bytes, **_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("simplejpeg.decode_jpeg", broken)
    with pytest.raises(PhotoError, match="the jpeg file: not enough memory to decode it"):
        recode(scene(8, 8), "jpeg", 75, "420")


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="the system has no files in memory")
def test_other_threads_may_run_while_pillow_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow lets them where it is given a file of the system, which has a number; its own buffers have none."""
    numbers: list[int] = []
    save = Image.Image.save
    monkeypatch.setattr(
        Image.Image, "save", lambda im, out, *a, **k: (numbers.append(out.fileno()), save(im, out, *a, **k))
    )
    recode(scene(8, 8), "jpeg", 75, "420")
    assert numbers[0] >= 0
