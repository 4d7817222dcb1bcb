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
from pixelpriv_fast.codecs.colours.colour import profile_of_code_points
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.types import Photo

from . import box_files, profiles, samples
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


def libheifs(heif: Any, data: bytes, mode: str = "RGB") -> Any:
    return np.asarray(heif.open_heif(io.BytesIO(data)).to_pillow().convert(mode))


@pytest.mark.parametrize(
    "steps",
    [
        [box_files.crop(40, 30)],
        [box_files.crop(40.5, 31, 1.25, -2)],
        [box_files.turn(1)],
        [box_files.crop(31, 40), box_files.turn(3), box_files.mirror(0)],
        [box_files.mirror(1), box_files.turn(1), box_files.crop(30, 40, 4, 6)],
    ],
    ids=range(5),
)
def test_crops_and_turns_are_the_decoders(heif: Any, steps: list[bytes]) -> None:
    """Their order counts; what others own, and what nobody owns, does not."""
    made = box_files.heic(heif, box_files.picture())
    made.unowned = [box_files.turn(1), box_files.crop(8, 8), box_files.colours(9, 16), box_files.depth(10)]
    thumbnail = box_files.heic(heif, samples.picture(32, 24))
    small = made.add(b"hvc1", thumbnail.payloads[1], *thumbnail.owned[1], *made.unowned)
    made.references.append((b"thmb", small, [1]))
    plain = codecs.decode(made.data()).pixels
    assert plain.shape == (64, 96, 3)
    made.owned[1] += steps
    data = made.data()
    photo = codecs.decode(data)
    assert np.array_equal(photo.pixels, libheifs(heif, data))
    assert photo.pixels.shape != plain.shape
    assert codecs.peek(data).upright_size == photo.pixels.shape[1::-1]


@pytest.mark.parametrize(("width", "height"), [(29, 100), (16, 16), (64, 63)])
@pytest.mark.parametrize("alpha", [False, True])
def test_a_picture_smaller_than_its_tile(heif: Any, width: int, height: int, alpha: bool) -> None:
    """Coded pictures have a smallest size: a small photo is a grid of one tile that is larger than itself."""
    whole = samples.picture(64, 128)
    made = box_files.grid([box_files.heic(heif, whole)], 1, width, height)
    if alpha:
        plane = box_files.heic(heif, np.ascontiguousarray(whole[::-1]))
        coded = made.add(b"hvc1", plane.payloads[1], *plane.owned[1], hidden=True)
        channel = made.add(b"grid", made.payloads[1], box_files.size(width, height), box_files.ALPHA)
        made.references += [(b"dimg", channel, [coded]), (b"auxl", channel, [1])]
    photo = codecs.decode(made.data())
    assert photo.pixels.shape == (height, width, 3)
    assert np.abs(photo.pixels.astype(int) - whole[:height, :width]).mean() < 2
    assert (photo.alpha is not None) == alpha
    if alpha:
        assert np.array_equal(photo.alpha, libheifs(heif, made.data(), "RGBA")[:, :, 3])


def test_colours_that_were_multiplied_by_alpha(heif: Any) -> None:
    alpha, colours = np.maximum(samples.picture(seed=1)[:, :, 0], 100), samples.picture()
    stored = np.round(colours * (alpha[:, :, None] / 255)).astype(np.uint8)
    made = box_files.heic(heif, np.dstack([stored, alpha]))
    ((_, channel, _),) = made.references
    made.references.append((b"prem", 1, [channel]))
    photo = codecs.decode(made.data())
    assert photo.alpha is not None
    assert np.abs(photo.alpha.astype(int) - alpha).max() <= 2
    assert np.abs(photo.pixels.astype(int) - colours).mean() < 3


@pytest.mark.parametrize("method", [0, 1, 2])
def test_metadata_wherever_it_stands(heif: Any, method: int) -> None:
    """Text of another encoding, as old programs write it into XMP, is carried as it is."""
    made = box_files.heic(heif, samples.picture())
    latin = samples.xmp_packet().replace(b"CITY", "CIT\xc9".encode("latin-1"))
    made.describe(b"Exif", b"\0\0\0\6Exif\0\0" + samples.exif_block(6), method)
    made.describe(b"mime", latin, method)
    photo = codecs.decode(made.data())
    assert photo.pixels.shape == (48, 64, 3)
    assert (photo.metadata.exif, photo.metadata.xmp) == (samples.exif_block(6), latin)
    written = codecs.encode(photo.pixels, like=photo)
    assert samples.KEPT["model"] in written
    assert [name for name, secret in SECRETS.items() if secret in written] == []


def test_colours_without_a_profile(heif: Any) -> None:
    made = box_files.heic(heif, samples.picture())
    others = [one for one in made.owned[1] if one[4:8] != b"colr"]
    made.owned[1] = [*others, box_files.colours(12, 13)]
    assert codecs.decode(made.data()).metadata.icc == profile_of_code_points(12, 13)
    made.owned[1] = [*others, box_files.colours(9, 16)]
    with pytest.raises(PhotoError, match=r"HDR colours \(PQ of ITU-R BT\.2100\)"):
        codecs.decode(made.data())
