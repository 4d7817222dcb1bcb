"""One row a behaviour of a gradient rule: at least one for every operator in the table."""

from __future__ import annotations

from typing import Any

import numpy as np

from .small import Array, Case, one


def noise(*shape: int, seed: int = 1) -> Array:
    return np.random.default_rng(seed).standard_normal(shape)


def positive(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return random.uniform(0.5, 2.0, shape)


def wide(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Across every kink of the piecewise activations, and never within 0.01 of one."""
    x = random.uniform(-8, 8, shape)
    return np.where(np.abs(x - np.round(x)) < 0.01, x + 0.02, x)


def distinct(random: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A permutation: no ties."""
    return random.permutation(np.arange(float(np.prod(shape)))).reshape(shape) / 10


def conv(out: int, channels: int, kernel: tuple[int, ...], group: int = 1, bias: bool = True, **rest: Any) -> Case:
    constants = {"c_w": noise(out, channels // group, *kernel)} | ({"c_b": noise(out, seed=2)} if bias else {})
    inputs = "x w b" if bias else "x w"
    return one("Conv", inputs, shape=(2, channels, *rest.pop("size", (9, 8))), group=group, **constants, **rest)


CONVOLUTIONS = {
    "plain": conv(4, 3, (3, 3)),
    "pads": conv(4, 3, (3, 3), pads=[1, 0, 2, 1]),
    "pads_beyond_kernel": conv(4, 3, (1, 1), pads=[1, 2, 0, 1]),
    "pads_beyond_kernel_strided": conv(4, 3, (2, 2), pads=[3, 1, 2, 4], strides=[2, 2]),
    "same_upper": conv(4, 3, (3, 3), auto_pad="SAME_UPPER", strides=[2, 2], size=(7, 8)),
    "same_lower": conv(4, 3, (2, 4), auto_pad="SAME_LOWER", strides=[2, 2]),
    "valid": conv(4, 3, (3, 2), auto_pad="VALID"),
    "dilated": conv(4, 3, (3, 2), dilations=[2, 3], pads=[2, 1, 2, 1]),
    "dilated_strided": conv(4, 3, (3, 2), dilations=[2, 2], strides=[2, 1], pads=[1, 1, 1, 1]),
    "groups": conv(6, 4, (3, 3), group=2, pads=[1, 1, 1, 1]),
    "depthwise": conv(4, 4, (3, 3), group=4, bias=False, pads=[1, 1, 1, 1]),
    "depthwise_multiplier_strided": conv(8, 4, (3, 3), group=4, strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride_2": conv(4, 3, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride_2_even": conv(4, 3, (3, 3), strides=[2, 2], pads=[0, 0, 1, 1], size=(8, 8)),
    "stride_2_wide": conv(4, 18, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride_2_square": conv(16, 16, (3, 3), strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride_2_pointwise": conv(4, 18, (1, 1), strides=[2, 2]),
    "stride_2_pointwise_thin": conv(4, 3, (1, 1), strides=[2, 2]),
    "stride_2_five": conv(4, 3, (5, 4), strides=[2, 2], pads=[2, 1, 2, 1]),
    "stride_2_seven": conv(4, 3, (7, 7), strides=[2, 2], pads=[3, 3, 3, 3], size=(16, 14)),
    "stride_2_rows_unread": conv(4, 3, (2, 2), strides=[2, 2], size=(9, 9)),
    "stride_2_groups": conv(4, 4, (3, 3), group=2, strides=[2, 2], pads=[1, 1, 1, 1]),
    "stride_4_patches": conv(4, 3, (4, 4), strides=[4, 4], size=(12, 8)),
    "stride_3_by_2": conv(4, 3, (3, 3), strides=[3, 2], pads=[1, 1, 1, 1]),
    "stride_3_thin_kernel": conv(4, 18, (2, 1), strides=[3, 3]),
    "one_axis": conv(4, 3, (3,), strides=[2], pads=[1, 1], size=(9,)),
    "transpose": one(
        "ConvTranspose",
        "x w b",
        shape=(2, 4, 5, 4),
        c_w=noise(4, 3, 3, 3),
        c_b=noise(3),
        strides=[2, 2],
        pads=[1, 1, 0, 1],
        output_padding=[1, 0],
    ),
    "transpose_groups": one(
        "ConvTranspose", "x w", shape=(2, 4, 5, 4), c_w=noise(4, 2, 3, 3), group=2, dilations=[2, 1]
    ),
    "transpose_sized": one(
        "ConvTranspose", "x w", shape=(2, 4, 5, 4), c_w=noise(4, 2, 3, 3), strides=[2, 2], output_shape=[10, 8]
    ),
}

POOLS = {
    "max_2": one("MaxPool", kernel_shape=[2, 2], strides=[2, 2], draw=distinct),
    "max_3_2_1": one(
        "MaxPool", shape=(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1], draw=distinct
    ),
    "max_of_overlapping_max": Case(
        [
            ("MaxPool", "x", "p", {"kernel_shape": [3, 3], "strides": [2, 2]}),
            ("MaxPool", "p", "y", {"kernel_shape": [2, 2]}),
        ],
        (2, 3, 9, 9),
        draw=distinct,
    ),
    "max_ceil": one("MaxPool", shape=(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1, draw=distinct),
    "max_overlap": one("MaxPool", kernel_shape=[3, 2], draw=distinct),
    "max_gaps": one("MaxPool", shape=(2, 3, 9, 9), kernel_shape=[2, 2], strides=[3, 3], draw=distinct),
    "max_stride_3_2": one(
        "MaxPool", shape=(2, 3, 9, 8), kernel_shape=[4, 3], strides=[3, 2], pads=[1, 0, 1, 1], draw=distinct
    ),
    "max_dilated": one(
        "MaxPool", shape=(2, 3, 9, 8), kernel_shape=[2, 2], dilations=[3, 2], strides=[2, 1], draw=distinct
    ),
    "max_same": one(
        "MaxPool", shape=(2, 3, 7, 7), kernel_shape=[3, 3], strides=[2, 2], auto_pad="SAME_UPPER", draw=distinct
    ),
    "average_2": one("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "average_pads": one("AveragePool", shape=(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
    "average_counts_pads": one(
        "AveragePool", shape=(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 0, 1], count_include_pad=1
    ),
    "average_ceil": one("AveragePool", shape=(2, 3, 8, 7), kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1),
    "global_average": one("GlobalAveragePool"),
    "global_max": one("GlobalMaxPool", draw=distinct),
}

ACTIVATIONS = {
    "relu": one("Relu", draw=wide),
    "leaky_relu": one("LeakyRelu", alpha=0.25, draw=wide),
    "leaky_relu_negative": one("LeakyRelu", alpha=-0.5, draw=wide),
    "prelu": one("PRelu", "x a", c_a=noise(3, 1, 1), draw=wide),
    "clip": one("Clip", "x l h", c_l=0.0, c_h=6.0, draw=wide),
    "clip_low": one("Clip", "x l", c_l=-1.0, draw=wide),
    "clip_high": one("Clip", "x - h", c_h=2.0, draw=wide),
    "clip_none": one("Clip", draw=wide),
    "sigmoid": one("Sigmoid"),
    "tanh": one("Tanh"),
    "hard_sigmoid": one("HardSigmoid", alpha=0.125, beta=0.5, draw=wide),
    "hard_swish": one("HardSwish", draw=wide),
    "elu": one("Elu", alpha=0.5, draw=wide),
    "softplus": one("Softplus"),
    "erf": one("Erf"),
    "gelu": one("Gelu"),
    "gelu_tanh": one("Gelu", approximate="tanh"),
    "softmax": one("Softmax", axis=1),
    "softmax_last": one("Softmax"),
    "log_softmax": one("LogSoftmax", axis=2),
    "silu": Case([("Sigmoid", "x", "s", {}), ("Mul", "x s", "y", {})]),
    "mish_expanded": one("Mish"),
    "celu": one("Celu", alpha=2.0, draw=wide, double_opset=28),
    "selu": one("Selu", draw=wide),
    "thresholded_expanded": one("ThresholdedRelu", draw=wide),
    "shrink_expanded": one("Shrink", draw=wide),
    "softsign_expanded": one("Softsign", draw=wide),
}

ELEMENTWISE = {
    "abs": one("Abs", draw=wide),
    "add_broadcast_x": one("Add", "x c", shape=(3, 1), c_c=noise(2, 3, 4)),
    "sum_self": one("Sum", "x x c", c_c=noise(5)),
    "sub": one("Sub", "c x", shape=(3, 1), c_c=noise(2, 3, 4)),
    "mul": one("Mul", "x c", c_c=noise(3, 1, 1)),
    "mul_self": one("Mul", "x x"),
    "mul_both": Case(
        [("Tanh", "x", "t", {}), ("ReduceMean", "x a", "m", {}), ("Mul", "t m", "y", {})],
        constants={"a": np.array([2, 3])},
    ),
    "div": one("Div", "x c", c_c=noise(3, 1, 1)),
    "div_below": one("Div", "c x", shape=(3, 1), c_c=noise(2, 3, 4), draw=positive),
    "div_both": Case(
        [("ReduceSum", "x a", "s", {}), ("Div", "x s", "y", {})], constants={"a": np.array([1])}, draw=positive
    ),
    "neg": one("Neg"),
    "reciprocal": one("Reciprocal", draw=positive),
    "sqrt": one("Sqrt", draw=positive),
    "exp": one("Exp"),
    "log": one("Log", draw=positive),
    "sin": one("Sin"),
    "cos": one("Cos"),
    "square": one("Pow", "x p", c_p=2.0),
    "cube_integer": one("Pow", "x p", c_p=np.array(3, np.int64)),
    "power": one("Pow", "x p", c_p=np.array([0.5, 1.5, -1.0]).reshape(3, 1, 1), draw=positive),
    "where": one("Where", "k x c", c_k=noise(3, 1, 5) > 0, c_c=noise(3, 6, 1)),
    "where_other": one("Where", "k c x", c_k=noise(2, 3, 6, 5) > 0, c_c=noise(3, 6, 1)),
    "max": one("Max", "x c", c_c=noise(6, 1), draw=wide),
    "min": one("Min", "x c", c_c=noise(6, 1), draw=wide),
    "identity": Case([("Identity", "x", "i", {}), ("Dropout", "i", "d", {}), ("Tanh", "d", "y", {})]),
    "floor": Case([("Floor", "x", "f", {}), ("Mul", "x f", "y", {})], draw=wide),
    "ceil": Case([("Ceil", "x", "f", {}), ("Mul", "x f", "y", {})], draw=wide),
    "round": Case([("Mul", "x c", "h", {}), ("Round", "h", "f", {}), ("Mul", "x f", "y", {})], constants={"c": 1.1}),
    "sign": Case([("Sign", "x", "f", {}), ("Mul", "x f", "y", {})], draw=wide),
}

SHAPES = {
    "reshape": one("Reshape", "x s", c_s=np.array([2, -1, 10])),
    "flatten": one("Flatten", axis=2),
    "squeeze": one("Squeeze", "x a", shape=(2, 1, 3, 1), c_a=np.array([1, 3])),
    "unsqueeze": one("Unsqueeze", "x a", c_a=np.array([0, -1])),
    "transpose": one("Transpose", perm=[2, 0, 3, 1]),
    "transpose_default": one("Transpose"),
    "expand": one("Expand", "x s", shape=(2, 1, 3, 1), c_s=np.array([4, 2, 5, 1, 6])),
    "tile": one("Tile", "x r", shape=(2, 1, 3), c_r=np.array([1, 3, 2])),
    "concat": Case([("Tanh", "x", "t", {}), ("Concat", "t c x", "y", {"axis": 1})], constants={"c": noise(2, 1, 6, 5)}),
    "split": Case([("Split", "x", "a b", {"axis": 2, "num_outputs": 2}), ("Mul", "a b", "y", {})]),
    "split_part": Case(
        [("Split", "x s", "a b c", {"axis": -1}), ("Mul", "a c", "y", {})], constants={"s": np.array([2, 1, 2])}
    ),
    "slice": one("Slice", "x s e a", c_s=np.array([1, -4]), c_e=np.array([3, 2**40]), c_a=np.array([1, 3])),
    "slice_steps": one(
        "Slice",
        "x s e a t",
        c_s=np.array([0, -1]),
        c_e=np.array([6, -(2**40)]),
        c_a=np.array([2, 3]),
        c_t=np.array([2, -2]),
    ),
    "slice_default_axes": one("Slice", "x s e", c_s=np.array([0, 1]), c_e=np.array([1, 3])),
    "gather_token": one("Gather", "x i", c_i=np.array(-1), axis=1),
    "gather_order": one("Gather", "x i", c_i=np.array([[2, 0], [1, 4]]), axis=3),
    "gather_repeats": one("Gather", "x i", c_i=np.array([2, 0, 2]), axis=1),
    "pad": one("Pad", "x p", c_p=np.array([0, 0, 1, 2, 0, 0, 0, 1])),
    "pad_axes_value": one("Pad", "x p v a", c_p=np.array([2, 1, 0, 1]), c_v=0.5, c_a=np.array([3, -2])),
    "pad_reflect": one("Pad", "x p", c_p=np.array([0, 0, 2, 1, 0, 0, 1, 3]), mode="reflect"),
    "pad_edge": one("Pad", "x p", c_p=np.array([0, 0, 2, 1, 0, 0, 1, 3]), mode="edge"),
    "depth_to_space": one("DepthToSpace", shape=(2, 12, 3, 2), blocksize=2),
    "depth_to_space_crd": one("DepthToSpace", shape=(2, 12, 3, 2), blocksize=2, mode="CRD"),
    "space_to_depth": one("SpaceToDepth", shape=(2, 3, 6, 4), blocksize=2),
    "cast": Case([("Cast", "x", "f", {"to": 1}), ("Cast", "f", "d", {"to": 11}), ("Sin", "d", "y", {})]),
}

MATRICES = {
    "gemm": one("Gemm", "x w b", shape=(4, 3), c_w=noise(3, 5), c_b=noise(5)),
    "gemm_transposed": one("Gemm", "x w", shape=(4, 3), c_w=noise(5, 3), transB=1, alpha=0.5),
    "gemm_first_transposed": one("Gemm", "x w", shape=(3, 4), c_w=noise(3, 5), transA=1),
    "gemm_both_transposed": one("Gemm", "x w", shape=(3, 4), c_w=noise(5, 3), transA=1, transB=1),
    "gemm_second": one("Gemm", "w x", shape=(3, 4), c_w=noise(5, 3)),
    "gemm_second_transposed": one("Gemm", "w x", shape=(4, 3), c_w=noise(3, 5), transA=1, transB=1),
    "gemm_bias": one("Gemm", "v w x", shape=(1, 5), c_v=noise(4, 3), c_w=noise(3, 5), beta=0.5),
    "matmul": one("MatMul", "x w", shape=(2, 4, 3), c_w=noise(3, 5)),
    "matmul_left": one("MatMul", "w x", shape=(3, 5), c_w=noise(2, 4, 3)),
    "matmul_both": Case(
        [("Transpose", "x", "t", {"perm": [0, 1, 3, 2]}), ("Tanh", "x", "h", {}), ("MatMul", "h t", "y", {})]
    ),
}

REDUCTIONS = {
    "mean": one("ReduceMean", "x a", c_a=np.array([2, -1])),
    "mean_flat": one("ReduceMean", "x a", c_a=np.array([1]), keepdims=0),
    "mean_all": one("ReduceMean"),
    "mean_noop": one("ReduceMean", noop_with_empty_axes=1),
    "sum": one("ReduceSum", "x a", c_a=np.array([0, 3]), keepdims=0),
    "max": one("ReduceMax", "x a", c_a=np.array([1, 2]), keepdims=0, draw=distinct),
    "min": one("ReduceMin", "x a", c_a=np.array([3]), draw=distinct),
    "sum_square_expanded": one("ReduceSumSquare", "x a", c_a=np.array([1])),
    "l2_expanded": one("ReduceL2", "x a", c_a=np.array([1]), keepdims=0),
    "log_sum_exp_expanded": one("ReduceLogSumExp", "x a", c_a=np.array([1])),
}

NORMALISATIONS = {
    "layer": one("LayerNormalization", "x s b", c_s=noise(5), c_b=noise(5)),
    "layer_axes": one("LayerNormalization", "x s", c_s=noise(3, 6, 5), axis=1, epsilon=0.01),
    "instance": one("InstanceNormalization", "x s b", c_s=noise(3), c_b=noise(3), epsilon=0.01),
    "group_expanded": one(
        "GroupNormalization", "x s b", shape=(2, 4, 3, 3), c_s=noise(4), c_b=noise(4), num_groups=2, opset=21
    ),
    "batch": one(
        "BatchNormalization", "x s b m v", c_s=noise(3), c_b=noise(3), c_m=noise(3), c_v=np.array([0.5, 1.0, 2.0])
    ),
}

SIZES = np.array([2, 3, 9, 4])


def resized(**attributes: Any) -> Case:
    return one("Resize", "x - - s", c_s=SIZES, **attributes)


RESIZES = {
    "linear": resized(mode="linear"),
    "linear_scales": one("Resize", "x - s", c_s=np.array([1.0, 1.0, 1.7, 0.6], np.float32), mode="linear"),
    "linear_align": resized(mode="linear", coordinate_transformation_mode="align_corners"),
    "linear_asymmetric": resized(mode="linear", coordinate_transformation_mode="asymmetric"),
    "linear_pytorch": one(
        "Resize",
        "x - - s",
        c_s=np.array([2, 3, 1, 4]),
        mode="linear",
        coordinate_transformation_mode="pytorch_half_pixel",
    ),
    "linear_axes": one("Resize", "x - - s", c_s=np.array([9, 4]), axes=[2, 3], mode="linear"),
    "nearest": resized(mode="nearest"),
    "nearest_asymmetric_floor": resized(
        mode="nearest", coordinate_transformation_mode="asymmetric", nearest_mode="floor"
    ),
    "nearest_ceil": resized(mode="nearest", nearest_mode="ceil"),
    "nearest_up": resized(mode="nearest", nearest_mode="round_prefer_ceil"),
}

FAMILIES = {
    "conv": CONVOLUTIONS,
    "pool": POOLS,
    "activation": ACTIVATIONS,
    "elementwise": ELEMENTWISE,
    "shape": SHAPES,
    "matrix": MATRICES,
    "reduction": REDUCTIONS,
    "normalisation": NORMALISATIONS,
    "resize": RESIZES,
}
CASES = {f"{family}-{name}": case for family, cases in FAMILIES.items() for name, case in cases.items()}
