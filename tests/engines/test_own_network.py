"""A user's own network, in every form in which people have one: taken with the same answers, or refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

import pixelpriv_fast as pp
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.engines.own_network import import_own_network, make
from pixelpriv_fast.errors import ModelError, PixelPrivError, UsageError
from pixelpriv_fast.logits import softmax
from pixelpriv_fast.models import Preprocess, Store, load_classifier, read_stamped
from pixelpriv_fast.runtime import create_session

SIZE, CLASSES = 12, 5
RAW = Preprocess(size=(SIZE, SIZE), resize="squash", resize_to=(SIZE, SIZE), std=(1.0, 1.0, 1.0))
LABELS = tuple(f"class {i}" for i in range(CLASSES))


def network(**form: Any) -> onnx.ModelProto:
    """A convolution, a pool over the photo, and a dense layer; ``form`` says in which form it is written."""
    random = np.random.default_rng(0)
    last, kind = form.get("channels_last", False), form.get("kind", TensorProto.FLOAT)
    weights = {
        "w": random.standard_normal((8, 3, 3, 3)) / 800,
        "b": random.standard_normal(8) / 10,
        "d": random.standard_normal((8, CLASSES)),
    }
    floats = np.float16 if kind == TensorProto.FLOAT16 else np.float32
    batch = form.get("batch", "n")
    nodes, value = [], form.get("input_name", "x")
    declared = value
    if kind == TensorProto.UINT8:
        if form.get("dequantize"):
            nodes.append(helper.make_node("DequantizeLinear", [value, "in_scale", "in_zero"], ["float"]))
        else:
            nodes.append(helper.make_node("Cast", [value], ["float"], to=TensorProto.FLOAT))
        value = "float"
    if last:
        nodes.append(helper.make_node("Transpose", [value], ["first"], perm=[0, 3, 1, 2]))
        value = "first"
    if form.get("qdq"):
        for tensor, scale in (("w", "w_scale"), ("value", "x_scale")):
            source = "w" if tensor == "w" else value
            nodes += [
                helper.make_node("QuantizeLinear", [source, scale, "zero"], [f"{tensor}_q"]),
                helper.make_node("DequantizeLinear", [f"{tensor}_q", scale, "zero"], [f"{tensor}_dq"]),
            ]
        value, kernel = "value_dq", "w_dq"
    else:
        kernel = "w"
    nodes += [
        helper.make_node("Conv", [value, kernel, "b"], ["c"], pads=[1, 1, 1, 1]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("GlobalAveragePool", ["r"], ["p"]),
        helper.make_node("Reshape", ["p", "flat"], ["f"]),
        helper.make_node("MatMul", ["f", "d"], ["scores"]),
    ]
    outputs = ["scores"]
    if form.get("softmax"):
        nodes.append(helper.make_node("Softmax", ["scores"], ["probabilities"], axis=1))
        outputs = ["probabilities"]
    if form.get("spelled_softmax"):
        nodes += [
            helper.make_node("Exp", ["scores"], ["e"]),
            helper.make_node("ReduceSum", ["e", "axes"], ["s"], keepdims=1),
            helper.make_node("Div", ["e", "s"], ["probabilities"]),
        ]
        outputs = ["probabilities"]
    if form.get("spatial"):
        nodes.append(helper.make_node("Reshape", [outputs[0], "square"], ["map"]))
        outputs = ["map"]
    outputs += form.get("more", [])
    constants: dict[str, np.ndarray] = {name: array.astype(floats) for name, array in weights.items()}
    constants["flat"] = np.array([batch if isinstance(batch, int) else -1, 8], np.int64)
    constants |= {"axes": np.array([1], np.int64), "square": np.array([-1, CLASSES, 1, 1], np.int64)}
    constants |= {"w_scale": np.float32(1 / 20000), "x_scale": np.float32(255 / 127), "zero": np.int8(0)}
    constants |= {"in_scale": np.float32(1.0), "in_zero": np.uint8(0)}
    read = {name for node in nodes for name in node.input}
    initializers = [numpy_helper.from_array(np.asarray(a), name) for name, a in constants.items() if name in read]
    shape = [batch, SIZE, SIZE, 3] if last else [batch, 3, SIZE, SIZE]
    inputs = [helper.make_tensor_value_info(declared, kind, shape)]
    if form.get("initializers_as_inputs"):
        inputs += [helper.make_tensor_value_info(t.name, t.data_type, list(t.dims)) for t in initializers]
    described = [helper.make_tensor_value_info(name, floats_of(kind), None) for name in outputs]
    graph = helper.make_graph(nodes, "own", inputs, described, initializers)
    opset = form.get("opset", 17)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8 if opset > 9 else 3)


def floats_of(kind: int) -> int:
    return TensorProto.FLOAT16 if kind == TensorProto.FLOAT16 else TensorProto.FLOAT


def photos(count: int = 4) -> list[np.ndarray]:
    random = np.random.default_rng(7)
    return [random.integers(0, 256, (SIZE, SIZE, 3), np.uint8) for _ in range(count)]


def own_answers(model: onnx.ModelProto, **form: Any) -> np.ndarray:
    """The network asked as its owner would, photo by photo."""
    session = create_session(model.SerializeToString(), "onnxruntime")
    kind = helper.tensor_dtype_to_np_dtype(form.get("kind", TensorProto.FLOAT))
    rows = []
    for photo in photos():
        one = photo if form.get("channels_last") else photo.transpose(2, 0, 1)
        rows.append(session.run({form.get("input_name", "x"): one[None].astype(kind)})[0].reshape(-1))
    return np.stack(rows).astype(np.float64)


FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "opset_9": {"opset": 9, "initializers_as_inputs": True},
    "newest_opset": {"opset": 21},
    "channels_last": {"channels_last": True},
    "8_bit_input": {"kind": TensorProto.UINT8},
    "8_bit_channels_last_softmax": {"kind": TensorProto.UINT8, "channels_last": True, "softmax": True},
    "8_bit_dequantised": {"kind": TensorProto.UINT8, "dequantize": True},
    "16_bit": {"kind": TensorProto.FLOAT16},
    "softmax": {"softmax": True},
    "softmax_spelled_out": {"spelled_softmax": True},
    "softmax_then_a_map": {"softmax": True, "spatial": True},
    "map": {"spatial": True},
    "one_photo_only": {"batch": 1},
    "qdq": {"qdq": True},
    "our_names": {"input_name": "pixels"},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_it_answers_as_before_and_has_a_gradient(form: dict[str, Any], tmp_path: Path) -> None:
    model = network(**form)
    made = make("mine", "mine.onnx", model.SerializeToString(), RAW, LABELS)
    assert made.remark == ""
    stamped = read_stamped(made.data, "mine")
    expected = own_answers(model, **form)
    found = load_classifier(stamped)(photos())
    probabilities = "softmax" in form or "spelled_softmax" in form
    answers = softmax(found) if probabilities else found
    np.testing.assert_allclose(answers, expected, atol=5e-3 * np.abs(expected).max())
    assert (found.argmax(1) == expected.argmax(1)).all()
    engine = load_engine(stamped, engine="onnx", device="cpu", precision="fp32")
    inputs = np.stack([RAW.rounded(photo) for photo in photos()])
    logits, gradient = engine.gradient(inputs, [(0,)] * len(inputs))
    np.testing.assert_allclose(softmax(logits), softmax(found), atol=2e-2)
    assert np.abs(gradient).max() > 0
    engine.close()


def test_it_is_attacked_under_its_name_and_as_a_file(tmp_path: Path) -> None:
    file, labels = tmp_path / "exported.onnx", tmp_path / "labels.txt"
    onnx.save(network(kind=TensorProto.UINT8, channels_last=True, softmax=True), file)
    labels.write_text("\n".join(LABELS))
    store = Store(tmp_path / "store")
    line = f"rgb,squash={SIZE},scale=raw"
    path, remark = import_own_network(store, "my_scenes", file, line, labels)
    assert (path, remark) == (tmp_path / "store" / "my_scenes.onnx", "")
    assert store.own() == ["my_scenes"]
    (entry,) = [entry for entry in store.listing() if entry.name == "my_scenes"]
    assert (entry.kind, entry.status) == ("classifier", "ready")
    for name in ("my_scenes", str(path)):
        with pp.Protector("pgd", classifier=name, models=tmp_path / "store", device="cpu", metrics=()) as protector:
            result = protector.protect(photos()[0])
        assert result.verdict.before.label in LABELS
        assert result.verdict.judgements[0].classifier == "my_scenes"
    again = Store(tmp_path / "other").import_model("my_scenes", path)
    assert again.read_bytes() == path.read_bytes()


def test_the_output_is_named_where_several_could_be(tmp_path: Path) -> None:
    model = network(softmax=True, more=["scores"])
    data = model.SerializeToString()
    with pytest.raises(UsageError, match=r"2 give 5 values.*--output"):
        make("mine", "mine.onnx", data, RAW, LABELS)
    for output in ("scores", "probabilities"):
        made = make("mine", "mine.onnx", data, RAW, LABELS, output)
        (spec,) = create_session(made.data, "onnxruntime").outputs
        assert spec.name == "logits"
    with pytest.raises(UsageError, match="no output 'score'"):
        make("mine", "mine.onnx", data, RAW, LABELS, "score")
    other = network(more=["p"])  # of another shape, so there is no choice
    assert make("mine", "mine.onnx", other.SerializeToString(), RAW, LABELS).remark == ""


def changed(**form: Any) -> bytes:
    model = network(**form)
    change = form.get("change")
    if change is not None:
        change(model.graph)
    return model.SerializeToString()


def _two_inputs(graph: onnx.GraphProto) -> None:
    graph.input.append(helper.make_tensor_value_info("y", TensorProto.FLOAT, [1]))


def _one_channel(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1


def _whole_numbers(graph: onnx.GraphProto) -> None:
    graph.node[0].op_type = "ConvInteger"


def _foreign(graph: onnx.GraphProto) -> None:
    graph.node[1].domain = "com.microsoft"


REFUSED: list[tuple[bytes, str]] = [
    (changed(change=_two_inputs), "one input, the photos; this network has 2"),
    (changed(change=_one_channel), r"shape \[\?, 1, 12, 12\], not \[photos, 3"),
    (changed(change=_foreign), "com.microsoft::Relu is one library's own"),
    (changed(kind=TensorProto.UINT8, change=_whole_numbers), "compute with whole numbers|cannot run"),
    (b"no network", "not an ONNX file"),
    (changed()[:-40], "not an ONNX file, or cut off"),
]


@pytest.mark.parametrize(("data", "message"), REFUSED)
def test_what_cannot_be_taken_is_told_in_one_line(data: bytes, message: str) -> None:
    with pytest.raises(PixelPrivError, match=message) as error:
        make("mine", "mine.onnx", data, RAW, LABELS)
    assert "\n" not in str(error.value)


def test_sizes_labels_and_batches_that_do_not_fit() -> None:
    data = network().SerializeToString()
    with pytest.raises(UsageError, match="takes photos of 12x12, the preprocessing makes 8x8; give crop=12x12"):
        make("mine", "m", data, Preprocess(size=(8, 8)), LABELS)
    with pytest.raises(UsageError, match=r"none gives 4 values.*check the labels"):
        make("mine", "m", data, RAW, LABELS[:4])
    for name in ("efficientnet_lite0", "../mine", "a.b", "", "x" * 65):
        with pytest.raises(UsageError):
            Store().check_own_name(name)


def test_external_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.onnx"
    onnx.save(network(), path, save_as_external_data=True, location="w.bin", size_threshold=0)
    with pytest.raises(ModelError, match="stands in another file"):
        make("mine", "x.onnx", path.read_bytes(), RAW, LABELS)


def test_a_network_without_a_gradient_can_judge() -> None:
    model = network()
    model.graph.node[1].op_type = "Hardmax"  # no rule, and no slope
    made = make("mine", "m", model.SerializeToString(), RAW, LABELS)
    assert "Hardmax" in made.remark
