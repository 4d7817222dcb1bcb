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
        assert again.metadata.icc == profiles.srgb_icc()
        assert np.abs(again.pixels.astype(int) - photo.pixels).mean() < 2.5
    assert SECRETS["owner"] in codecs.encode(photo.pixels, like=photo, options=EncodeOptions(metadata="keep"))


def test_alpha_odd_sizes_and_determinism(heif: Any) -> None:
    photo = codecs.decode(made(heif, "RGBA"))
    assert photo.alpha is not None
    odd = codecs.encode(samples.picture(61, 47), like=codecs.decode(made(heif)))
    assert codecs.decode(odd).pixels.shape == (47, 61, 3)
    assert (codecs.peek(odd).width, codecs.peek(odd).height) == (61, 47)
    assert codecs.encode(samples.picture(61, 47), like=codecs.decode(made(heif))) == odd


def test_without_the_extra(heif: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = made(heif)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(PhotoError, match=r"holiday\.heic: HEIC needs the package pillow-heif; pip install"):
        codecs.decode(data, name=str(Path("holiday.heic")))
    with pytest.raises(PhotoError, match="pillow-heif"):
        codecs.encode(samples.picture(), like=Photo(samples.picture(), "heic"))
