"""Every kernel on arrays of every kind: odd, tiny and huge ones, read-only ones, and those that must be refused.

The sanitisers' builds (``.ci/sanitize``) run these too: there a byte read or written outside an array ends the test.
"""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import AxisFilter, axis_filter
from pixelpriv_fast.kernels.resizing import PLAIN
from tests.kernels.calls import BIAS, GAIN, ORDER, Call, call_of, photo, resampler, whole

#: Heights and widths around the sizes at which loops, vectors and blocks begin and end.
SIZES = [(1, 1), (1, 2), (2, 1), (3, 2), (5, 7), (1, 257), (263, 1), (8, 8), (17, 31), (16, 129), (67, 33), (130, 171)]
COMPILED = [(name, i) for name in kernels.KERNELS for i in kernels.implementations(name) if i != "reference"]
NATIVE = [name for name, implementation in COMPILED if implementation == "native"]


def arrays(call: Call) -> list[int]:
    return [i for i, argument in enumerate(call.arguments) if isinstance(argument, np.ndarray)]


def changed(call: Call, index: int, value: object) -> list[object]:
    return [value if i == index else argument for i, argument in enumerate(call.arguments)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize(("name", "implementation"), COMPILED)
def test_twins_agree_at_odd_and_tiny_sizes(name, implementation, size):
    call = call_of(name, *size)
    call.compare(call.answer(kernels.get(name, implementation)), call.answer(kernels.get(name, "reference")))


@pytest.mark.parametrize("name", NATIVE)
def test_read_only_arrays_are_read_and_never_written(name):
    call = call_of(name, 17, 31)
    kernel = kernels.get(name, "native")
    want = call.answer(kernel)
    for index in arrays(call):
        frozen = call.arguments[index].copy()
        frozen.flags.writeable = False
        if index in call.written:
            with pytest.raises(ValueError, match="read-only"):
                kernel(*changed(call, index, frozen))
        else:
            before = frozen.copy()
            call_frozen = Call(tuple(changed(call, index, frozen)), call.written)
            call_frozen.compare(call_frozen.answer(kernel), want)
            np.testing.assert_array_equal(frozen, before)


def strided(array: np.ndarray) -> np.ndarray:
    """The same values, each followed by another one."""
    spread = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    spread[..., ::2] = array
    return spread[..., ::2]


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("made", [strided, np.asfortranarray, lambda a: a[::-1], lambda a: a.astype(np.complex64)])
def test_arrays_that_would_have_to_be_copied_are_refused(name, made):
    call = call_of(name, 17, 31)
    for index in arrays(call):
        other = made(call.arguments[index])
        if other.flags.c_contiguous and other.dtype == call.arguments[index].dtype:
            continue  # a vector has one order only
        with pytest.raises(TypeError):
            kernels.get(name, "native")(*changed(call, index, other))


@pytest.mark.parametrize("name", NATIVE)
def test_arrays_of_other_shapes_are_refused(name):
    """One axis too many, one too few, or no values at all: a ValueError or TypeError, never a read outside."""
    call = call_of(name, 17, 31)
    for index in arrays(call):
        array = call.arguments[index]
        for other in (array[None], array.reshape(-1), array[:0]):
            if other.shape == array.shape:
                continue
            with pytest.raises((TypeError, ValueError)):
                kernels.get(name, "native")(*changed(call, index, np.ascontiguousarray(other)))


@pytest.mark.parametrize("name", NATIVE)
def test_memory_that_is_not_aligned(name):
    """Arrays that begin one value into their memory, as a slice of a larger one does."""
    call = call_of(name, 17, 31)
    kernel = kernels.get(name, "native")
    shifted = []
    for argument in call.arguments:
        if isinstance(argument, np.ndarray):
            room = np.empty(argument.size + 1, argument.dtype)
            room[1:] = argument.ravel()
            argument = room[1:].reshape(argument.shape)
        shifted.append(argument)
    moved = Call(tuple(shifted), call.written)
    moved.compare(moved.answer(kernel), call.answer(kernel))


def free_bytes() -> int:
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 0


#: More than 2**31 samples: a 32-bit index would be negative here.
HUGE = (23_171, 30_899)
needs_memory = pytest.mark.skipif(free_bytes() < 12 * 2**30, reason="needs 12 GiB of free memory")


@pytest.fixture(scope="module")
def huge() -> np.ndarray:
    """A black photo whose last rows are not: memory that is never written costs nothing."""
    pixels = np.zeros((*HUGE, 3), np.uint8)
    pixels[-64:] = photo(64, HUGE[1])
    return pixels


@pytest.mark.slow
@needs_memory
@pytest.mark.skipif("native" not in kernels.implementations("resize_u8"), reason="the extension is not built")
class TestMoreThanTwoBillionSamples:
    def axes(self) -> list[AxisFilter]:
        return [axis_filter(n, to, to - 5, 5, "bilinear") for n, to in zip(HUGE, (2000, 2500), strict=True)]

    def last_rows(self, rows: AxisFilter) -> AxisFilter:
        """The same table for the part of the photo that is read."""
        first = int(rows.starts[0])
        return replace(rows, size=rows.size - first, starts=rows.starts - first)

    def test_resize(self, huge):
        """The last outputs of a huge photo are those of its last rows alone."""
        rows, columns = self.axes()
        got = kernels.get("resize_u8", "native")(huge, kernels.Resampler(rows, columns, *PLAIN))
        part = np.ascontiguousarray(huge[rows.starts[0] :])
        want = kernels.get("resize_u8", "reference")(part, kernels.Resampler(self.last_rows(rows), columns, *PLAIN))
        np.testing.assert_array_equal(got, want)
        assert got.max() > 0

    def test_largest_change(self, huge):
        other = np.zeros_like(huge)
        other[-1, -1] = 255 - huge[-1, -1]
        change = kernels.get("largest_change", "native")
        assert change(huge, other) == max(huge[-64:].max(), np.abs(huge[-1, -1].astype(int) - other[-1, -1]).max())

    def test_lift(self, huge):
        (rows, columns), wanted = self.axes(), 8 * whole(5, 5, 3)
        got = kernels.get("lift", "native")(huge, wanted, kernels.Resampler(rows, columns, *PLAIN), 8, 1, 2)
        first = int(rows.starts[0])
        part = np.ascontiguousarray(huge[first:])
        want = kernels.get("lift", "native")(
            part, wanted, kernels.Resampler(self.last_rows(rows), columns, *PLAIN), 8, 1
        )
        np.testing.assert_array_equal(got[first:], want)
        assert not got[:first:97].any()
        assert (got[first:] != part).any()


@pytest.mark.parametrize(
    "name", ["half_luminance", "exposure_samples", "blend_exposure", "ssim", "ssimulacra2", "lift", "cartoon_filter"]
)
def test_sides_that_32_bits_cannot_count_are_refused(name):
    call = call_of(name, 5, 7)
    endless = np.zeros((2**28 + 1, 1, 3), np.uint8)  # memory that is never written costs nothing
    with pytest.raises(ValueError, match="sides of at most"):
        kernels.get(name, "native")(endless, *call.arguments[1:])


@pytest.mark.parametrize("threads", [0, -3, 1000])
def test_odd_numbers_of_threads(threads):
    call = call_of("lift", 67, 33)
    lift = kernels.get("lift")
    np.testing.assert_array_equal(lift(*call.arguments, threads), lift(*call.arguments))


@pytest.mark.skipif("native" not in kernels.implementations("lattice_step"), reason="the extension is not built")
def test_the_longest_step_either_way():
    step = kernels.get("lattice_step", "native")
    gradient, moved = np.ones((3, 2, 2), np.float32), np.zeros((4, 4, 3), np.int8)
    for size in (-(2**31), 2**31 - 1):
        with pytest.raises(ValueError, match=f"step is {size}"):
            step(photo(4, 4), moved, gradient, resampler(4, 4), 1, size, 8)


def test_bias_has_three_values():
    with pytest.raises(ValueError, match="bias"):
        kernels.get("normalise", "native")(photo(2, 2), ORDER, GAIN, BIAS[:2].copy())
