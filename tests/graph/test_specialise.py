"""Any forward model to fixed shapes, and what is refused on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper

from pixelpriv_fast.errors import ModelError, UsageError
from pixelpriv_fast.graph import build_attack_graph, build_forward

from .small import model, on_onnxruntime

WEIGHTS = {"w": np.ones((4, 3)), "axes": np.array([2, 3])}
HEAD: list[tuple[str, str, str, dict[str, Any]]] = [
    ("ReduceMean", "x axes", "m", {"keepdims": 0}),
    ("Gemm", "m w", "y", {"transB": 1}),
]
SHAPE = (2, 3, 8, 8)


def classifier(*nodes: Any, shape: Any = ("n", 3, 8, 8), constants: Any = None, **rest: Any) -> onnx.ModelProto:
    return model([*nodes, *HEAD] if nodes else HEAD, shape, WEIGHTS | (constants or {}), np.float32, **rest)


def test_shape_arithmetic_is_folded() -> None:
    nodes = [
        ("Shape", "x", "s", {"start": 0, "end": 1}),
        ("Concat", "s minus", "to", {"axis": 0}),
        ("Reshape", "x to", "f", {}),
        ("CastLike", "one f", "unit", {}),
        ("Mul", "f unit", "scaled", {}),
        ("Gemm", "scaled big", "y", {}),
    ]
    constants = {"minus": np.array([-1]), "one": np.array([1]), "big": np.ones((192, 4))}
    proto = model(nodes, ("n", 3, "h", "w"), constants, np.float32)
    built = build_forward(proto, SHAPE)
    assert [node.op_type for node in built.graph.node] == ["Reshape", "Mul", "Gemm"]
    assert [dim.dim_value for dim in built.graph.output[0].type.tensor_type.shape.dim] == [2, 4]


def test_batch_of_a_static_model_may_change() -> None:
    built = build_attack_graph(classifier(shape=(1, 3, 8, 8)), (5, 3, 8, 8))
    logits, gradient = on_onnxruntime(built)(
        {"input": np.ones((5, 3, 8, 8), np.float32), "accepted": np.eye(5, 4, dtype=np.float32)}
    )
    assert logits.shape == (5, 4)
    assert gradient.shape == (5, 3, 8, 8)


def test_old_operator_sets_are_converted() -> None:
    """Opset 11 keeps the axes of ReduceMean, Unsqueeze and Squeeze in attributes."""
    nodes = [
        ("Unsqueeze", "x", "u", {"axes": [1]}),
        ("Squeeze", "u", "s", {"axes": [1]}),
        ("ReduceMean", "s", "m", {"axes": [2, 3], "keepdims": 0}),
        ("Gemm", "m w", "y", {"transB": 1}),
    ]
    proto = model(nodes, ("n", 3, 8, 8), WEIGHTS, np.float32, opset=11)
    built = build_attack_graph(proto, SHAPE)
    assert built.opset_import[0].version >= 18
    onnx.checker.check_model(built, full_check=True)


def test_local_functions_are_inlined() -> None:
    double = helper.make_function(
        "mine", "Double", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])], [helper.make_opsetid("", 20)]
    )
    proto = classifier()
    proto.graph.node.insert(0, helper.make_node("Double", ["x"], ["d"], domain="mine"))
    proto.graph.node[1].input[0] = "d"
    proto.functions.append(double)
    proto.opset_import.append(helper.make_opsetid("mine", 1))
    assert {node.op_type for node in build_forward(proto, SHAPE).graph.node} == {"Add", "ReduceMean", "Gemm"}


def test_sequences_of_parts_become_splits() -> None:
    nodes = [
        ("SplitToSequence", "x one", "parts", {"axis": 1}),
        ("SequenceAt", "parts first", "a", {}),
        ("SequenceAt", "parts last", "b", {}),
        ("SequenceConstruct", "b a", "swapped", {}),
        ("ConcatFromSequence", "swapped", "joined", {"axis": 1}),
        ("ReduceMean", "joined axes", "m", {"keepdims": 0}),
        ("Gemm", "m w", "y", {"transB": 1}),
    ]
    constants = WEIGHTS | {"one": np.array(2), "first": np.array(0), "last": np.array(-1)}
    proto = model(nodes, SHAPE, constants, np.float32)
    built = build_forward(proto, SHAPE)
    assert [node.op_type for node in built.graph.node] == ["Split", "Concat", "ReduceMean", "Gemm"]
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    np.testing.assert_allclose(on_onnxruntime(built)({"input": x})[0], on_onnxruntime(proto)({"x": x})[0], rtol=1e-6)
    build_attack_graph(proto, SHAPE)


def test_weights_in_another_file_are_refused() -> None:
    proto = classifier()
    proto.graph.initializer[0].data_location = onnx.TensorProto.EXTERNAL
    with pytest.raises(ModelError, match="'w' is in a file of its own"):
        build_attack_graph(proto, SHAPE)


def test_network_over_the_size_of_a_file_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelpriv_fast.graph.proto.LARGEST_MODEL", 16)
    with pytest.raises(ModelError, match="2 GB"):
        build_attack_graph(classifier(), SHAPE)


def test_operator_without_a_rule_is_named_with_its_node() -> None:
    proto = classifier(("CumSum", "x axis", "d", {}), constants={"axis": np.array(1)})
    proto.graph.node[1].input[0] = "d"
    with pytest.raises(ModelError, match=r"operator CumSum \(node 'CumSum_0'\) has no gradient rule"):
        build_attack_graph(proto, SHAPE)


def test_unruled_operator_off_the_path_is_harmless() -> None:
    proto = classifier(("CumSum", "w axis", "unused", {}), constants={"axis": np.array(1)})
    build_attack_graph(proto, SHAPE)


def test_foreign_operator_is_named() -> None:
    proto = classifier()
    proto.graph.node.insert(0, helper.make_node("FusedThing", ["x"], ["d"], name="fused", domain="com.vendor"))
    proto.opset_import.append(helper.make_opsetid("com.vendor", 1))
    with pytest.raises(ModelError, match=r"com\.vendor::FusedThing \(node 'fused'\)"):
        build_attack_graph(proto, SHAPE)


def test_shape_that_depends_on_the_data_is_refused() -> None:
    proto = classifier(("NonZero", "x", "places", {}))
    with pytest.raises(ModelError, match=r"NonZero_0.*depends on the data"):
        build_attack_graph(proto, SHAPE)


def test_wrong_size_is_refused_with_what_fits() -> None:
    with pytest.raises(ModelError, match=r"takes shape \['\?', 3, 8, 8\], not \[2, 3, 9, 8\]"):
        build_attack_graph(classifier(), (2, 3, 9, 8))
    with pytest.raises(ModelError, match="not"):
        build_attack_graph(classifier(), (0, 3, 8, 8))


def test_baked_in_batch_that_cannot_change_is_refused() -> None:
    nodes = [("Reshape", "x to", "f", {}), ("Gemm", "f big", "y", {})]
    proto = model(nodes, (1, 3, 8, 8), {"to": np.array([1, 192]), "big": np.ones((192, 4))}, np.float32)
    with pytest.raises(ModelError, match="Reshape_0"):
        build_attack_graph(proto, SHAPE)


@pytest.mark.parametrize("outputs", [["m"], ["x2"]])
def test_outputs_that_are_no_logits_are_refused(outputs: list[str]) -> None:
    nodes = [("Relu", "x", "x2", {}), ("ReduceSum", "x2 axes", "m", {"keepdims": 1})]
    proto = model(nodes, SHAPE, WEIGHTS, np.float32, outputs=outputs)
    with pytest.raises(ModelError, match=r"not logits of shape \[2, classes\]"):
        build_attack_graph(proto, SHAPE)


def test_constant_output_is_refused() -> None:
    proto = model([("Relu", "x", "r", {}), ("Identity", "k", "y", {})], SHAPE, {"k": np.ones((2, 4))}, np.float32)
    with pytest.raises(ModelError, match="does not depend"):
        build_attack_graph(proto, SHAPE)


def test_output_without_a_differentiable_path_is_refused() -> None:
    proto = classifier(("Floor", "x", "d", {}))
    proto.graph.node[1].input[0] = "d"
    with pytest.raises(ModelError, match="zero everywhere"):
        build_attack_graph(proto, SHAPE)


def test_several_outputs_need_a_name() -> None:
    proto = classifier(outputs=("y", "m"))
    with pytest.raises(ModelError, match=r"2 outputs \(y, m\)"):
        build_attack_graph(proto, SHAPE)
    assert [output.name for output in build_attack_graph(proto, SHAPE, logits="y").graph.output] == [
        "logits",
        "gradient",
    ]
    with pytest.raises(ModelError, match="no output 'z'"):
        build_attack_graph(proto, SHAPE, logits="z")


def test_several_inputs_are_refused() -> None:
    proto = classifier()
    proto.graph.input.append(helper.make_tensor_value_info("extra", onnx.TensorProto.FLOAT, [1]))
    with pytest.raises(ModelError, match=r"has 2: x, extra"):
        build_attack_graph(proto, SHAPE)


def test_integer_input_is_refused() -> None:
    proto = classifier()
    proto.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.UINT8
    with pytest.raises(ModelError, match="uint8"):
        build_attack_graph(proto, SHAPE)


def test_training_graphs_are_refused() -> None:
    constants = {key: np.ones(3) for key in ("s", "b", "mu", "v")} | {
        "ratio": np.array(0.5, np.float32),
        "on": np.array(True),
    }
    norm = classifier(("BatchNormalization", "x s b mu v", "d o1 o2", {"training_mode": 1}), constants=constants)
    drop = classifier(("Dropout", "x ratio on", "d", {}), constants=constants)
    for proto in (norm, drop):
        proto.graph.node[1].input[0] = "d"
        with pytest.raises(ModelError, match=r"training mode.*model\.eval\(\)"):
            build_attack_graph(proto, SHAPE)


def test_future_operator_set_is_refused() -> None:
    proto = classifier()
    proto.opset_import[0].version = 999
    with pytest.raises(ModelError, match="opset 999"):
        build_attack_graph(proto, SHAPE)


def test_unknown_form_is_refused() -> None:
    with pytest.raises(UsageError, match="conv_transpose, subpixel"):
        build_attack_graph(classifier(), SHAPE, form="winograd")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="channels_last, planar"):
        build_attack_graph(classifier(), SHAPE, layout="nhwc")  # type: ignore[arg-type]


def test_result_is_deterministic_and_leaves_its_argument_alone() -> None:
    proto = classifier(("Relu", "x", "unused", {}))
    before = proto.SerializeToString(deterministic=True)
    first = build_attack_graph(proto, SHAPE).SerializeToString(deterministic=True)
    assert first == build_attack_graph(proto, SHAPE).SerializeToString(deterministic=True)
    assert proto.SerializeToString(deterministic=True) == before


def test_names_of_the_forward_model_may_clash() -> None:
    """A forward model may use the built model's names for other things."""
    nodes = [("Relu", "x", "input", {}), ("ReduceMean", "input axes", "gradient", {"keepdims": 0}),
             ("Gemm", "gradient w", "accepted", {"transB": 1}), ("Tanh", "accepted", "logits", {}),
             ("Neg", "logits", "seed", {})]  # fmt: skip
    proto = model(nodes, SHAPE, WEIGHTS, np.float32, outputs=["seed"])
    built = build_attack_graph(proto, SHAPE)
    onnx.checker.check_model(built, full_check=True)
    assert [value.name for value in built.graph.input] == ["input", "accepted"]
    x = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    logits, _ = on_onnxruntime(built)({"input": x, "accepted": np.eye(2, 4, dtype=np.float32)})
    (expected,) = on_onnxruntime(proto)({"x": x})
    np.testing.assert_allclose(logits, expected, rtol=1e-5)
