"""The warp into a classifier's input: every number format and layout, against the warp of 8 bits and PyTorch's rounding."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pixelpriv_fast import kernels
from tests.kernels.test_warp import SIZES, candidates, photo_of

IMPLEMENTATIONS = kernels.implementations("warp_input")
NUMBERS = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
DTYPES = {"fp32": np.float32, "fp16": np.float16, "bf16": np.uint16}
LAYOUTS = ["NCHW", "NHWC"]
ORDER = np.array([2, 0, 1], np.int32)
GAIN, BIAS = np.array([0.017, 0.02, 0.0178], np.float32), np.array([-2.1, -2.0, -1.8], np.float32)


def empty(n: int, rows: int, columns: int, number: str, layout: str) -> np.ndarray:
    shape = (n, 3, rows, columns) if layout == "NCHW" else (n, rows, columns, 3)
    out = np.empty(shape, DTYPES[number])
    out.view(np.uint8)[...] = 0xFF  # NaN in each format
    return out


def expected(levels: np.ndarray, gain: np.ndarray, bias: np.ndarray, number: str, layout: str) -> np.ndarray:
    """Levels (n, h, w, 3) in RGB as PyTorch makes the input of them; the bits."""
    values = levels[..., ORDER].astype(np.float32) * gain + bias
    if layout == "NCHW":
        values = values.transpose(0, 3, 1, 2)
    bits = torch.from_numpy(np.ascontiguousarray(values)).to(NUMBERS[number])
    return bits.view(torch.int32 if number == "fp32" else torch.int16).numpy()


def bits(out: np.ndarray) -> np.ndarray:
    return out.view(np.int32 if out.dtype == np.float32 else np.int16)


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("layout", LAYOUTS)
class TestEveryForm:
    @pytest.mark.parametrize("size", SIZES)
    @pytest.mark.parametrize("edge", ["soft", "hard"])
    def test_whole_photos(self, implementation, number, layout, size, edge):
        photo, parameters = photo_of(*size), candidates(*size)
        out = empty(len(parameters), *size, number, layout)
        kernels.get("warp_input", implementation)(photo, parameters, ORDER, GAIN, BIAS, out, layout, edge=edge, fill=31)
        warped = kernels.get("warp_u8", "reference")(photo, parameters, edge, 31)
        assert np.array_equal(bits(out), expected(warped, GAIN, BIAS, number, layout))

    @pytest.mark.parametrize(
        ("corner", "window"), [((0, 0), (50, 300)), ((3, 10), (32, 41)), ((7, 129), (20, 171)), ((49, 299), (1, 1))]
    )
    def test_windows(self, implementation, number, layout, corner, window):
        photo, parameters = photo_of(50, 300), candidates(50, 300)
        out = empty(len(parameters), *window, number, layout)
        kernels.get("warp_input", implementation)(photo, parameters, ORDER, GAIN, BIAS, out, layout, *corner, fill=5)
        (top, left), (rows, columns) = corner, window
        warped = kernels.get("warp_u8", "reference")(photo, parameters, fill=5)
        cut = warped[:, top : top + rows, left : left + columns]
        assert np.array_equal(bits(out), expected(cut, GAIN, BIAS, number, layout))

    def test_rounding_at_every_size_of_number(self, implementation, number, layout):
        """All 256 levels, scaled from below fp16's smallest number to beyond its largest: ties, signs, infinities."""
        photo = np.repeat(np.arange(256, dtype=np.uint8).reshape(16, 16, 1), 3, 2)
        random = np.random.default_rng(5)
        powers = [[2.0**-149] * 3, [2.0**-25] * 3, [2.0**-26, 3 * 2.0**-26, 2.0**-24], [2.0**-22, 5 * 2.0**-24, 1e-6]]
        powers += [
            [257.0, 256.93726, 65520 / 255],
            [1.3343e36, 1.329e36, 1e36],
            [1 + 2.0**-8, 1 + 3 * 2.0**-9, 1 + 2.0**-11],
        ]
        powers += (10.0 ** random.uniform(-9, 5, (40, 3))).tolist()
        for row in powers:
            for sign in (1, -1):
                gain = np.array(row, np.float32) * np.float32(sign)
                bias = (gain * random.choice([0.0, -0.5, -1.0, -100.0], 3)).astype(np.float32)
                out = empty(1, 16, 16, number, layout)
                kernels.get("warp_input", implementation)(photo, np.zeros((1, 3)), ORDER, gain, bias, out, layout)
                assert np.array_equal(bits(out), expected(photo[None], gain, bias, number, layout)), row


@pytest.mark.parametrize("threads", [2, 3, 1000])
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_threads_do_not_change_the_result(threads, number, layout):
    photo, parameters = photo_of(61, 43), candidates(61, 43)
    out, alone = (empty(len(parameters), 61, 43, number, layout) for _ in range(2))
    for target, count in ((out, threads), (alone, 1)):
        kernels.get("warp_input")(photo, parameters, ORDER, GAIN, BIAS, target, layout, threads=count)
    assert np.array_equal(bits(out), bits(alone))


@pytest.mark.parametrize("implementation", IMPLEMENTATIONS)
class TestRefusals:
    def call(self, implementation, out, layout="NCHW", corner=(0, 0), order=(0, 1, 2), gain=(1, 1, 1), bias=(0, 0, 0)):
        channels = np.array(order, np.int32), np.array(gain, np.float32), np.array(bias, np.float32)
        kernels.get("warp_input", implementation)(photo_of(8, 9), np.zeros((1, 3)), *channels, out, layout, *corner)

    @pytest.mark.parametrize(
        ("shape", "layout", "corner"),
        [
            ((1, 3, 8, 9), "NCHW", (1, 0)),
            ((1, 3, 8, 8), "NCHW", (0, -1)),
            ((1, 8, 9, 3), "NHWC", (0, 1)),
            ((1, 9, 9, 3), "NHWC", (0, 0)),
        ],
    )
    def test_windows(self, implementation, shape, layout, corner):
        with pytest.raises(ValueError, match="window of out"):
            self.call(implementation, np.empty(shape, np.float32), layout, corner)

    @pytest.mark.parametrize(
        ("shape", "layout", "wanted"),
        [
            ((1, 8, 9, 3), "NCHW", r"\(1, 3, any, any\)"),
            ((1, 3, 8, 9), "NHWC", r"\(1, any, any, 3\)"),
            ((2, 3, 8, 9), "NCHW", r"\(1, 3, any, any\)"),
            ((3, 8, 9), "NCHW", r"\(1, 3, any, any\)"),
            ((1, 8, 9, 4), "NHWC", r"\(1, any, any, 3\)"),
        ],
    )
    def test_shapes(self, implementation, shape, layout, wanted):
        with pytest.raises(ValueError, match=rf"out has shape .*expected {wanted}"):
            self.call(implementation, np.empty(shape, np.float16), layout)

    @pytest.mark.parametrize("dtype", [np.float64, np.int16, np.uint8, np.dtype(">f4"), np.dtype(">f2"), ">u2"])
    def test_dtypes(self, implementation, dtype):
        with pytest.raises(TypeError, match=r"out has dtype .*float32, float16, or uint16"):
            self.call(implementation, np.empty((1, 3, 8, 9), dtype))

    def test_values(self, implementation):
        out = np.empty((1, 3, 8, 9), np.float32)
        with pytest.raises(ValueError, match="layout is 'CHWN', expected 'NCHW' or 'NHWC'"):
            self.call(implementation, out, "CHWN")
        with pytest.raises(ValueError, match="order"):
            self.call(implementation, out, order=(0, 1, 1))
        with pytest.raises(ValueError, match=r"gain holds inf"):
            self.call(implementation, out, gain=(1, float("inf"), 1))
        with pytest.raises(ValueError, match=r"bias holds nan"):
            self.call(implementation, out, bias=(1, 0, float("nan")))


@pytest.mark.skipif("native" not in IMPLEMENTATIONS, reason="the extension is not built")
@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_native_writes_nothing_else(number, layout):
    """The window's own memory alone: what stands before and behind it stays."""
    photo, parameters = photo_of(37, 150), candidates(37, 150)
    room = empty(len(parameters) + 2, 37, 150, number, layout)
    kernels.get("warp_input", "native")(photo, parameters, ORDER, GAIN, BIAS, room[1:-1], layout)
    assert (bits(room[[0, -1]]) == -1).all()
    assert (bits(room[1:-1]) != -1).all()
