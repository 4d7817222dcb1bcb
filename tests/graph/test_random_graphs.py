"""Random small graphs: chains with branches that are joined again, in double precision against central differences."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pixelpriv_fast.graph import CONVOLUTION_FORMS, LAYOUTS, build_vjp

from .small import model, on_onnxruntime, reference

Spec = tuple[str, dict[str, Any]]

SMOOTH = ["Sigmoid", "Tanh", "Sin", "Softplus", "HardSwish", "LeakyRelu", "Relu"]


@st.composite
def layers(draw: st.DrawFn) -> list[Spec]:
    """A list of layers; each takes the value before it, a join takes an earlier one of the same shape as well."""
    kinds = st.sampled_from(["conv", "act", "pool", "affine", "join", "shuffle", "softmax", "norm", "gate"])
    specs: list[Spec] = []
    for kind in draw(st.lists(kinds, min_size=2, max_size=6)):
        if kind == "conv":
            specs.append((kind, {
                "out": draw(st.sampled_from([2, 4])),
                "group": draw(st.sampled_from([1, 2])),
                "kernel": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
                "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 2))),
                "pads": draw(st.tuples(*[st.integers(0, 1)] * 4)),
                "dilation": draw(st.tuples(st.integers(1, 2), st.integers(1, 2))),
            }))  # fmt: skip
        elif kind == "act":
            specs.append((kind, {"op": draw(st.sampled_from(SMOOTH))}))
        elif kind == "pool":
            specs.append((kind, {"op": draw(st.sampled_from(["MaxPool", "AveragePool"])),
                                 "kernel": draw(st.tuples(st.integers(1, 3), st.integers(1, 3))),
                                 "stride": draw(st.tuples(st.integers(1, 3), st.integers(1, 2)))}))  # fmt: skip
        elif kind == "join":
            specs.append(
                (kind, {"op": draw(st.sampled_from(["Add", "Mul", "Sub", "Concat"])), "back": draw(st.integers(1, 3))})
            )
        else:
            specs.append((kind, {}))
    return specs


class Builder:
    """Turns layer descriptions into nodes, skipping those that do not fit the sizes."""

    def __init__(self) -> None:
        self.nodes: list[tuple[str, str, str, dict[str, Any]]] = []
        self.constants: dict[str, np.ndarray] = {}
        self.shapes: list[tuple[str, tuple[int, int, int]]] = [("x", (2, 7, 6))]
        self.random = np.random.default_rng(3)

    def emit(self, op: str, inputs: str, shape: tuple[int, int, int], **attributes: Any) -> None:
        name = f"v{len(self.nodes)}"
        self.nodes.append((op, inputs, name, attributes))
        self.shapes.append((name, shape))

    def constant(self, array: np.ndarray) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = array
        return name

    def add(self, kind: str, spec: dict[str, Any]) -> None:
        value, (channels, height, width) = self.shapes[-1]
        if kind in ("conv", "pool"):
            self.windowed(kind, spec)
        elif kind == "act":
            self.emit(spec["op"], value, (channels, height, width))
        elif kind == "affine":
            factor = self.constant(self.random.standard_normal((channels, 1, 1)))
            self.emit("Mul", f"{value} {factor}", (channels, height, width))
        elif kind == "join":
            self.join(spec)
        elif kind == "shuffle":
            self.emit("Transpose", value, (channels, width, height), perm=[0, 1, 3, 2])
        elif kind == "softmax":
            self.emit("Softmax", value, (channels, height, width), axis=1)
        elif kind == "gate":
            axes = self.constant(np.array([2, 3]))
            self.emit("ReduceMean", f"{value} {axes}", (channels, 1, 1))
            self.emit("Mul", f"{value} {self.shapes[-1][0]}", (channels, height, width))
        else:
            scale, bias = (self.constant(self.random.standard_normal(channels)) for _ in range(2))
            self.emit("InstanceNormalization", f"{value} {scale} {bias}", (channels, height, width), epsilon=0.1)

    def windowed(self, kind: str, spec: dict[str, Any]) -> None:
        value, (channels, height, width) = self.shapes[-1]
        dilation, pads = spec.get("dilation", (1, 1)), spec.get("pads", (0, 0, 0, 0))
        sizes = [
            (size + pads[axis] + pads[axis + 2] - dilation[axis] * (spec["kernel"][axis] - 1) - 1)
            for axis, size in enumerate((height, width))
        ]
        if min(sizes) < 0:
            return
        after = tuple(size // step + 1 for size, step in zip(sizes, spec["stride"], strict=True))
        common = {"kernel_shape": list(spec["kernel"]), "strides": list(spec["stride"])}
        if kind == "pool":
            self.emit(spec["op"], value, (channels, *after), **common)
            return
        group = spec["group"] if channels % spec["group"] == 0 else 1
        weights = self.constant(self.random.standard_normal((spec["out"], channels // group, *spec["kernel"])))
        self.emit("Conv", f"{value} {weights}", (spec["out"], *after), group=group, pads=list(pads),
                  dilations=list(dilation), **common)  # fmt: skip

    def join(self, spec: dict[str, Any]) -> None:
        (value, shape), (other, before) = self.shapes[-1], self.shapes[-1 - min(spec["back"], len(self.shapes) - 1)]
        if spec["op"] == "Concat" and before[1:] == shape[1:]:
            self.emit("Concat", f"{value} {other}", (shape[0] + before[0], *shape[1:]), axis=1)
        elif before == shape and spec["op"] != "Concat":
            self.emit(spec["op"], f"{value} {other}", shape)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(specs=layers(), form=st.sampled_from(CONVOLUTION_FORMS), layout=st.sampled_from(LAYOUTS))
def test_random_graph(specs: list[Spec], form: Any, layout: Any) -> None:
    builder = Builder()
    for kind, spec in specs:
        builder.add(kind, spec)
    builder.emit("Identity", builder.shapes[-1][0], builder.shapes[-1][1])
    outputs, shape = [builder.shapes[-1][0]], (2, *builder.shapes[0][1])

    def at(dtype: Any) -> Any:
        return model(builder.nodes, shape, builder.constants, dtype, outputs=outputs)

    forward = reference(at(np.float64))
    random = np.random.default_rng(11)
    x, direction = random.standard_normal(shape), random.standard_normal(shape)
    seed = random.standard_normal(forward({"x": x})[0].shape)
    if builder.nodes[:-1]:
        step = 1e-6
        above, below = (forward({"x": x + sign * step * direction})[0] for sign in (1, -1))
        slope = (seed * (above - below)).sum() / (2 * step)
        _, gradient = reference(build_vjp(at(np.float64), shape, form=form, layout=layout))({"input": x, "seed": seed})
        assert abs(slope - (gradient * direction).sum()) <= 1e-5 * (np.abs(gradient * direction).sum() + 1e-6)
        single = on_onnxruntime(build_vjp(at(np.float32), shape, form=form, layout=layout))
        _, rounded = single({"input": x.astype(np.float32), "seed": seed.astype(np.float32)})
        np.testing.assert_allclose(rounded, gradient, atol=1e-3 * np.abs(gradient).max() + 1e-9)
