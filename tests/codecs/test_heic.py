"""HEIC, where the extra is installed; what is said where it is not."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.types import Photo

from . import profiles, samples
from .samples import GPS_LATITUDE, KEPT, SECRETS


@pytest.fixture
def heif() -> Any:
    return pytest.importorskip("pillow_heif")


def made(heif: Any, mode: str = "RGB", **options: Any) -> bytes:
    out = io.BytesIO()
    pixels = samples.picture()
    if mode == "RGBA":
        pixels = np.dstack([pixels, samples.picture(seed=2)[:, :, 0]])
    heif.encode(mode, (64, 48), pixels.tobytes(), out, quality=95, chroma=444, **options)
    return out.getvalue()


def test_round_trip_and_privacy(heif: Any) -> None:
    exif = samples.exif_block(6)
    data = made(heif, exif=exif, xmp=samples.xmp_packet(), icc_profile=profiles.srgb_icc())
    photo = codecs.decode(data)
    assert photo.format == codecs.peek(data).format == "heic"
    upright = np.rot90(samples.picture(), -1)  # pillow-heif writes EXIF's orientation as a rotation box
    assert np.abs(photo.pixels.astype(int) - upright).mean() < 2
    for target in ("heic", "jpeg"):
        written = codecs.encode(photo.pixels, like=photo, options=EncodeOptions(format=target))
        assert [name for name, secret in SECRETS.items() if secret in written] == []
        assert GPS_LATITUDE not in written
        assert KEPT["model"] in written
        again = codecs.decode(written)
        assert again.metadata.icc == profiles.standard()
        assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 2.5
    assert SECRETS["owner"] in codecs.encode(photo.pixels, like=photo, options=EncodeOptions(metadata="keep"))


def test_alpha_odd_sizes_and_determinism(heif: Any) -> None:
    photo = codecs.decode(made(heif, "RGBA"))
    assert photo.alpha is not None
    odd = codecs.encode(samples.picture(61, 47), like=codecs.decode(made(heif)))
    assert codecs.decode(odd).pixels.shape == (47, 61, 3)
    assert (codecs.peek(odd).width, codecs.peek(odd).height) == (61, 47)
    assert codecs.encode(samples.picture(61, 47), like=codecs.decode(made(heif))) == odd


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey(heif: Any, mode: str) -> None:
    """Grey photos are written as grey files and read again."""
    plane = samples.picture()[:, :, 0]
    like = Photo(
        np.repeat(plane[:, :, None], 3, axis=2), "heic", plane[::-1].copy() if mode == "LA" else None, grey=True
    )
    written = codecs.encode(like.pixels, like=like)
    photo = codecs.decode(written)
    assert np.ptp(photo.pixels, axis=2).max() == 0
    assert np.abs(photo.pixels[:, :, 0].astype(int) - plane).mean() < 2
    assert (photo.alpha is not None) == (mode == "LA")
    out = io.BytesIO()
    heif.from_bytes("L", (64, 48), plane.tobytes()).save(out, quality=95)
    foreign = codecs.decode(out.getvalue())
    assert foreign.grey
    assert np.abs(foreign.pixels[:, :, 2].astype(int) - plane).mean() < 2


def test_depth_and_number_of_pictures(heif: Any) -> None:
    def saved(*pictures: Any, **options: Any) -> bytes:
        file, out = heif.HeifFile(), io.BytesIO()
        for picture in pictures:
            file.add_frombytes("RGB", (64, 48), picture.tobytes())
        file.save(out, **options)
        return out.getvalue()

    def refusal(data: bytes) -> str:
        with pytest.raises(PhotoError) as caught:
            codecs.decode(data)
        return str(caught.value)

    one, other = samples.picture(), samples.picture(seed=3)
    assert codecs.decode(saved(one, thumbnails=[32])).pixels.shape == (48, 64, 3)
    assert "2 frames exceed the limit of 1" in refusal(saved(one, other))
    deep, out = heif.from_bytes("RGB;16", (64, 48), (one.astype(np.uint16) * 257).tobytes()), io.BytesIO()
    deep.save(out)
    assert "10 bits a channel would be cut to 8" in refusal(out.getvalue())


def test_without_the_extra(heif: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(heif)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"holiday\.heic: HEIC needs the package pillow-heif; pip install"):
        codecs.decode(data, name=str(Path("holiday.heic")))
    with pytest.raises(PhotoError, match="pillow-heif"):
        codecs.encode(samples.picture(), like=Photo(samples.picture(), "heic"))
