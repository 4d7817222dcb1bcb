"""Colours survive a change of format: what a file states, in every format's way, shows the same in what is written.

The results are read by LittleCMS and by formulas of this file, never by the code under test.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import ExifTags, Image, ImageCms

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import EncodeOptions, sources
from pixelpriv_fast.codecs.colours import colour
from pixelpriv_fast.codecs.formats import codec
from pixelpriv_fast.codecs.limits import Limits
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.registry import CODECS
from pixelpriv_fast.types import Metadata, Pixels

from .. import profiles, samples
from ..profiles import P3_CHUNK, P3_POINTS, SRGB_CURVE, SRGB_POINTS, gamma, shaper_icc, srgb_light
from ..samples import png_chunk

Light = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
ADOBE_POINTS = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
REC2020_POINTS = (0.708, 0.292, 0.170, 0.797, 0.131, 0.046)
TARGETS = [name for name in CODECS if codec(name).can_write]
POLICIES = ("private", "keep", "none")


def power(exponent: float) -> Light:
    return lambda values: values**exponent


def camera_light(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """BT.2020's curve, backwards."""
    return np.where(values < 0.081, values / 4.5, ((values + 0.099) / 1.099) ** (1 / 0.45))


def gama(value: int) -> bytes:
    return png_chunk(b"gAMA", value.to_bytes(4, "big"))


def cicp(*numbers: int) -> bytes:
    return png_chunk(b"cICP", bytes(numbers))


def iccp(icc: bytes) -> bytes:
    return png_chunk(b"iCCP", b"x\0\0" + zlib.compress(icc))


def exif(space: int | None, index: bytes | None, order: str = "<") -> bytes:
    """A block that states a colour space; written here byte by byte."""
    inner = [] if space is None else [struct.pack(order + "HHIHH", 0xA001, 3, 1, space, 0)]
    inner_at = 8 + 2 + 12 * 2 + 4
    interop_at = inner_at + 2 + 12 * (len(inner) + (index is not None)) + 4
    if index is not None:
        inner.append(struct.pack(order + "HHII", 0xA005, 4, 1, interop_at))
    block = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "IH", 8, 2)
    block += struct.pack(order + "HHIHH", 0x0112, 3, 1, 1, 0) + struct.pack(order + "HHIII", 0x8769, 4, 1, inner_at, 0)
    block += struct.pack(order + "H", len(inner)) + b"".join(inner) + bytes(4)
    if index is not None:
        block += struct.pack(order + "HHHI4sI", 1, 1, 2, 4, index, 0)
    return block


@dataclass(frozen=True)
class Statement:
    """How a file states its colours, and what they are."""

    points: tuple[float, ...]
    light: Light
    format: str = "png"
    chunks: bytes = b""
    icc: bytes = b""
    exif: bytes = b""
    code_points: tuple[int, int] | None = None

    def file(self, pixels: Pixels) -> bytes:
        if self.format == "png":
            rows = b"".join(b"\0" + row.tobytes() for row in pixels)
            extra = self.chunks + (png_chunk(b"eXIf", self.exif) if self.exif else b"")
            return samples.raw_png(pixels.shape[1], pixels.shape[0], 8, 2, rows, extra)
        if self.format == "heic":
            heif = pytest.importorskip("pillow_heif", reason="HEIC: [heic]")
            out = io.BytesIO()
            size = (pixels.shape[1], pixels.shape[0])
            blocks = {"icc_profile": self.icc, "exif": self.exif}
            heif.encode(
                "RGB", size, pixels.tobytes(), out, quality=100, chroma=444, **{k: v for k, v in blocks.items() if v}
            )
            return out.getvalue()
        coding = {"webp": {"lossless": True}, "tiff": {}}.get(self.format, {"quality": 100, "subsampling": "4:4:4"})
        block = b"Exif\0\0" + self.exif if self.exif else b""
        data = bytearray(samples.save(pixels, self.format, icc_profile=self.icc, exif=block, **coding))
        if self.code_points:
            struct.pack_into(">HH", data, data.index(b"colrnclx") + 8, *self.code_points)
        return bytes(data)

    def shown(self, pixels: Pixels) -> npt.NDArray[np.float64]:
        """The colours on an sRGB screen, 0 to 255."""
        return on_screen(pixels, self.points, self.light)


def on_screen(pixels: Pixels, points: tuple[float, ...], light: Light) -> npt.NDArray[np.float64]:
    to_screen = np.linalg.solve(primaries(SRGB_POINTS), primaries(points))
    linear = np.clip(light(pixels / 255.0) @ to_screen.T, 0, 1)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


def primaries(points: tuple[float, ...]) -> npt.NDArray[np.float64]:
    """XYZ of red, green and blue under D65, as columns."""
    columns = np.stack([[x / y, 1, (1 - x - y) / y] for x, y in zip(points[::2], points[1::2], strict=True)], 1)
    return columns * np.linalg.solve(columns, [0.3127 / 0.3290, 1, (1 - 0.3127 - 0.3290) / 0.3290])


P3_ICC, ADOBE_ICC = shaper_icc(P3_POINTS, SRGB_CURVE, 4), shaper_icc(ADOBE_POINTS, gamma(2.19921875))
LINEAR_ICC = shaper_icc(SRGB_POINTS, b"curv" + bytes(8))
P3 = Statement(P3_POINTS, srgb_light)
ADOBE = Statement(ADOBE_POINTS, power(2.19921875))
SRGB = Statement(SRGB_POINTS, srgb_light)
STATEMENTS: dict[str, Statement] = {
    "nothing": SRGB,
    "sRGB": replace(SRGB, chunks=png_chunk(b"sRGB", b"\0")),
    "linear gAMA": Statement(SRGB_POINTS, power(1.0), chunks=gama(100000)),
    "gAMA of 2.2": Statement(SRGB_POINTS, power(1 / 0.45455), chunks=gama(45455)),
    "gAMA and cHRM": Statement(P3_POINTS, power(1 / 0.45455), chunks=gama(45455) + png_chunk(b"cHRM", P3_CHUNK)),
    "cHRM alone": replace(SRGB, chunks=png_chunk(b"cHRM", P3_CHUNK)),
    "cICP of P3": replace(P3, chunks=cicp(12, 13, 0, 1)),
    "cICP of sRGB": replace(SRGB, chunks=cicp(1, 13, 0, 1)),
    "cICP of BT.2020": Statement(REC2020_POINTS, camera_light, chunks=cicp(9, 14, 0, 1)),
    "cICP that says nothing, iCCP": replace(P3, chunks=iccp(P3_ICC) + cicp(2, 2, 0, 1)),
    "cICP over iCCP": replace(P3, chunks=iccp(ADOBE_ICC) + cicp(12, 13, 0, 1)),
    "iCCP": replace(ADOBE, chunks=iccp(ADOBE_ICC)),
    "iCCP over gAMA": replace(ADOBE, chunks=iccp(ADOBE_ICC) + gama(100000)),
    "damaged iCCP, gAMA": Statement(SRGB_POINTS, power(1.0), chunks=iccp(ADOBE_ICC[:300]) + gama(100000)),
    "sRGB over gAMA": replace(SRGB, chunks=png_chunk(b"sRGB", b"\1") + gama(100000)),
    "sRGB over EXIF": replace(SRGB, chunks=png_chunk(b"sRGB", b"\1"), exif=exif(0xFFFF, b"R03\0")),
    "EXIF in PNG": replace(ADOBE, exif=exif(0xFFFF, b"R03\0")),
    "EXIF, R03": replace(ADOBE, format="jpeg", exif=exif(0xFFFF, b"R03\0")),
    "EXIF, R03, other order": replace(ADOBE, format="jpeg", exif=exif(0xFFFF, b"R03\0", ">")),
    "EXIF, 2": replace(ADOBE, format="jpeg", exif=exif(2, None)),
    "EXIF, sRGB": replace(SRGB, format="jpeg", exif=exif(1, b"R98\0")),
    "EXIF, uncalibrated": replace(SRGB, format="jpeg", exif=exif(0xFFFF, None)),
    "ICC over EXIF": replace(P3, format="jpeg", icc=P3_ICC, exif=exif(0xFFFF, b"R03\0")),
    "ICC in JPEG": replace(P3, format="jpeg", icc=P3_ICC),
    "ICC in WebP": replace(P3, format="webp", icc=P3_ICC),
    "ICC in TIFF": Statement(SRGB_POINTS, power(1.0), format="tiff", icc=LINEAR_ICC),
    "ICC in AVIF": replace(ADOBE, format="avif", icc=ADOBE_ICC),
    "ICC in HEIC": replace(ADOBE, format="heic", icc=ADOBE_ICC),
    "nclx of P3": replace(P3, format="avif", code_points=(12, 13)),
    "nclx of BT.2020": Statement(REC2020_POINTS, camera_light, format="avif", code_points=(9, 14)),
    "nclx of gamma 2.2": Statement(SRGB_POINTS, power(2.2), format="avif", code_points=(1, 4)),
    "nclx of linear light": Statement(SRGB_POINTS, power(1.0), format="avif", code_points=(1, 8)),
    "nclx of BT.709": replace(SRGB, format="avif", code_points=(1, 1)),  # shown as sRGB, as in browsers
    "nclx that says nothing": replace(SRGB, format="avif", code_points=(2, 2)),
    "nclx over EXIF": replace(SRGB, format="avif", code_points=(1, 13), exif=exif(0xFFFF, b"R03\0")),
}


def picture() -> Pixels:
    """Colours of little saturation, which every space holds, of all brightnesses."""
    grey = np.linspace(4, 250, 64)[None, :, None]
    tint = 1 + 0.12 * np.sin(np.linspace(0, 6, 40)[:, None, None] + np.array([0, 2, 4]))
    return np.clip(np.round(grey * tint), 0, 255).astype(np.uint8)


def as_read(data: bytes) -> npt.NDArray[np.float64]:
    """The colours that a file shows on an sRGB screen, by its own statement."""
    image = opened(data)
    icc, pixels = image.info.get("icc_profile"), pixels_of(data)
    if icc:
        shown = ImageCms.profileToProfile(
            Image.fromarray(pixels),
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        )
        assert shown is not None
        return np.asarray(shown).astype(np.float64)
    found = chunks_of(data) if image.format == "PNG" else {}
    if b"cICP" in found:
        points, light = {(12, 13): (P3_POINTS, srgb_light), (1, 13): (SRGB_POINTS, srgb_light)}[
            tuple(found[b"cICP"][:2])
        ]
        return on_screen(pixels, points, light)
    if b"gAMA" in found and b"sRGB" not in found:
        points = P3_POINTS if found.get(b"cHRM") == P3_CHUNK else SRGB_POINTS
        return on_screen(pixels, points, power(100000 / int.from_bytes(found[b"gAMA"], "big")))
    return pixels.astype(np.float64)


def pixels_of(data: bytes) -> Pixels:
    """The values as another reader sees them, whatever they mean."""
    return np.asarray(opened(data).convert("RGB"))


def opened(data: bytes) -> Image.Image:
    if data[4:8] == b"ftyp" and b"avif" not in data[8:32]:
        return pytest.importorskip("pillow_heif").open_heif(io.BytesIO(data)).to_pillow()
    return Image.open(io.BytesIO(data))


def chunks_of(data: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found[kind] = data[at + 8 : at + 8 + size]
        at += 12 + size
    return found


def written(source: bytes, target: str, policy: str = "private") -> bytes:
    photo = codecs.decode(source)
    options = EncodeOptions(format=target, metadata=policy, quality=100)  # type: ignore[arg-type]
    return codecs.encode(photo.pixels, like=photo, options=options)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", STATEMENTS)
def test_every_statement_shows_the_same_in_every_format(name: str, target: str) -> None:
    if codec(target).extra:
        pytest.importorskip("pillow_heif", reason="HEIC: [heic]")
    source = STATEMENTS[name]
    data = source.file(picture())
    wanted = source.shown(codecs.decode(data).pixels)
    for policy in POLICIES:
        result = written(data, target, policy)
        statement = np.abs(as_read(result) - source.shown(pixels_of(result)))
        assert statement.max() <= 1.5, (
            "what the file states is what the source stated, whatever a coding did to the values"
        )
        change = np.abs(as_read(result) - wanted)
        # Dark values of linear light lie many levels apart on the screen, and a lossy coding moves them by one or two.
        assert change.max() <= 1.5 if codec(target).can_lossless and not codec(target).can_lossy else change.mean() < 2


def test_the_comparison_sees_a_lost_statement() -> None:
    """Otherwise the test above would pass for the wrong reason."""
    pixels = picture()
    for name in ("linear gAMA", "cICP of P3", "EXIF, R03", "gAMA of 2.2", "cICP of BT.2020"):
        assert np.abs(STATEMENTS[name].shown(pixels) - pixels).max() > 4, name


@pytest.mark.parametrize("name", STATEMENTS)
def test_exif_agrees_with_what_the_pixels_are(name: str) -> None:
    source = STATEMENTS[name]
    for target, policy in (("jpeg", "private"), ("jpeg", "keep"), ("webp", "private"), ("tiff", "keep")):
        tags = Image.open(io.BytesIO(written(source.file(picture()), target, policy))).getexif()
        inner = tags.get_ifd(ExifTags.IFD.Exif)
        index = inner.get(ExifTags.IFD.Interop, {}) if isinstance(inner.get(ExifTags.IFD.Interop), dict) else {}
        if source.points == ADOBE_POINTS:
            assert inner.get(ExifTags.Base.ColorSpace, 0xFFFF) in (2, 0xFFFF)
        else:
            assert inner.get(ExifTags.Base.ColorSpace) != 2
            assert index.get(1, "R98").rstrip("\0") == "R98"
        if source.points == SRGB_POINTS and inner.get(ExifTags.Base.ColorSpace) == 0xFFFF:
            assert name == "EXIF, uncalibrated"


@pytest.mark.parametrize(
    "name", [name for name, source in STATEMENTS.items() if not (b"cICP" in source.chunks or source.code_points)]
)
def test_photos_that_pillow_opened_say_the_same(name: str) -> None:
    data = STATEMENTS[name].file(picture())
    image = opened(data)
    from_pillow, from_bytes = sources.load(image, Limits()), codecs.decode(data)
    for target in ("png", "jpeg"):
        options = EncodeOptions(format=target, metadata="none", quality=90)
        ours, theirs = (codecs.encode(photo.pixels, like=photo, options=options) for photo in (from_pillow, from_bytes))
        assert ours == theirs


@pytest.mark.parametrize("kind", ["grey", "cmyk"])
@pytest.mark.parametrize("target", ["jpeg", "tiff", "webp"])
def test_exif_of_converted_pixels_says_srgb(kind: str, target: str) -> None:
    """Values that went through a grey or ink profile are sRGB, whatever EXIF says of the source."""
    grey = Image.fromarray(samples.picture()).convert("L")
    image, icc = (grey, profiles.grey_icc(1.0)) if kind == "grey" else (grey.convert("CMYK"), profiles.cmyk_icc())
    data = samples.save(image, "jpeg", icc_profile=icc, exif=b"Exif\0\0" + exif(0xFFFF, b"R03\0"))
    result = Image.open(io.BytesIO(written(data, target)))
    assert "icc_profile" not in result.info
    inner = result.getexif().get_ifd(ExifTags.IFD.Exif)
    assert inner[ExifTags.Base.ColorSpace] == 1
    assert b"R03" not in written(data, target)


@pytest.mark.parametrize("target", TARGETS)
def test_grey_values_keep_their_gamma(target: str) -> None:
    if codec(target).extra:
        pytest.importorskip("pillow_heif", reason="HEIC: [heic]")
    grey = picture()[:, :, :1]
    rows = b"".join(b"\0" + row.tobytes() for row in grey)
    data = samples.raw_png(64, 40, 8, 0, rows, gama(100000))
    result = written(data, target)
    wanted = on_screen(np.repeat(grey, 3, 2), SRGB_POINTS, power(1.0))
    assert np.abs(as_read(result) - wanted).mean() < (1 if codec(target).can_lossless else 2)
    assert opened(result).mode == ("L" if target == "png" else "RGB")


def test_a_damaged_profile_of_grey_values_says_nothing_and_one_of_inks_is_refused() -> None:
    grey = Image.fromarray(samples.picture()).convert("L")
    photo = codecs.decode(
        samples.save(grey, "jpeg", quality=100, icc_profile=profiles.grey_icc(1.0).replace(b"kTRC", b"xTRC"))
    )
    assert np.abs(photo.pixels[:, :, 0].astype(int) - np.asarray(grey)).max() <= 2
    assert "icc_profile" not in Image.open(io.BytesIO(codecs.encode(photo.pixels, like=photo))).info
    inks = samples.save(grey.convert("CMYK"), "jpeg", icc_profile=profiles.cmyk_icc().replace(b"A2B0", b"A2X0"))
    with pytest.raises(PhotoError, match="CMYK with a damaged colour profile"):
        codecs.decode(inks)


@pytest.mark.parametrize(
    "chunks",
    [cicp(9, 16, 0, 1), cicp(9, 18, 0, 1), cicp(1, 16, 0, 1), iccp(P3_ICC) + cicp(9, 16, 0, 1)],
    ids=["PQ", "HLG", "PQ of BT.709", "PQ over iCCP"],
)
def test_hdr_is_refused_by_its_name(chunks: bytes) -> None:
    data = replace(P3, chunks=chunks).file(picture())
    with pytest.raises(PhotoError, match=r"HDR colours \((PQ|HLG) of ITU-R BT.2100\).*ordinary brightness"):
        codecs.decode(data)


def test_hdr_is_refused_where_a_profile_says_it() -> None:
    icc = shaper_icc(P3_POINTS, SRGB_CURVE, 4, cicp=b"cicp\0\0\0\0" + bytes((9, 16, 0, 1)))
    for format_name in ("jpeg", "webp", "tiff", "avif"):
        with pytest.raises(PhotoError, match="HDR colours"):
            codecs.decode(samples.save(picture(), format_name, icc_profile=icc))


@pytest.mark.parametrize("chunk", [cicp(1, 13, 0, 0), cicp(12, 9, 0, 1), cicp(50, 13, 0, 1)])
def test_unknown_code_points_are_refused(chunk: bytes) -> None:
    with pytest.raises(PhotoError, match=r"colours of unknown kind|video range"):
        codecs.decode(replace(P3, chunks=chunk).file(picture()))


def test_chunks_that_say_nothing_are_left_out() -> None:
    """Thirty-two bytes of primaries are room for a name."""
    hidden = png_chunk(b"cHRM", b"Jane Doe, Home Street 7, 01234567")
    hidden += png_chunk(b"cHRM", b"Jane Doe, Home Street 7, 0123456") + png_chunk(b"gAMA", b"Jane")
    hidden += png_chunk(b"sRGB", b"Jane") + png_chunk(b"cICP", b"Jane")
    data = replace(SRGB, chunks=hidden).file(picture())
    for policy in POLICIES:
        result = written(data, "png", policy)
        assert b"Jane" not in result
        assert not {b"cHRM", b"gAMA", b"sRGB", b"cICP"} & set(chunks_of(result))


def test_primaries_of_any_numbers_are_survived() -> None:
    rng = np.random.default_rng(7)
    for scale in (10, 1000, 100_000, 2**32 - 1):
        for _ in range(60):
            numbers = rng.integers(0, scale, 8, dtype=np.uint64).astype(">u4").tobytes()
            metadata = Metadata(colour_chunks=((b"gAMA", (45455).to_bytes(4, "big")), (b"cHRM", numbers)))
            found = colour.to_write(metadata, grey=False, chunks=False)
            assert found.icc is None or ImageCms.ImageCmsProfile(io.BytesIO(found.icc))


def test_copies_of_a_profiles_texts_go_with_it() -> None:
    data = replace(P3, chunks=iccp(P3_ICC) + png_chunk(b"tEXt", b"icc:copyright\0Jane Doe")).file(picture())
    assert b"Jane" in data
    assert b"Jane" not in written(data, "png", "keep")


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("target", TARGETS)
def test_no_name_rides_along_in_a_profile(target: str, policy: str) -> None:
    if codec(target).extra:
        pytest.importorskip("pillow_heif", reason="HEIC: [heic]")
    text = b"text\0\0\0\0Jane Doe\0"
    odd = (0.62, 0.35, 0.28, 0.62, 0.16, 0.08)
    more = dict.fromkeys(("desc", "cprt", "dmnd", "dmdd", "mmod", "meta", "vcgt", "JANE"), text)
    icc = shaper_icc(odd, gamma(2.0) + b"Jane Doe", 2, **more) + b"Jane Doe"
    for format_name in ("jpeg", "png"):
        result = written(samples.save(picture(), format_name, icc_profile=icc), target, policy)
        unpacked = opened(result).info["icc_profile"]
        assert b"Jane" not in result + unpacked
        assert "Jane".encode("utf-16-be") not in result + unpacked
