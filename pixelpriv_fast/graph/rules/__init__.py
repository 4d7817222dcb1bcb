"""The table of gradient rules: operator -> rule.

A rule takes the forward node and the gradient of its output and returns one gradient an input: a value's name, or None
for an input that gets none (a constant, a shape); ``scene.Rule`` is the contract of all of them. A rule asks
:meth:`Scene.wants` before it emits work for an input, because only the paths from the network's input matter. Adding an
operator is one small function and one row.
"""

from __future__ import annotations

from . import (
    activations,
    convolution,
    elementwise,
    linear,
    normalisation,
    pooling,
    quantisation,
    reductions,
    resizing,
    shapes,
    softmax,
)
from .scene import Rule, Scene, SplitRule

RULES: dict[str, Rule] = {
    "Abs": elementwise.absolute,
    "Add": elementwise.add,
    "AveragePool": pooling.average_pool,
    "Cast": elementwise.cast,
    "Ceil": elementwise.flat,
    "Celu": activations.celu,
    "Clip": activations.clip,
    "Concat": shapes.concat,
    "Conv": convolution.conv,
    "ConvTranspose": convolution.conv_transpose,
    "Cos": elementwise.cosine,
    "DequantizeLinear": quantisation.dequantize_linear,
    "DepthToSpace": shapes.depth_to_space,
    "Div": elementwise.div,
    "Elu": activations.elu,
    "Erf": activations.erf,
    "Exp": elementwise.exp,
    "Expand": shapes.expand,
    "Flatten": shapes.reshape,
    "Floor": elementwise.flat,
    "Gather": shapes.gather,
    "Gelu": activations.gelu,
    "Gemm": linear.gemm,
    "GlobalAveragePool": pooling.global_average_pool,
    "GlobalMaxPool": reductions.reduce_max,
    "HardSigmoid": activations.hard_sigmoid,
    "HardSwish": activations.hard_swish,
    "Identity": elementwise.identity,
    "InstanceNormalization": normalisation.instance_normalization,
    "LayerNormalization": normalisation.layer_normalization,
    "LeakyRelu": activations.leaky_relu,
    "Log": elementwise.log,
    "LogSoftmax": softmax.log_softmax,
    "MatMul": linear.matmul,
    "Max": elementwise.extremum,
    "MaxPool": pooling.max_pool,
    "Min": elementwise.extremum,
    "Mul": elementwise.mul,
    "Neg": elementwise.neg,
    "PRelu": activations.prelu,
    "Pad": shapes.pad,
    "Pow": elementwise.power,
    "Reciprocal": elementwise.reciprocal,
    "QuantizeLinear": quantisation.quantize_linear,
    "ReduceMax": reductions.reduce_max,
    "ReduceMean": reductions.reduce_mean,
    "ReduceMin": reductions.reduce_max,
    "ReduceSum": reductions.reduce_sum,
    "Relu": activations.relu,
    "Reshape": shapes.reshape,
    "Resize": resizing.resize,
    "Round": elementwise.flat,
    "Selu": activations.selu,
    "Sigmoid": activations.sigmoid,
    "Sign": elementwise.flat,
    "Sin": elementwise.sine,
    "Slice": shapes.slice_,
    "Softmax": softmax.softmax,
    "Softplus": activations.softplus,
    "SpaceToDepth": shapes.space_to_depth,
    "Sqrt": elementwise.sqrt,
    "Squeeze": shapes.reshape,
    "Sub": elementwise.sub,
    "Sum": elementwise.add,
    "Tanh": activations.tanh,
    "Tile": shapes.tile,
    "Transpose": shapes.transpose,
    "Unsqueeze": shapes.reshape,
    "Where": elementwise.where,
}

#: Operators whose integers carry a gradient all the same.
STRAIGHT_THROUGH = frozenset({"QuantizeLinear"})

#: Operators with several outputs that matter.
SPLIT_RULES: dict[str, SplitRule] = {"Split": shapes.split}

__all__ = ["RULES", "SPLIT_RULES", "STRAIGHT_THROUGH", "Rule", "Scene"]
