from __future__ import annotations

import contextlib

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.stamped.wire import external_tensor, metadata, metadata_entry


def graph(*initializers: TensorProto, nodes: tuple[onnx.NodeProto, ...] = ()) -> onnx.GraphProto:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    return helper.make_graph([helper.make_node("Relu", ["x"], ["y"]), *nodes], "g", [x], [y], list(initializers))


def external(name: str) -> TensorProto:
    tensor = numpy_helper.from_array(np.ones(4, np.float32), name)
    onnx.external_data_helper.set_external_data(tensor, "../secret.bin")
    tensor.ClearField("raw_data")
    return tensor


def located_elsewhere() -> TensorProto:
    tensor = numpy_helper.from_array(np.ones(4, np.float32), "located")
    tensor.data_location = TensorProto.EXTERNAL
    return tensor


def in_attribute() -> onnx.ModelProto:
    return helper.make_model(graph(nodes=(helper.make_node("Constant", [], ["c"], value=external("secret")),)))


def in_branch() -> onnx.ModelProto:
    branch = graph(external("secret"))
    return helper.make_model(
        graph(nodes=(helper.make_node("If", ["x"], ["z"], then_branch=branch, else_branch=branch),))
    )


def in_sparse() -> onnx.ModelProto:
    model = helper.make_model(graph())
    sparse = model.graph.sparse_initializer.add()
    sparse.values.CopyFrom(external("secret"))
    sparse.indices.CopyFrom(numpy_helper.from_array(np.zeros(4, np.int64), "i"))
    return model


def in_function() -> onnx.ModelProto:
    model = helper.make_model(graph())
    node = helper.make_node("Constant", [], ["c"], value=external("secret"))
    model.functions.append(helper.make_function("d", "f", [], ["c"], [node], []))
    return model


def in_training() -> onnx.ModelProto:
    model = helper.make_model(graph())
    model.training_info.add().algorithm.CopyFrom(graph(external("secret")))
    return model


def in_initializer() -> onnx.ModelProto:
    return helper.make_model(graph(numpy_helper.from_array(np.ones(2, np.float32), "fine"), external("secret")))


@pytest.mark.parametrize("make", [in_initializer, in_attribute, in_branch, in_sparse, in_function, in_training])
def test_external_data_is_found_wherever_it_hides(make: object) -> None:
    assert external_tensor(make().SerializeToString()) == "secret"  # type: ignore[operator]


def test_external_location_alone_is_enough() -> None:
    assert external_tensor(helper.make_model(graph(located_elsewhere())).SerializeToString()) == "located"


def test_a_whole_model_has_none() -> None:
    model = helper.make_model(graph(numpy_helper.from_array(np.ones(2, np.float32), "w")))
    assert external_tensor(model.SerializeToString()) is None


def test_appended_metadata_is_read_by_onnx_and_by_us() -> None:
    data = helper.make_model(graph()).SerializeToString() + metadata_entry("key", "välue" * 100)
    assert {p.key: p.value for p in onnx.load_from_string(data).metadata_props} == {"key": "välue" * 100}
    _, end, first, last = metadata(data)["key"]
    assert data[first:last].decode() == "välue" * 100
    assert end == len(data)


def test_a_key_twice_is_refused() -> None:
    data = helper.make_model(graph()).SerializeToString() + metadata_entry("k", "1") + metadata_entry("k", "2")
    with pytest.raises(ModelError, match="'k' twice"):
        metadata(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for reader in (metadata, external_tensor):
        with contextlib.suppress(ModelError):
            reader(data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_never_crashes_the_reader(position: int, value: int) -> None:
    data = bytearray(in_attribute().SerializeToString())
    data[position % len(data)] = value
    for reader in (metadata, external_tensor):
        with contextlib.suppress(ModelError):
            reader(bytes(data))


def test_deep_nesting_is_refused() -> None:
    def frame(number: int, payload: bytes) -> bytes:
        size, encoded = len(payload), bytearray()
        while size >= 0x80:
            encoded.append(size & 0x7F | 0x80)
            size >>= 7
        return bytes([number << 3 | 2]) + bytes(encoded) + bytes([size]) + payload

    message = b""
    for _ in range(200):
        message = frame(1, frame(5, frame(6, message)))  # a graph in an attribute of a node of a graph ...
    with pytest.raises(ModelError, match="nests"):
        external_tensor(frame(7, message))
