"""The object that holds a resize's tables: what it refuses, and that it keeps what was checked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels.filters import axis_filter
from pixelpriv_fast.kernels.resizing import PLAIN
from tests.kernels.calls import photo

CLASSES = [kernels.get("Resampler", i) for i in kernels.implementations("Resampler")]
ROWS, COLUMNS = axis_filter(10, 5, 0, 5, "bilinear"), axis_filter(12, 4, 0, 4, "bicubic")


@pytest.mark.parametrize("made", CLASSES)
class TestEitherClass:
    def test_shows_what_it_was_made_of(self, made):
        resampler = made(ROWS, COLUMNS, *PLAIN)
        assert resampler.rows is ROWS
        assert resampler.columns is COLUMNS
        for mine, given in zip((resampler.order, resampler.gain, resampler.bias), PLAIN, strict=True):
            np.testing.assert_array_equal(mine, given)

    @pytest.mark.parametrize(
        ("to", "count", "crops"), [((10, 12), (10, 12), True), ((10, 12), (4, 7), True), ((10, 6), (10, 6), False)]
    )
    def test_identity(self, made, to, count, crops):
        axes = (axis_filter(n, t, t - c, c, "box") for n, t, c in zip((10, 12), to, count, strict=True))
        assert made(*axes, *PLAIN).identity is crops

    @pytest.mark.parametrize("size", [8, 1])
    def test_windows_outside_the_axis(self, made, size):
        with pytest.raises(ValueError, match=rf"rows: window \d starts at \d with \d taps on an axis of {size}"):
            made(replace(ROWS, size=size), COLUMNS, *PLAIN)

    def test_windows_that_do_not_start_in_order(self, made):
        starts = ROWS.starts.copy()
        starts[1:3] = starts[2:0:-1]
        with pytest.raises(ValueError, match="rows: window 2"):
            made(replace(ROWS, starts=starts), COLUMNS, *PLAIN)
        with pytest.raises(ValueError, match="columns: window 0 starts at -1"):
            made(ROWS, replace(COLUMNS, starts=COLUMNS.starts - 1), *PLAIN)

    def test_tables_that_do_not_go_together(self, made):
        for wrong in ({"fixed": ROWS.fixed[:, :-1].copy()}, {"fixed": ROWS.fixed[:-1]}, {"starts": ROWS.starts[:-1]}):
            with pytest.raises(ValueError, match="rows"):
                made(replace(ROWS, **wrong), COLUMNS, *PLAIN)

    def test_channels(self, made):
        order, gain, bias = PLAIN
        with pytest.raises(ValueError, match="permutation"):
            made(ROWS, COLUMNS, np.array([0, 0, 2], np.int32), gain, bias)
        with pytest.raises(ValueError, match="bias has shape"):
            made(ROWS, COLUMNS, order, gain, bias[:2])


@pytest.mark.skipif(len(CLASSES) < 2, reason="the extension is not built")
class TestNative:
    @pytest.mark.parametrize("name", ["starts", "weights", "fixed"])
    def test_tables_of_another_kind_are_refused(self, name):
        table = getattr(ROWS, name)
        for wrong in (table.astype(np.float64), table[::-1], table.tolist()):
            with pytest.raises(TypeError, match=f"rows.{name} is not a C-contiguous array"):
                kernels.get("Resampler", "native")(replace(ROWS, **{name: wrong}), COLUMNS, *PLAIN)

    def test_tables_that_change_later_change_nothing(self):
        starts, start = ROWS.starts.copy(), photo(10, 12)
        resampler = kernels.get("Resampler", "native")(replace(ROWS, starts=starts), COLUMNS, *PLAIN)
        want = kernels.get("resize_u8", "native")(start, resampler)
        starts[:] = 2**30
        np.testing.assert_array_equal(kernels.get("resize_u8", "native")(start, resampler), want)
