"""NIMA on MobileNet out of a TensorFlow Lite file with 8-bit weights -> an ``.npz`` that ``pixelpriv models import`` takes.

``python export/nima_tflite.py FILE.tflite --out FILE.npz``, then ``pixelpriv models import nima_technical FILE.npz
--allow-unknown-hash``. Needs ai-edge-litert. The weights are multiplied out; batch norms, which such files have folded into the
convolutions, become ones that add the bias alone. Ratings lie as far from the original network's as those of the file:
up to 0.15 for a file whose weights have one scale a channel.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_EPS = 1e-3  #: of Keras' batch norms
#: Orders of a kernel's axes in TensorFlow Lite -> in Keras.
_AXES = {"CONV_2D": (1, 2, 3, 0), "DEPTHWISE_CONV_2D": (1, 2, 3, 0), "FULLY_CONNECTED": (1, 0)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the tensors; ``arguments`` None reads the process's own. Returns the exit code."""
    parser = argparse.ArgumentParser(description="Takes NIMA's weights out of a TensorFlow Lite file.")
    parser.add_argument("file", type=Path, metavar="FILE", help="NIMA on MobileNet v1, 8-bit or float weights")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE.npz")
    given = parser.parse_args(arguments)
    tensors = keras_tensors(given.file.read_bytes())
    np.savez(given.out, allow_pickle=False, **{name.replace("/", "|"): value for name, value in tensors.items()})
    print(f"{given.out}: {len(tensors)} tensors")
    return 0


def keras_tensors(model: bytes) -> dict[str, Array]:
    """Return the tensors of a TensorFlow Lite file by the names and in the layouts of Keras' NIMA.

    Layers are told by their order: a convolution, then pairs of a depthwise and a pointwise one, then the dense layer.
    """
    made: dict[str, Array] = {}
    convolutions = 0
    for operator, kernel, bias in _layers(model):
        kernel = np.ascontiguousarray(kernel.transpose(_AXES[operator]))
        if operator == "FULLY_CONNECTED":
            made["dense_1/dense_1/kernel:0"], made["dense_1/dense_1/bias:0"] = kernel, bias
            continue
        block = (convolutions + 1) // 2
        depthwise = operator == "DEPTHWISE_CONV_2D"
        layer = "conv1" if not convolutions else f"conv_{'dw' if depthwise else 'pw'}_{block}"
        convolutions += 1
        made[f"{layer}/{layer}/{'depthwise_kernel' if depthwise else 'kernel'}:0"] = kernel
        zeros = np.zeros_like(bias)
        words = {
            "gamma": zeros + 1,
            "beta": bias,
            "moving_mean": zeros,
            "moving_variance": zeros + np.float32(1 - _EPS),
        }
        made |= {f"{layer}_bn/{layer}_bn/{word}:0": value for word, value in words.items()}
    return made


def _layers(model: bytes) -> Iterator[tuple[str, Array, Array]]:
    """Yield each layer's operator, kernel and bias, in their order."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    details = {tensor["index"]: tensor for tensor in interpreter.get_tensor_details()}
    for operator in interpreter._get_ops_details():  # the library has no public list of operators
        if operator["op_name"] in _AXES:
            _, kernel, bias = (int(index) for index in operator["inputs"])
            yield operator["op_name"], *(_plain(interpreter.get_tensor(i), details[i]) for i in (kernel, bias))


def _plain(values: npt.NDArray[Any], details: dict[str, Any]) -> Array:
    """Return a constant's real numbers: (stored - zero point) * scale, along the axis that has scales."""
    found = details["quantization_parameters"]
    if not len(found["scales"]):
        return values.astype(np.float32)
    shape = np.ones(values.ndim, int)
    shape[found["quantized_dimension"]] = -1
    scales, zeros = (found[name].reshape(shape) for name in ("scales", "zero_points"))
    plain: Array = ((values.astype(np.float32) - zeros) * scales).astype(np.float32)
    return plain


if __name__ == "__main__":
    raise SystemExit(main())
