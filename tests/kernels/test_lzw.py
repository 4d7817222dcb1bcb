"""TIFF's LZW: both twins undo what libtiff writes, and neither reads or writes past its ends."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast import kernels


def packed_by_libtiff(values: np.ndarray) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(values).save(out, "TIFF", compression="tiff_lzw", tiffinfo={278: values.shape[0]})
    opened = Image.open(io.BytesIO(out.getvalue()))
    (at,), (count,) = opened.tag_v2[273], opened.tag_v2[279]
    return np.frombuffer(out.getvalue()[at : at + count], np.uint8)


@pytest.mark.parametrize("kind", ["noise", "flat", "ramp", "two levels"])
@pytest.mark.parametrize("implementation", kernels.implementations("unpack_lzw"))
def test_undoes_libtiff(implementation: str, kind: str) -> None:
    rng = np.random.default_rng(5)
    values = {
        "noise": rng.integers(0, 256, (120, 150)),
        "flat": np.full((300, 300), 9),
        "ramp": np.add.outer(np.arange(200), np.arange(200)) // 2,
        "two levels": rng.integers(0, 2, (250, 250)) * 255,
    }[kind].astype(np.uint8)
    packed = packed_by_libtiff(values)
    unpack = kernels.get("unpack_lzw", implementation)
    assert np.array_equal(unpack(packed, values.size), values.ravel())
    assert np.array_equal(unpack(packed, 37), values.ravel()[:37])
    with pytest.raises(ValueError, match=f"ends after {values.size} of {values.size + 1} bytes"):
        unpack(packed, values.size + 1)


def test_twins_agree_on_damage() -> None:
    rng = np.random.default_rng(6)
    good = packed_by_libtiff(rng.integers(0, 8, (40, 40)).astype(np.uint8))
    for _ in range(500):
        bad = good.copy()
        bad[rng.integers(0, len(bad), rng.integers(1, 5))] = rng.integers(0, 256)
        bad = bad[: rng.integers(0, len(bad) + 1)]
        outcomes = []
        for implementation in kernels.implementations("unpack_lzw"):
            try:
                outcomes.append(kernels.get("unpack_lzw", implementation)(bad, 1600).tobytes())
            except ValueError as error:
                outcomes.append(str(error))
        assert all(outcome == outcomes[0] for outcome in outcomes)


@pytest.mark.parametrize(("packed", "size"), [(np.zeros((2, 2), np.uint8), 4), (np.zeros(4, np.uint8), -1)])
def test_arguments_that_do_not_fit(packed: np.ndarray, size: int) -> None:
    with pytest.raises(ValueError, match=r"packed has shape \(2, 2\)|size is -1"):
        kernels.get("unpack_lzw", "native")(packed, size)
