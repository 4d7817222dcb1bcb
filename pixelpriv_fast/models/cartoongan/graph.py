"""CartoonGAN's generator as an ONNX graph between photos: RGB 0..255 in, RGB 0..1 out, any batch, height and width.

The same function as the bare module up to floating-point rounding, in the form that runs fastest:

* Input: the first layer's weights take RGB and the division by 127.5 in. What is left is ``x - 127.5``, which bf16
  holds exactly for every grey level (``x / 127.5 - 1`` it does not: 0.3 to 0.5 dB less).
* Output: ``0.5 tanh(y) + 0.5 = sigmoid(2 y)``; the 2 and the order of the channels are in the last weights.
* Biases of convolutions that feed an instance norm are left out: the mean takes them away again.
* The last convolution (7x7, 64 -> 3) computes four neighbouring pixels at once, as 8x8 with stride 2 and 12 outputs:
  two to three times faster, since three outputs leave most of a vector unit idle.
* Instance norms are single nodes in fp32, whatever the type around them.

The same layers also make the parts that a large photo is run through strip by strip (``strips.py``).
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from ...errors import checked_word
from .layers import BLOCKS, ENCODER_NORMS, MIDDLE, Layers, Tensors

INPUT, OUTPUT = "pixels", "cartoon"

#: What a graph's weights are written in; bf16 is the runtime's own option.
WrittenPrecision: TypeAlias = Literal["fp32", "fp16"]

#: Convolutions whose bias an instance norm cancels; of the others it reaches a zero border, so it counts.
_BIASED = ("conv02_1", "conv03_1", "deconv01_1", "deconv02_1")


def fold(tensors: Tensors) -> dict[str, npt.NDArray[np.float32]]:
    """Return the checkpoint's tensors as the graph holds them, under the same names."""
    made = {name: value for name, value in tensors.items() if not name.endswith(".bias")}
    made |= {f"{name}.bias": tensors[f"{name}.bias"] for name in _BIASED}
    made["conv01_1.weight"] = tensors["conv01_1.weight"][:, ::-1] / MIDDLE
    last = 2 * tensors["deconv03_1.weight"][::-1]
    block = np.zeros((2, 2, 3, last.shape[1], 8, 8), np.float32)
    for down in (0, 1):
        for right in (0, 1):
            block[down, right, :, :, down : down + 7, right : right + 7] = last
    made["deconv03_1.weight"] = block.reshape(12, *block.shape[3:])
    made["deconv03_1.bias"] = np.tile(2 * tensors["deconv03_1.bias"][::-1], 4)
    return {name: np.ascontiguousarray(value, np.float32) for name, value in made.items()}


def photo_graph(tensors: Tensors) -> bytes:
    """Return ONNX bytes of the whole network from the checkpoint's tensors."""
    return folded_graph(fold(tensors))


def folded_graph(folded: Tensors, precision: WrittenPrecision = "fp32") -> bytes:
    """Return ONNX bytes of the whole network.

    Parameters
    ----------
    folded : mapping of str to ndarray
        What :func:`fold` returns.
    precision : {"fp32", "fp16"}
        Precision of weights and convolutions; inputs, outputs and instance norms stay fp32.

    Returns
    -------
    bytes
        The ``.onnx``, without a stamp.

    Raises
    ------
    UsageError
        For another precision: bf16 is the runtime's own option.
    """
    checked_word("precision of a written graph", precision, WrittenPrecision)
    layers = Layers(folded, precision=precision)
    x = layers.norm(layers.encode(layers.writer.input(INPUT, ("batch", 3, "height", "width")), 3), ENCODER_NORMS[2])
    for block in BLOCKS:
        y = layers.norm(layers.residual(x, f"conv{block:02}_1"), f"in{block:02}_1")
        y = layers.norm(layers.residual(y, f"conv{block:02}_2"), f"in{block:02}_2", relu=False)
        x = layers.writer.op("Add", x, y)
    return layers.writer.model({OUTPUT: (layers.decode(x, 3), ("batch", 3, "height_out", "width_out"), "fp32")})
