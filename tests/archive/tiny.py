"""An archive that is protected in milliseconds: small photos, and a classifier of one layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

import pixelpriv_fast as pp
from pixelpriv_fast.models import Preprocess, add_stamp
from pixelpriv_fast.models.stamped.stamp import Provenance, Stamp
from tests.scenes import encoded, scene

SIDE, CLASSES = 16, 12


def tiny_classifier(folder: Path, seed: int = 0) -> Path:
    """A stamped classifier: a random linear map of 16x16 pixels."""
    weight = np.random.default_rng(seed).normal(scale=0.02, size=(3 * SIDE * SIDE, CLASSES)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weight"], ["logits"]),
    ]
    x = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, SIDE, SIDE])
    y = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", CLASSES])
    graph = helper.make_graph(nodes, "tiny", [x], [y], [numpy_helper.from_array(weight, "weight")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    stamp = Stamp(
        name="tiny",
        kind="classifier",
        title="Tiny",
        dataset="nothing",
        licence="Apache-2.0",
        origin="a test",
        input="pixels",
        output="logits",
        preprocess=Preprocess(
            size=(SIDE, SIDE), resize="squash", resize_to=(SIDE, SIDE), mean=(0.5,) * 3, std=(0.25,) * 3
        ),
        labels=tuple(f"class {i}" for i in range(CLASSES)),
        source=Provenance("tiny.npz", "0" * 64, True),
    )
    path = folder / f"tiny{seed}.onnx"
    path.write_bytes(add_stamp(model.SerializeToString(), stamp))
    return path


def tiny_protector(classifier: Path, recipe: str | pp.Recipe = "euclidean", **options: Any) -> pp.Protector:
    return pp.Protector(recipe, **{"classifier": str(classifier), "device": "cpu", "metrics": ()} | options)


def fill(folder: Path, count: int, first: int = 0) -> None:
    """``count`` photos in nested folders: PNG, JPEG and WebP of about 60x50 pixels, no two alike."""
    formats = (("png", "PNG", {}), ("jpg", "JPEG", {"quality": 90}), ("webp", "WEBP", {"quality": 90}))
    for number in range(first, first + count):
        suffix, name, options = formats[number % 3]
        path = folder / f"{number % 7}" / f"photo{number:04}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(scene(40 + number % 23, 50 + number % 17, number), name, **options))


def state_of(out: Path) -> Path:
    """Where journal and report of an output folder are."""
    return out.with_name(out.name + ".pixelpriv")


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below ``folder`` by its relative name: an output folder is to hold protected photos and nothing else."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def traits(folder: Path) -> dict[str, tuple[bytes, int, int, int]]:
    """What must not change of originals: bytes, time, mode, inode."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.stat()
        data = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (data, state.st_mtime_ns, state.st_mode, state.st_ino)
    return found
