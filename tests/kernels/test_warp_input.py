"""The warp into a classifier's input, against the warp of 8 bits."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import axis_filter
from tests.kernels.test_warp import SIZES, candidates, photo_of

IMPLEMENTATIONS = kernels.implementations("warp_input")
ORDER = np.array([2, 0, 1], np.int32)
GAIN, BIAS = np.array([0.017, 0.02, 0.0178], np.float32), np.array([-2.1, -2.0, -1.8], np.float32)


def crop(size, corner=(0, 0), window=None, gain=GAIN, bias=BIAS) -> kernels.Resampler:
    axes = [axis_filter(n, n, at, kept, "box") for n, at, kept in zip(size, corner, window or size, strict=True)]
    return kernels.Resampler(*axes, ORDER, np.array(gain, np.float32), np.array(bias, np.float32))


def empty(n: int, rows: int, columns: int) -> np.ndarray:
    return np.full((n, 3, rows, columns), np.nan, np.float32)


def expected(levels: np.ndarray, gain: np.ndarray = GAIN, bias: np.ndarray = BIAS) -> np.ndarray:
    """Levels (n, h, w, 3) in RGB as the input holds them."""
    return (levels[..., ORDER].astype(np.float32) * gain + bias).transpose(0, 3, 1, 2)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestValues:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("edge", ["soft", "hard"])
    def test_whole_photos(self, implementation, size, edge):
        photo, parameters = photo_of(*size), candidates(*size)
        out = empty(len(parameters), *size)
        kernels.get("warp_input", implementation)(photo, parameters, crop(size), out, edge, 31)
        np.testing.assert_array_equal(out, expected(kernels.get("warp_u8", "reference")(photo, parameters, edge, 31)))

    @pytest.mark.parametrize(
        ("corner", "window"), [((0, 0), (50, 300)), ((3, 10), (32, 41)), ((7, 129), (20, 171)), ((49, 299), (1, 1))]
    )
    def test_windows(self, implementation, corner, window):
        photo, parameters = photo_of(50, 300), candidates(50, 300)
        out = empty(len(parameters), *window)
        kernels.get("warp_input", implementation)(photo, parameters, crop((50, 300), corner, window), out, fill=5)
        (top, left), (rows, columns) = corner, window
        warped = kernels.get("warp_u8", "reference")(photo, parameters, fill=5)
        np.testing.assert_array_equal(out, expected(warped[:, top : top + rows, left : left + columns]))

    def test_gains_of_every_size(self, implementation):
        """All 256 levels, scaled from below float32's smallest normal number to near its largest."""
        photo = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, 2)
        random = np.random.default_rng(5)
        rows = [[2.0**-149] * 3, [1.3343e36, 1.329e36, 1e36], *(10.0 ** random.uniform(-9, 5, (40, 3))).tolist()]
        for row in rows:
            for sign in (1, -1):
                gain = np.array(row, np.float32) * np.float32(sign)
                bias = (gain * random.choice([0.0, -0.5, -1.0, -100.0], 3)).astype(np.float32)
                out = empty(1, 16, 16)
                reads = crop((16, 16), gain=gain, bias=bias)
                kernels.get("warp_input", implementation)(photo, np.zeros((1, 3)), reads, out)
                np.testing.assert_array_equal(out, expected(photo[None], gain, bias))


@pytest.mark.parametrize("threads", [2, 3, 1000])
def test_threads_do_not_change_the_result(threads):
    photo, parameters = photo_of(61, 43), candidates(61, 43)
    out, alone = (empty(len(parameters), 61, 43) for _ in range(2))
    for target, count in ((out, threads), (alone, 1)):
        kernels.warp_input(photo, parameters, crop((61, 43)), target, threads=count)
    np.testing.assert_array_equal(out, alone)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestRefusals:
    def call(self, implementation, out, resampler=None):
        reads = crop((8, 9)) if resampler is None else resampler
        kernels.get("warp_input", implementation)(photo_of(8, 9), np.zeros((1, 3)), reads, out)

    @pytest.mark.parametrize("shape", [(1, 8, 9, 3), (2, 3, 8, 9), (3, 8, 9), (1, 3, 8, 8)])
    def test_shapes(self, implementation, shape):
        with pytest.raises(ValueError, match=r"out has shape .*expected \(1, 3, 8, 9\)"):
            self.call(implementation, np.empty(shape, np.float32))

    @pytest.mark.parametrize("dtype", [np.float64, np.float16, np.uint16, np.dtype(">f4")])
    def test_dtypes(self, implementation, dtype):
        with pytest.raises(TypeError):
            self.call(implementation, np.empty((1, 3, 8, 9), dtype))

    def test_photos_of_another_size(self, implementation):
        with pytest.raises(ValueError, match="photo has shape"):
            self.call(implementation, np.empty((1, 3, 8, 8), np.float32), crop((8, 8)))

    def test_resizes(self, implementation):
        rows, columns = axis_filter(8, 4, 0, 4, "box"), axis_filter(9, 9, 0, 9, "box")
        with pytest.raises(ValueError, match="crops at most"):
            self.call(
                implementation, np.empty((1, 3, 4, 9), np.float32), kernels.Resampler(rows, columns, ORDER, GAIN, BIAS)
            )

    def test_values(self, implementation):
        out = np.empty((1, 3, 8, 9), np.float32)
        with pytest.raises(ValueError, match=r"gain holds inf"):
            self.call(implementation, out, crop((8, 9), gain=(1, float("inf"), 1)))
        with pytest.raises(ValueError, match=r"bias holds nan"):
            self.call(implementation, out, crop((8, 9), bias=(1, 0, float("nan"))))


@pytest.mark.skipif("native" not in IMPLEMENTATIONS, reason="the extension is not built")
def test_native_writes_nothing_else():
    """The window's own memory alone: what stands before and behind it stays."""
    photo, parameters = photo_of(37, 150), candidates(37, 150)
    room = empty(len(parameters) + 2, 37, 150)
    kernels.get("warp_input", "native")(photo, parameters, crop((37, 150)), room[1:-1])
    assert np.isnan(room[[0, -1]]).all()
    assert not np.isnan(room[1:-1]).any()
