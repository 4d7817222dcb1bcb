"""Operators that onnx's reference evaluator computes in single precision or, with groups, wrongly: here from their
definitions, in double."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from onnx.reference.op_run import OpRun

Array = npt.NDArray[Any]

exact_erf = np.vectorize(math.erf, otypes=[np.float64])


class Erf(OpRun):
    def _run(self, x: Array) -> tuple[Array]:
        return (exact_erf(x).astype(x.dtype),)


class Gelu(OpRun):
    def _run(self, x: Array, approximate: str = "none") -> tuple[Array]:
        curved = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
        bent = np.tanh(curved) if approximate == "tanh" else exact_erf(x / math.sqrt(2))
        return ((0.5 * x * (1 + bent)).astype(x.dtype),)


class Celu(OpRun):
    def _run(self, x: Array, alpha: float = 1.0) -> tuple[Array]:
        return (np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha)).astype(x.dtype),)


class ConvTranspose(OpRun):
    """Every input pixel adds its weighted kernel to the output."""

    def _run(self, x: Array, w: Array, b: Array | None = None, **rest: Any) -> tuple[Array]:
        axes = x.ndim - 2
        given = {key: value for key, value in rest.items() if value is not None}
        strides, dilations = (given.get(key, [1] * axes) for key in ("strides", "dilations"))
        group, extra = given.get("group", 1), given.get("output_padding", [0] * axes)
        full = [
            s * (n - 1) + d * (k - 1) + 1 + e
            for s, n, d, k, e in zip(strides, x.shape[2:], dilations, w.shape[2:], extra, strict=True)
        ]
        if "output_shape" in given:
            totals = [size - wanted for size, wanted in zip(full, given["output_shape"], strict=True)]
            pads = [total - total // 2 for total in totals] + [total // 2 for total in totals]
        else:
            pads = list(given.get("pads", [0] * 2 * axes))
        inputs = x.reshape(x.shape[0], group, -1, *x.shape[2:])
        weights = w.reshape(group, -1, *w.shape[1:])
        y = np.zeros((x.shape[0], group, w.shape[1], *full), x.dtype)
        for tap in product(*map(range, w.shape[2:])):
            part = np.einsum("ngi...,gio->ngo...", inputs, weights[(..., *tap)])
            places = tuple(
                slice(d * t, d * t + s * (n - 1) + 1, s)
                for d, t, s, n in zip(dilations, tap, strides, x.shape[2:], strict=True)
            )
            y[(..., *places)] += part
        y = y.reshape(x.shape[0], -1, *full)
        y = y[(..., *(slice(pads[a], full[a] - pads[axes + a]) for a in range(axes)))]
        return (y if b is None else y + b.reshape(-1, *[1] * axes),)
