"""Small stamped classifiers for the ONNX engine's tests, the right one and several wrong ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from pixelpriv_fast.models import Preprocess, Provenance, Stamp, StampedModel, add_stamp, read

SIZE = (20, 20)
CLASSES = 6
MEAN = 128.0  #: a photo of this grey is an input of zeros


def classifier(
    folder: Path,
    *,
    middle: tuple[str, ...] = ("Relu",),
    answers: str = "logits",
    gain: float = 1.0,
    kind: str = "classifier",
) -> StampedModel:
    """Two strided convolutions with ``middle`` between them, a pool, a dense layer; read from a file in ``folder``.

    ``middle``: operators of one input, one after the other, in nodes "middle0", "middle1", ... ``answers``: "logits"
    (n, classes), or "map" for (n, classes, 5, 5). ``gain`` multiplies the dense layer. Nothing adds a bias, so an input
    of zeros has no gradient. ``kind``: "scorer" for a network whose classes are the ratings 1 to 6.
    """
    rng = np.random.default_rng(0)

    def weights(name: str, *shape: int, scale: float = 1.0):
        spread = scale / np.sqrt(np.prod(shape[1:]))
        return numpy_helper.from_array((rng.normal(size=shape) * spread).astype(np.float32), name)

    constants = [weights("w1", 8, 3, 3, 3), weights("w2", 16, 8, 3, 3), weights("w3", CLASSES, 16, scale=8 * gain)]
    strided = {"strides": [2, 2], "pads": [1, 1, 1, 1]}
    nodes = [
        helper.make_node("Conv", ["x", "w1"], ["a0"], "first", **strided),
        *(helper.make_node(op, [f"a{i}"], [f"a{i + 1}"], f"middle{i}") for i, op in enumerate(middle)),
        helper.make_node("Conv", [f"a{len(middle)}", "w2"], ["c"], "second", **strided),
        helper.make_node("Relu", ["c"], ["d"], "relu"),
        helper.make_node("GlobalAveragePool", ["d"], ["e"], "pool"),
        helper.make_node("Flatten", ["e"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w3"], ["logits"], "dense", transB=1),
    ]
    shape: list[int | str] = ["n", CLASSES]
    if answers == "map":
        constants[2] = weights("w3", CLASSES, 16, 1, 1)
        nodes[-3:] = [helper.make_node("Conv", ["d", "w3"], ["logits"], "head")]
        shape = ["n", CLASSES, 5, 5]
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, *SIZE])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, shape)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    path = folder / "small.onnx"
    path.write_bytes(add_stamp(model.SerializeToString(), stamp(kind)))
    return read(path)


def stamp(kind: str = "classifier") -> Stamp:
    return Stamp(
        name="small",
        kind=kind,
        title="Small",
        dataset="nothing",
        licence="Apache-2.0",
        origin="a test",
        input="x",
        output="logits",
        preprocess=Preprocess(SIZE, mean=(MEAN,) * 3, std=(60.0,) * 3),
        labels=None if kind == "scorer" else tuple(f"class {i}" for i in range(CLASSES)),
        source=Provenance("small.npz", "0" * 64, True),
    )


def photos(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3, *SIZE)).astype(np.float32)


def one_class(count: int) -> np.ndarray:
    return np.eye(CLASSES, dtype=bool)[np.arange(count) % CLASSES]
