"""Profiles written again: the same colours by LittleCMS's word, and nothing else of the source."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from PIL import Image, ImageCms

from pixelpriv_fast.codecs.colours import icc, rgb_space
from pixelpriv_fast.types import Pixels

from .. import profiles
from ..profiles import (
    P3_POINTS,
    SRGB_CURVE,
    SRGB_CURVE_4,
    SRGB_POINTS,
    gamma,
    parametric,
    sampled,
    shaper_icc,
    table_icc,
)

ADOBE_POINTS = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
REC2020_POINTS = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
ODD_POINTS = (0.62, 0.35, 0.28, 0.62, 0.16, 0.08)
_HAIR = struct.pack(">3i", 63190, 65536, 54061)

#: Profile, and the name of the known space that it describes.
KINDS: dict[str, tuple[bytes, str | None]] = {
    "LittleCMS's sRGB": (profiles.srgb_icc(), "sRGB"),
    "sRGB, version 2, table": (shaper_icc(SRGB_POINTS, sampled(1024)), "sRGB"),
    "sRGB, version 4, type 3": (shaper_icc(SRGB_POINTS, SRGB_CURVE, 4), "sRGB"),
    "sRGB, version 4, type 4": (shaper_icc(SRGB_POINTS, SRGB_CURVE_4, 4), "sRGB"),
    "Display P3": (shaper_icc(P3_POINTS, SRGB_CURVE, 4), "Display P3"),
    "Adobe RGB": (shaper_icc(ADOBE_POINTS, gamma(2.19921875)), "Compatible with Adobe RGB (1998)"),
    "Rec. 2020": (shaper_icc(REC2020_POINTS, sampled(4096), 4), "Rec. 2020, sRGB curve"),
    "gamma 2.2": (shaper_icc(SRGB_POINTS, gamma(2.2)), None),
    "linear": (shaper_icc(SRGB_POINTS, b"curv" + bytes(8)), None),
    "coarse table": (shaper_icc(SRGB_POINTS, sampled(7)), None),
    "a curve each": (shaper_icc(SRGB_POINTS, (gamma(1.8), sampled(64), parametric(0, 2.0)), 4), None),
    "type 1": (shaper_icc(ODD_POINTS, parametric(1, 2.2, 1.1, -0.1), 4), None),
    "type 2": (shaper_icc(ODD_POINTS, parametric(2, 2.2, 0.95, 0.02, 0.03), 4), None),
    "odd primaries": (shaper_icc(ODD_POINTS, sampled(256, 2.4)), None),
    "table of 8 bits": (table_icc(b"mft1"), None),
    "table of 16 bits": (table_icc(b"mft2"), None),
    "table of elements": (table_icc(b"mAB "), None),
    "table of elements with gaps": (table_icc(b"mAB ", gap=b"Jane Doe, Home Street 7 "), None),
}
GRID: Pixels = (
    np.stack(np.meshgrid(*[np.linspace(0, 255, 17).round()] * 3, indexing="ij"), -1).reshape(17, -1, 3).astype(np.uint8)
)
INTENTS = [ImageCms.Intent.PERCEPTUAL, ImageCms.Intent.RELATIVE_COLORIMETRIC]


def shown(profile: bytes, intent: ImageCms.Intent = ImageCms.Intent.RELATIVE_COLORIMETRIC) -> np.ndarray:
    """The grid's colours on an sRGB screen."""
    converted = ImageCms.profileToProfile(
        Image.fromarray(GRID),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        renderingIntent=intent,
        outputMode="RGB",
    )
    assert converted is not None
    return np.asarray(converted).astype(int)


def cleaned(profile: bytes) -> icc.Profile:
    found = icc.cleaned(profile)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_colours_stay_the_same_to_one_level(kind: str) -> None:
    source, name = KINDS[kind]
    found = cleaned(source)
    assert (found.space.name if found.space else None) == name
    for intent in INTENTS:
        assert np.abs(shown(found.content, intent) - shown(source, intent)).max() <= 1
    if name != "sRGB":
        assert np.abs(shown(source) - shown(profiles.srgb_icc())).max() > 2, "the comparison sees other colours"


@pytest.mark.parametrize("kind", KINDS)
def test_cleaning_is_final_and_says_nothing_of_the_maker(kind: str) -> None:
    found = cleaned(KINDS[kind][0]).content
    again = cleaned(found)
    assert again.content == found
    header = ImageCms.ImageCmsProfile(io.BytesIO(found)).profile
    assert (header.header_manufacturer, header.header_model) == ("\0" * 4, "\0" * 4)
    assert header.attributes == 0
    assert header.creation_date is None or header.creation_date.year == 2000
    assert header.profile_description in ("RGB", found_name(again))
    assert header.copyright == "No copyright, use freely"
    assert b"Jane" not in found


def found_name(profile: icc.Profile) -> str | None:
    return profile.space.name if profile.space else None


@pytest.mark.parametrize("space", rgb_space.KNOWN, ids=lambda space: space.name)
def test_standard_profiles_are_what_they_say(space: rgb_space.RgbSpace) -> None:
    written = rgb_space.profile(space)
    assert cleaned(written).space == space
    opened = ImageCms.ImageCmsProfile(io.BytesIO(written)).profile
    assert opened.profile_description == space.name
    red = np.linalg.inv(space.adaptation()) @ np.array(opened.red_colorant[0])
    assert red[:2] / red.sum() == pytest.approx(space.red, abs=1e-3)


SECRET = b"Jane Doe 0123456789 SERIAL"


def planted() -> dict[str, bytes]:
    """A profile with a secret in one place each."""
    plain = shaper_icc(ODD_POINTS, sampled(256, 2.4))
    text = b"text\0\0\0\0" + SECRET + b"\0"
    places = {
        name: shaper_icc(ODD_POINTS, sampled(256, 2.4), **{name: text})
        for name in ("desc", "cprt", "dmnd", "dmdd", "vued", "meta", "mmod", "targ", "calt", "vcgt", "JANE", "ncl2")
    }
    padded = bytearray(plain + SECRET)
    padded[:4] = len(padded).to_bytes(4, "big")
    header = bytearray(plain)
    header[100:126] = SECRET
    for at in (4, 40, 48, 52, 80, 84):  # preferred engine, platform, manufacturer, model, creator, identity
        header[at : at + 4] = b"Jane"
    return places | {
        "behind the end": bytes(plain + SECRET),
        "behind the last tag": bytes(padded),
        "header": bytes(header),
        "behind a curve": shaper_icc(ODD_POINTS, sampled(256, 2.4) + SECRET),
        "behind a number": shaper_icc(ODD_POINTS, gamma(2.0), wtpt=b"XYZ \0\0\0\0" + _HAIR + SECRET),
        "in reserved bytes": shaper_icc(ODD_POINTS, b"curvJane" + gamma(2.0)[8:]),
        "behind a table": table_icc(b"mft2", gap=SECRET),
        "between elements": table_icc(b"mAB ", gap=SECRET),
    }


@pytest.mark.parametrize("place", planted())
def test_no_place_of_a_profile_hides_a_name(place: str) -> None:
    source = planted()[place]
    assert b"Jane" in source
    found = cleaned(source).content
    assert b"Jane" not in found
    assert SECRET[4:] not in found
    assert "Jane".encode("utf-16-be") not in found
    assert np.abs(shown(found) - shown(source)).max() <= 1


def test_numbers_that_are_text_are_no_colours() -> None:
    """What a viewer can do without is left out; without the rest there are no colours."""
    hidden = shaper_icc(ODD_POINTS, gamma(2.0), wtpt=b"XYZ \0\0\0\0Jane Doe 012")
    assert b"Jane" not in cleaned(hidden).content
    assert np.abs(shown(cleaned(hidden).content) - shown(hidden)).max() <= 1
    assert icc.cleaned(shaper_icc(ODD_POINTS, gamma(2.0), rXYZ=b"XYZ \0\0\0\0Jane Doe 012")) is None


def test_damaged_and_foreign_profiles_are_none() -> None:
    source = KINDS["odd primaries"][0]
    assert icc.cleaned(None) is None
    assert icc.cleaned(b"") is None
    assert icc.cleaned(source[:400]) is None
    assert icc.cleaned(profiles.grey_icc(2.2)) is None
    assert icc.cleaned(profiles.cmyk_icc()) is None
    assert icc.cleaned(source.replace(b"mntr", b"link")) is None
    assert icc.cleaned(source.replace(b"rTRC", b"xTRC")) is None
    assert icc.cleaned(source + bytes(17_000_000)) is None
    assert icc.cleaned(source[:128] + b"\xff\xff\xff\xff" + source[132:]) is None


@pytest.mark.parametrize("kind", ["sRGB, version 4, type 3", "table of 16 bits", "table of elements", "odd primaries"])
def test_damage_gives_none_or_a_sound_profile(kind: str) -> None:
    source = KINDS[kind][0]
    rng = np.random.default_rng(5)
    sound = 0
    for _ in range(300):
        bad = bytearray(source)
        for at in rng.integers(0, min(len(bad), 600), 3):
            bad[at] = rng.integers(0, 256)
        found = icc.cleaned(bytes(bad[: rng.integers(len(bad) // 2, 2 * len(bad))]))
        if found is not None:
            sound += 1
            assert cleaned(found.content).content == found.content
            ImageCms.ImageCmsProfile(io.BytesIO(found.content))
    assert 20 < sound < 300
