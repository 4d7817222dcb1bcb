"""AVIF: crops, turns, tiles, gain maps and colours, in files put together box by box."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import Limits
from pixelpriv_fast.codecs.colours.colour import profile_of_code_points
from pixelpriv_fast.codecs.isobmff.container import read_container
from pixelpriv_fast.codecs.pillow_image import upright
from pixelpriv_fast.errors import PhotoError

from . import box_files, profiles, samples
from .box_files import ALPHA, File, avif, box, colours, crop, depth, grid, mirror, size, turn
from .isobmff.test_av1_sequence import sequence_header

PICTURE = box_files.picture()  # 96 x 64


def changed(*properties: bytes, made: File | None = None) -> bytes:
    made = made or avif(PICTURE)
    return replace(made, owned={**made.owned, 1: [*made.owned[1], *properties]}).data()


def refusal(data: bytes, **options: Any) -> str:
    with pytest.raises(PhotoError) as caught:
        codecs.decode(data, **options)
    return str(caught.value)


STORED = codecs.decode(avif(PICTURE).data()).pixels


@pytest.mark.parametrize(
    ("aperture", "rows", "columns"),
    [
        (crop(64, 42), (11, 53), (16, 80)),
        (crop(20, 10, 30, -20), (7, 17), (68, 88)),
        (crop(96, 64), (0, 64), (0, 96)),
        (crop(21, 11), (27, 38), (37, 58)),  # half pixels: the border is libheif's
        (crop(20.5, 10.25, 0.5, 0.25), (27, 37), (38, 59)),
        (crop(1000, 1000, 40, 0), (0, 64), (0, 96)),
        (crop(96, 64, 40, 0), (0, 64), (40, 96)),
    ],
)
def test_only_what_a_crop_shows(aperture: bytes, rows: tuple[int, int], columns: tuple[int, int]) -> None:
    data = changed(aperture)
    expected = STORED[slice(*rows), slice(*columns)]
    assert np.array_equal(codecs.decode(data).pixels, expected)
    header = codecs.peek(data)
    assert (header.height, header.width) == expected.shape[:2]


def test_the_cropped_away_part_is_not_written() -> None:
    photo = codecs.decode(changed(crop(64, 42)))
    written = codecs.decode(codecs.encode(photo.pixels, like=photo)).pixels
    assert written.shape == (42, 64, 3)
    assert not ((written[:, :, 0] > 230) & (written[:, :, 1] < 20)).any()  # the borders are red


@pytest.mark.parametrize("quarters", range(4))
@pytest.mark.parametrize("axis", [None, 0, 1])
def test_turns_and_mirrors(quarters: int, axis: int | None) -> None:
    """The order is crop, turn, mirror; a mirror of axis 0 swaps top and bottom."""
    flip = [] if axis is None else [mirror(axis)]
    expected = np.rot90(STORED[11:53, 16:80], quarters)
    expected = expected if axis is None else np.flip(expected, axis)
    data = changed(crop(64, 42), turn(quarters), *flip)
    assert np.array_equal(codecs.decode(data).pixels, expected)
    data = changed(turn(quarters), *flip)
    by_pillow = Image.open(io.BytesIO(data))
    expected = upright(np.array(by_pillow), by_pillow.getexif().get(0x0112, 1))
    assert np.array_equal(codecs.decode(data).pixels, expected)


def test_transparency_is_cropped_and_turned_along() -> None:
    alpha = samples.picture(96, 64, 3)[:, :, 0].copy()
    made = avif(np.dstack([PICTURE, alpha]))
    plain = codecs.decode(made.data())
    photo = codecs.decode(changed(crop(64, 42), turn(1), made=made))
    assert plain.alpha is not None
    assert photo.alpha is not None
    assert np.array_equal(photo.alpha, np.rot90(plain.alpha[11:53, 16:80]))
    assert np.array_equal(photo.pixels, np.rot90(plain.pixels[11:53, 16:80]))


def test_another_order_is_followed() -> None:
    photo = codecs.decode(changed(mirror(1), turn(1), crop(30, 40, 4, 6)))
    view = np.rot90(STORED[:, ::-1])
    assert np.array_equal(photo.pixels, view[34:74, 21:51])


def test_what_others_own_is_not_the_photos() -> None:
    """A gain map with a size, depth, colours and a turn of its own, and an unused crop, change nothing."""
    made = avif(PICTURE)
    gain = avif(samples.picture(40, 20))
    own = [size(40, 20), *gain.owned[1][1:3], colours(2, 2)]
    number = made.add(b"av01", gain.payloads[1], *own, hidden=True)
    both = made.add(b"tmap", bytes(62), size(96, 64), depth(10, 10, 10), colours(9, 16), turn(1))
    made.references.append((b"dimg", both, [1, number]))
    made.groups.append((b"altr", [both, 1]))
    made.unowned = [crop(8, 8), turn(3), mirror(1)]
    photo = codecs.decode(made.data())
    assert np.array_equal(photo.pixels, STORED)
    assert photo.metadata.icc is None
    assert photo.notes == ("its HDR gain map shows the unprotected photo and is left out",)
    film = codecs.decode(avif(PICTURE).data() + box(b"mpvd", b"a film"))
    assert film.notes == ("its film shows the unprotected photo and is left out",)
    assert codecs.decode(avif(PICTURE).data()).notes == ()


def test_tiles() -> None:
    """Stored tiles are larger than the picture; alpha may be one picture."""
    whole = samples.picture(128, 64, 5)
    tiles = [avif(np.ascontiguousarray(whole[:, at : at + 64])) for at in (0, 64)]
    made = grid(tiles, 2, 100, 50)
    photo = codecs.decode(made.data())
    assert photo.pixels.shape == (50, 100, 3)
    assert np.abs(photo.pixels.astype(int) - whole[:50, :100]).mean() < 2
    cropped = codecs.decode(changed(crop(90, 40), made=made))
    assert np.array_equal(cropped.pixels, photo.pixels[5:45, 5:95])
    assert "1 pixels, of which 100x50 are shown" not in refusal(made.data(), limits=Limits(max_pixels=6000))
    assert "8,192 pixels, of which 100x50 are shown" in refusal(made.data(), limits=Limits(max_pixels=6000))
    assert codecs.open(made.data()).pixel_count == 8192, "the memory that photos in progress are counted by"
    turned = replace(made, owned={**made.owned, 2: [*made.owned[2], turn(1)]})
    assert "tiles are cropped or turned themselves" in refusal(turned.data())


def test_a_tile_that_two_pictures_share_is_refused_by_name() -> None:
    tile = avif(samples.picture(64, 64))
    made = grid([tile, tile], 2, 128, 64)
    plain = [one for one in made.owned[1] if one[4:8] != b"pixi"]
    alpha = made.add(b"grid", made.payloads[1], *plain, depth(8), ALPHA)
    made.references += [(b"dimg", alpha, [2, 3]), (b"auxl", alpha, [1])]
    words = refusal(made.data())
    assert "an AVIF whose picture and alpha channel share a tile; convert it to PNG or JPEG" in words


def test_what_the_decoder_does_not_take_is_not_called_damaged() -> None:
    """A property that must be known and is not, and an alpha channel that states no size."""
    unknown = changed(box_files.box(b"abcd", b"1234"))
    at = unknown.index(b"ipma") + 8
    at = unknown.index(b"\0\5", at)
    essential = unknown[:at] + b"\x80\5" + unknown[at + 2 :]
    assert np.array_equal(codecs.decode(unknown).pixels, STORED)
    made = avif(PICTURE)
    made.references.append((b"auxl", made.add(b"av01", made.payloads[1], ALPHA, *made.owned[1][1:3]), [1]))
    for data in (essential, made.data()):
        words = refusal(data)
        assert "an AVIF that libavif, the decoder, does not take (" in words
        assert "damaged" not in words


def test_a_huge_stored_picture_is_refused_whatever_is_shown() -> None:
    made = avif(PICTURE)
    data = replace(made, owned={1: [size(60_000, 60_000), *made.owned[1][1:], crop(10, 10)]}).data()
    assert "3,600,000,000 pixels, of which 10x10 are shown, exceed the limit" in refusal(data)


def test_a_size_that_the_boxes_hide_is_bounded() -> None:
    """Of a coded picture, its own header says how much memory it takes."""
    big = avif(np.zeros((1200, 1100, 3), np.uint8))
    big.owned[1][0] = size(64, 48)
    assert "1,320,000 pixels, of which 64x48 are shown" in refusal(big.data(), limits=Limits(max_pixels=1_000_000))
    tile = avif(samples.picture(64, 64))
    made = grid([tile, tile], 2, 128, 64)
    made.payloads[3] = big.payloads[1]
    assert "1,324,096 pixels, of which 128x64 are shown" in refusal(made.data(), limits=Limits(max_pixels=1_000_000))


@pytest.mark.parametrize("method", [0, 1])
def test_metadata_wherever_it_stands(method: int) -> None:
    made = avif(PICTURE)
    made.describe(b"Exif", bytes(4) + samples.exif_block(6), method)
    made.describe(b"mime", samples.xmp_packet(), method)
    photo = codecs.decode(made.data())
    assert np.array_equal(photo.pixels, STORED)  # EXIF's orientation turns no AVIF
    assert (photo.metadata.exif, photo.metadata.xmp) == (samples.exif_block(6), samples.xmp_packet())
    written = codecs.encode(photo.pixels, like=photo)
    assert samples.KEPT["model"] in written
    assert [name for name, secret in samples.SECRETS.items() if secret in written] == []


def with_colours(*stated: bytes) -> bytes:
    made = avif(PICTURE)
    made.owned[1] = [one for one in made.owned[1] if one[4:8] != b"colr"] + list(stated)
    return made.data()


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 4), (1, 5), (12, 13), (11, 1), (9, 1), (1, 8)])
def test_numbers_become_a_profile(primaries: int, transfer: int) -> None:
    photo = codecs.decode(with_colours(colours(primaries, transfer)))
    assert np.array_equal(photo.pixels, STORED)
    assert photo.metadata.icc is not None
    assert photo.metadata.icc == profile_of_code_points(primaries, transfer)
    for target in ("avif", "jpeg"):
        options = codecs.EncodeOptions(format=target)
        again = codecs.decode(codecs.encode(photo.pixels, like=photo, options=options))
        assert again.metadata.icc == photo.metadata.icc


def test_a_profile_counts_before_numbers() -> None:
    icc = profiles.shaper_icc((0.68, 0.32, 0.265, 0.69, 0.15, 0.06), profiles.gamma(2.2))
    photo = codecs.decode(with_colours(colours(1, 4), box_files.box(b"colr", b"prof", icc)))
    assert photo.metadata.icc == icc
    photo = codecs.decode(with_colours(colours(12, 13), box_files.box(b"colr", b"prof", icc[:40])))
    assert photo.metadata.icc == profile_of_code_points(12, 13)


@pytest.mark.parametrize(("primaries", "transfer"), [(12, 13), (1, 4), (9, 16)])
@pytest.mark.parametrize("reduced", [True, False])
def test_numbers_of_the_coded_picture_count_where_no_box_states_any(
    primaries: int, transfer: int, reduced: bool
) -> None:
    made = avif(PICTURE)
    (stated,) = (one for one in made.owned[1] if one[4:8] == b"colr")
    made.owned[1].remove(stated)
    made.payloads[1] = sequence_header(96, 64, (primaries, transfer), reduced) + made.payloads[1]
    if transfer == 16:
        assert "HDR colours" in refusal(made.data())
        return
    assert read_container(made.data()).icc == profile_of_code_points(primaries, transfer)
    made.owned[1].append(stated)
    assert read_container(made.data()).icc is None


@pytest.mark.parametrize(("primaries", "transfer"), [(1, 1), (1, 13), (2, 2), (1, 6)])
def test_colours_that_viewers_show_as_srgb(primaries: int, transfer: int) -> None:
    photo = codecs.decode(with_colours(colours(primaries, transfer)))
    assert np.array_equal(photo.pixels, STORED)
    assert photo.metadata.icc is None


@pytest.mark.parametrize(
    ("primaries", "transfer", "words"),
    [(9, 16, "HDR colours (PQ"), (9, 18, "HDR colours (HLG"), (77, 13, "colours of unknown kind (primaries 77")],
)
def test_colours_that_are_refused(primaries: int, transfer: int, words: str) -> None:
    assert words in refusal(with_colours(colours(primaries, transfer)))
