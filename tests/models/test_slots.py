"""Passes of a fixed size."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.models import in_slots


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 8])
def test_every_pass_is_full_and_results_keep_their_order(rows):
    passes = []

    def run(x, y):
        passes.append(x.shape)
        return x * 10 + y, y

    x, y = np.arange(rows), np.arange(rows) % 3
    both, same = in_slots(run, 4, x, y)
    np.testing.assert_array_equal(both, x * 10 + y)
    np.testing.assert_array_equal(same, y)
    assert passes == [(4,)] * -(-rows // 4)
