"""Passes of a fixed size."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.models import in_slots, pass_size


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


@pytest.mark.parametrize("most", [1, 3, 4, 8])
def test_passes_are_as_few_and_as_small_as_they_can_be(most):
    for slots in range(1, 40):
        size = pass_size(slots, most)
        passes = next(n for n in range(1, slots + 1) if n * most >= slots)
        assert size <= most
        assert size * passes >= slots > (size - 1) * passes
    assert pass_size(40, None) == 40
