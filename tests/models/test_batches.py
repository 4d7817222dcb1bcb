"""CompiledBatches of a fixed size."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast.models import equal_batch, in_batches


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 8])
def test_every_pass_is_full_and_results_keep_their_order(rows):
    passes = []

    def run(x, y):
        passes.append(x.shape)
        return x * 10 + y, y

    x, y = np.arange(rows), np.arange(rows) % 3
    both, same = in_batches(run, 4, x, y)
    np.testing.assert_array_equal(both, x * 10 + y)
    np.testing.assert_array_equal(same, y)
    assert passes == [(4,)] * -(-rows // 4)


@pytest.mark.parametrize("max_batch", [1, 3, 4, 8])
def test_passes_are_as_few_and_as_small_as_they_can_be(max_batch):
    for batch in range(1, 40):
        size = equal_batch(batch, max_batch)
        passes = next(n for n in range(1, batch + 1) if n * max_batch >= batch)
        assert size <= max_batch
        assert size * passes >= batch > (size - 1) * passes
    assert equal_batch(40, None) == 40
