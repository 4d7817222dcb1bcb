"""SSIMULACRA 2: the Python package as the oracle, the numpy twin, edges of the domain."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from pixelpriv_fast import kernels, metrics
from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.kernels.reference.ssimulacra2 import WEIGHTS
from pixelpriv_fast.metrics.ssimulacra2 import SSIMULACRA2, figure_of
from tests.scenes import encoded, scene

Photo = np.ndarray
IMPLEMENTATIONS = kernels.implementations("ssimulacra2")
SIZES = [(256, 256), (255, 173), (40, 37), (24, 8), (190, 301)]  # width, height


def noisy(photo: Photo, levels: int) -> Photo:
    noise = np.random.default_rng(levels).integers(-levels, levels + 1, photo.shape)
    return (photo + noise).clip(0, 255).astype(np.uint8)


def saved(photo: Photo, quality: int) -> Photo:
    return np.asarray(Image.open(io.BytesIO(encoded(photo, "JPEG", quality=quality))))


def smaller(photo: Photo) -> Photo:
    height, width = photo.shape[:2]
    image = Image.fromarray(photo).resize((width * 2 // 3, height * 2 // 3), Image.Resampling.LANCZOS)
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


CHANGES: dict[str, Callable[[Photo], Photo]] = {
    "noise of a level": lambda photo: noisy(photo, 1),
    "noise": lambda photo: noisy(photo, 9),
    "JPEG 95": lambda photo: saved(photo, 95),
    "JPEG 60": lambda photo: saved(photo, 60),
    "JPEG 8": lambda photo: saved(photo, 8),
    "blur": lambda photo: np.asarray(Image.fromarray(photo).filter(ImageFilter.GaussianBlur(1.2))),
    "resize": smaller,
    "grey": lambda photo: np.repeat(photo[..., 1:2], 3, axis=2),
    "lighter": lambda photo: (255 * (photo / 255) ** 0.9).round().astype(np.uint8),
    "a shift": lambda photo: np.roll(photo, 1, axis=1),
}


def oracle(original: Photo, result: Photo) -> float:
    package = pytest.importorskip("ssimulacra2", reason="the oracle of the metric: [dev]")
    return float(package.compute_ssimulacra2(io.BytesIO(encoded(original)), io.BytesIO(encoded(result))))


def figure(implementation: str, original: Photo, result: Photo, weights: np.ndarray = WEIGHTS) -> float:
    return figure_of(kernels.get("ssimulacra2", implementation)(original, result, weights))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("size", [(8, 8), (9, 40), (15, 16), (31, 33), (67, 101), (128, 64), (261, 275)], ids=str)
@pytest.mark.parametrize("change", CHANGES)
def test_equals_the_package(implementation: str, size: tuple[int, int], change: str) -> None:
    original = scene(*size)
    result = CHANGES[change](original)
    assert figure(implementation, original, result) == pytest.approx(oracle(original, result), abs=0.01)


def test_equals_the_package_on_fifty_pairs_of_real_photos(photos: Path) -> None:
    files = [*sorted((photos / "kodak").glob("*.png"))[:5], *sorted((photos / "sun").glob("*/*.jpg"))[::15][:45]]
    assert len(files) == 50
    seen = []
    for number, (file, size) in enumerate(zip(files, 10 * SIZES, strict=True)):
        with Image.open(file) as image:
            original = np.asarray(image.convert("L" if number % 9 == 8 else "RGB").convert("RGB").resize(size))
        result = list(CHANGES.values())[number % 7](original)
        seen.append(SSIMULACRA2()(result, original))
        assert seen[-1] == pytest.approx(oracle(original, result), abs=0.1), file
    assert min(seen) < 30
    assert max(seen) > 90


@pytest.mark.parametrize("level", [0, 1, 128, 255])
def test_equals_the_package_on_constant_photos(level: int) -> None:
    flat = np.full((40, 50, 3), level, np.uint8)
    for other in (flat, flat ^ 1, 255 - flat):
        assert SSIMULACRA2()(other, flat) == pytest.approx(oracle(flat, other), abs=0.01)


def test_golden_figures() -> None:
    """Computed with the Python package ssimulacra2 0.3.0, which computes in float64; nothing but numpy made the photos."""
    y, x = np.mgrid[:200, :300]
    photo = np.stack([128 + 100 * np.sin(x / (9 + c)) * np.cos(y / 7) for c in range(3)], 2).astype(np.uint8)
    golden = {
        "last bits": (photo ^ 1, 92.8769),
        "16 levels": (photo & 0xF0, 63.4838),
        "a shift": (np.roll(photo, 1, axis=0), 0.4163),
        "red for blue": (photo[:, :, ::-1], -60.0629),
        "negative": (255 - photo, -3483.5886),
    }
    for name, (result, expected) in golden.items():
        assert SSIMULACRA2()(result, photo) == pytest.approx(expected, abs=0.01), name


@pytest.mark.skipif("native" not in IMPLEMENTATIONS, reason="the extension is not built")
class TestNative:
    def test_every_norm_is_the_definitions(self) -> None:
        """One weight at a time; four scales, so that the last weights count nothing."""
        a, b = scene(65, 72), noisy(scene(65, 72), 9)
        native, reference = kernels.get("ssimulacra2", "native"), kernels.get("ssimulacra2", "reference")
        norms = [reference(a, b, weights) for weights in np.eye(108)]
        assert np.count_nonzero(norms) == 3 * 4 * 6
        assert [native(a, b, weights) for weights in np.eye(108)] == pytest.approx(norms, rel=1e-4, abs=1e-6)
        assert native(a, b, np.ones(108)) == pytest.approx(sum(norms), rel=1e-5)

    @pytest.mark.parametrize("scale", range(6))
    def test_every_scale_is_the_definitions(self, scale: int) -> None:
        a, b = scene(256, 260), noisy(scene(256, 260), 60)
        weights = np.zeros((3, 6, 6))
        weights[:, scale] = np.random.default_rng(scale).random((3, 6))
        answers = [kernels.get("ssimulacra2", name)(a, b, weights.ravel()) for name in ("native", "reference")]
        assert answers[0] == pytest.approx(answers[1], rel=1e-4)
        assert answers[1] > 0.01

    @pytest.mark.parametrize("size", [(8, 1000), (1000, 8), (300, 513), (513, 256), (129, 257)], ids=str)
    def test_tiles_and_threads_leave_no_seams(self, size: tuple[int, int]) -> None:
        original = scene(*size)
        result = noisy(original, 3)
        figures = [SSIMULACRA2(threads)(result, original) for threads in (1, 2, 3, 16)]
        assert len(set(figures)) == 1
        assert figures[0] == pytest.approx(figure("reference", original, result), abs=0.01)


def test_equal_photos_give_100_and_one_level_nearly() -> None:
    photo = scene(200, 300)
    assert SSIMULACRA2()(photo, photo.copy()) == 100.0
    other = photo.copy()
    other[100, 150, 1] ^= 1
    assert 99 < SSIMULACRA2()(other, photo) < 100


def test_more_noise_is_lower_and_may_be_negative() -> None:
    photo = scene(160, 160)
    figures = [SSIMULACRA2()(noisy(photo, levels), photo) for levels in (1, 3, 9, 27, 81)]
    assert figures == sorted(figures, reverse=True)
    assert SSIMULACRA2()(255 - photo, photo) < 0
    assert SSIMULACRA2.range == (-math.inf, 100.0)


def test_the_original_is_the_one_whose_edges_are_lost() -> None:
    """A blurred photo and its original are not as far apart in either order."""
    sharp = noisy(scene(128, 128), 30)
    blurred = CHANGES["blur"](sharp)
    lost, gained = SSIMULACRA2()(blurred, sharp), SSIMULACRA2()(sharp, blurred)
    assert lost == pytest.approx(oracle(sharp, blurred), abs=0.01)
    assert abs(lost - gained) > 1


@pytest.mark.parametrize("size", [(7, 200), (200, 7), (1, 1)], ids=str)
def test_photos_under_eight_pixels_have_no_figure(size: tuple[int, int]) -> None:
    photo = scene(*size)
    with pytest.raises(PhotoError, match=rf"photo of {size[1]}x{size[0]} is smaller than the 8x8 .*; use ssim"):
        SSIMULACRA2()(photo, photo)
    assert metrics.figure(SSIMULACRA2(), photo, photo) is None
    assert metrics.figure(SSIMULACRA2(), scene(8, 8), scene(8, 8)) == 100.0


def test_refuses_other_shapes_and_dtypes() -> None:
    photo = scene(20, 30)
    with pytest.raises(UsageError, match=r"ssimulacra2: .*\(20, 30, 3\).*\(20, 29, 3\)"):
        SSIMULACRA2()(photo, photo[:, 1:])
    for implementation in IMPLEMENTATIONS:
        kernel = kernels.get("ssimulacra2", implementation)
        with pytest.raises(ValueError, match="b has shape"):
            kernel(photo, photo[:-1].copy(), WEIGHTS)
        with pytest.raises(ValueError, match="weights has shape"):
            kernel(photo, photo, WEIGHTS[1:].copy())
        with pytest.raises(TypeError):
            kernel(photo.astype(np.float32), photo, WEIGHTS)
