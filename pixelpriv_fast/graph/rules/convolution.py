"""The input gradient of convolutions, in the form chosen for the provider (see :mod:`..forms`)."""

from __future__ import annotations

import numpy as np

from ..ir import Array, Node
from .scene import Gradients, Scene
from .subpixel import subpixel


def conv(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Differentiate a convolution for its input; its weights must not depend on the photos."""
    scene.refuse_active(node, 1, 2)
    weights = scene.graph.constant_of(node.inputs[1])
    strides = node.attributes["strides"]
    plane = len(strides) == 2 and all(step == 1 for step in node.attributes["dilations"])
    if weights is None:
        through = _transposed(scene, node, gradient)
    elif all(step == 1 for step in strides):
        through = _mirrored(scene, node, gradient, weights)
    elif scene.form == "subpixel" and plane:
        through = subpixel(scene, node, gradient, mirrored_weights(weights, node.attributes["group"]))
    else:
        through = _transposed(scene, node, gradient)
    return [through, None, None]


def conv_transpose(scene: Scene, node: Node, gradient: str) -> Gradients:
    """Convolve with the same weights: the adjoint of a transposed convolution."""
    scene.refuse_active(node, 1, 2)
    kept = {key: node.attributes[key] for key in ("strides", "pads", "dilations", "group", "kernel_shape")}
    return [scene.op("Conv", gradient, node.inputs[1], **kept), None, None]


def mirrored_weights(weights: Array, group: int) -> Array:
    """Return the weights of a convolution's adjoint, not yet flipped in space.

    Parameters
    ----------
    weights : ndarray, shape (out, in/group, ...)
        The forward weights.
    group : int
        Number of groups.

    Returns
    -------
    ndarray, shape (in, out/group, ...)
        The same with inputs and outputs exchanged.
    """
    out, per_group, *kernel = weights.shape
    grouped = weights.reshape(group, out // group, per_group, *kernel)
    return np.swapaxes(grouped, 1, 2).reshape(group * per_group, out // group, *kernel)


def _mirrored(scene: Scene, node: Node, gradient: str, weights: Array) -> str:
    """Append a convolution with the weights mirrored in space and channels: the adjoint for stride 1."""
    attributes = node.attributes
    kernel, dilations, pads = (attributes[key] for key in ("kernel_shape", "dilations", "pads"))
    axes = len(kernel)
    mirrored = mirrored_weights(weights, attributes["group"])
    mirrored = np.flip(mirrored, axis=tuple(range(2, 2 + axes)))
    reach = [d * (k - 1) for d, k in zip(dilations, kernel, strict=True)] * 2
    wanted = [r - p for r, p in zip(reach, pads, strict=True)]
    if min(wanted) < 0:  # more padding than the kernel reaches: those outputs saw only the border
        cut = [min(size, 0) for size in wanted]
        gradient = scene.pad(gradient, [0, 0, *cut[:axes]], [0, 0, *cut[axes:]])
    return scene.op(
        "Conv",
        gradient,
        scene.graph.constant(mirrored, "weight"),
        kernel_shape=kernel,
        strides=[1] * axes,
        dilations=dilations,
        pads=[max(size, 0) for size in wanted],
        group=attributes["group"],
    )


def _transposed(scene: Scene, node: Node, gradient: str) -> str:
    """Append a ConvTranspose with the forward weights; the output padding restores the pixels that the stride skipped.

    The weights are a constant of their own: where a convolution and a transposed one with as many input as output
    channels share a constant, OpenVINO's CPU plug-in (2026.4, fp32) gives one of them the weights packed for the other.
    """
    attributes = node.attributes
    sizes = scene.shape(node.inputs[0])[2:]
    kernel, dilations, pads, strides = (attributes[key] for key in ("kernel_shape", "dilations", "pads", "strides"))
    axes = len(kernel)
    weights = scene.graph.constant_of(node.inputs[1])
    own = node.inputs[1] if weights is None else scene.graph.set_constant(scene.graph.fresh("weight"), weights)
    extra = [
        (sizes[a] + pads[a] + pads[axes + a] - dilations[a] * (kernel[a] - 1) - 1) % strides[a] for a in range(axes)
    ]
    return scene.op(
        "ConvTranspose",
        gradient,
        own,
        kernel_shape=kernel,
        strides=strides,
        dilations=dilations,
        pads=pads,
        output_padding=extra,
        group=attributes["group"],
    )
