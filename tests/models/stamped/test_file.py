from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models import Preprocess
from pixelpriv_fast.models.stamped.file import CARD_KEY, HASH_KEY, add_stamp, load_state_dict, read, read_stamped
from pixelpriv_fast.models.stamped.stamp import Provenance, Stamp
from pixelpriv_fast.models.stamped.wire import metadata_entry

STAMP = Stamp(
    name="tiny",
    kind="classifier",
    title="Tiny",
    dataset="nothing",
    licence="Apache-2.0",
    origin="a test",
    input="pixels",
    output="logits",
    preprocess=Preprocess(size=(4, 4), resize="squash", resize_to=(5, 6), filter="bicubic", order="BGR"),
    labels=("naïve", "beta/outdoor"),
    source=Provenance("tiny.npz", "0" * 64, True),
)


def plain() -> bytes:
    """(n, 3, 4, 4) -> (n, 2) logits."""
    weight = np.random.default_rng(0).normal(size=(48, 2)).astype(np.float32)
    nodes = [
        helper.make_node("Flatten", ["pixels"], ["flat"]),
        helper.make_node("Gemm", ["flat", "fc.weight", "val_7"], ["logits"]),
    ]
    x = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, ["batch", 3, 4, 4])
    y = helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", 2])
    constants = [
        numpy_helper.from_array(weight, "fc.weight"),
        numpy_helper.from_array(np.zeros(2, np.float32), "val_7"),
    ]
    model = helper.make_model(
        helper.make_graph(nodes, "g", [x], [y], constants), opset_imports=[helper.make_opsetid("", 17)], ir_version=9
    )
    data: bytes = model.SerializeToString()
    return data


def test_what_is_sealed_is_read_back_and_runs() -> None:
    stamped = add_stamp(plain(), STAMP)
    model = read_stamped(stamped, "tiny.onnx")
    assert model.stamp == STAMP
    assert model.data == stamped
    onnx.checker.check_model(onnx.load_from_string(stamped), full_check=True)
    session = onnxruntime.InferenceSession(stamped, providers=["CPUExecutionProvider"])
    assert session.run(None, {"pixels": np.zeros((2, 3, 4, 4), np.float32)})[0].shape == (2, 2)


def test_the_hash_is_what_its_definition_says() -> None:
    stamped = add_stamp(plain(), STAMP)
    written = {p.key: p.value for p in onnx.load_from_string(stamped).metadata_props}["pixelpriv.sha256"]
    assert stamped.count(written.encode()) == 1
    assert hashlib.sha256(stamped.replace(written.encode(), b"0" * 64)).hexdigest() == written
    assert read_stamped(stamped, "x").sha256 == written


def test_sealing_is_deterministic_and_replaces_an_old_stamp() -> None:
    other = dataclasses.replace(STAMP, title="Other")
    assert add_stamp(plain(), STAMP) == add_stamp(plain(), STAMP)
    assert add_stamp(add_stamp(plain(), other), STAMP) == add_stamp(plain(), STAMP)


def test_every_changed_byte_is_noticed() -> None:
    stamped = add_stamp(plain(), STAMP)
    for position in range(0, len(stamped), 7):
        damaged = bytearray(stamped)
        damaged[position] ^= 0x20
        with pytest.raises(ModelError, match=r"tiny\.onnx"):
            read_stamped(bytes(damaged), "tiny.onnx")


@pytest.mark.parametrize("keep", [0, 1, 100, -64, -1])
def test_truncated_files(keep: int) -> None:
    with pytest.raises(ModelError, match=r"tiny\.onnx"):
        read_stamped(add_stamp(plain(), STAMP)[:keep], "tiny.onnx")


def test_a_file_without_stamp_says_how_to_import_it() -> None:
    with pytest.raises(ModelError, match=r"net\.onnx: .*pixelpriv models import NAME FILE"):
        read_stamped(plain(), "net.onnx")


def test_text_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_text("hello, this is text")
    with pytest.raises(ModelError, match=r"x\.onnx"):
        read(tmp_path / "x.onnx")
    with pytest.raises(ModelError, match="cannot be read"):
        read(tmp_path / "missing.onnx")


def test_external_data_is_refused_at_both_ends() -> None:
    model = onnx.load_from_string(plain())
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], "/etc/passwd")
    model.graph.initializer[0].ClearField("raw_data")
    hostile = model.SerializeToString()
    with pytest.raises(ModelError, match=r"'fc\.weight' stands in another file"):
        add_stamp(hostile, STAMP)
    # Someone else can compute a right hash too: the reader looks for itself.
    blank = hostile + metadata_entry(CARD_KEY, STAMP.to_json()) + metadata_entry(HASH_KEY, "0" * 64)
    forged = blank[:-64] + hashlib.sha256(blank).hexdigest().encode()
    with pytest.raises(ModelError, match=r"'fc\.weight' stands in another file"):
        read_stamped(forged, "forged.onnx")


def forge(text: str) -> bytes:
    """A stamped model whose stamp is ``text``, with a right hash."""

    class Raw(Stamp):
        def to_json(self) -> str:
            return text

    return add_stamp(plain(), Raw(**{f.name: getattr(STAMP, f.name) for f in dataclasses.fields(STAMP)}))


@pytest.mark.parametrize(("written", "read_as"), [("f32", "fp32"), ("f16", "fp16"), ("fp16", "fp16"), ("bf16", "bf16")])
def test_earlier_spellings_of_a_precision(written: str, read_as: str) -> None:
    """A stamp says "f32", in files of today too: a file's hash covers it, and journals know networks by that hash."""
    data = json.loads(STAMP.to_json())
    assert data["precision"] == "f32"
    data["precision"] = written
    assert Stamp.from_json(json.dumps(data)).precision == read_as


def test_unknown_stamp_version() -> None:
    data = json.loads(STAMP.to_json()) | {"version": 2}
    with pytest.raises(ModelError, match=r"stamp version 2, this release reads 1"):
        read_stamped(forge(json.dumps(data)), "x.onnx")


@pytest.mark.parametrize(
    "change",
    [
        {"title": 3},
        {"surplus": "x"},
        {"labels": 5},
        {"preprocess": {"size": [4, 4]}},
        {"source": {"file": "x"}},
        {"source": None},
    ],
)
def test_stamps_that_do_not_fit(change: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="stamp cannot be read"):
        read_stamped(forge(json.dumps(json.loads(STAMP.to_json()) | change)), "x.onnx")


@pytest.mark.parametrize("text", ["", "[]", "{", "3", "{}"])
def test_stamps_that_are_no_stamp(text: str) -> None:
    with pytest.raises(ModelError):
        read_stamped(forge(text), "x.onnx")


def test_state_dict_leaves_the_exporter_s_constants_out() -> None:
    tensors = load_state_dict(read_stamped(add_stamp(plain(), STAMP), "x"))
    assert list(tensors) == ["fc.weight"]
    assert not tensors["fc.weight"].flags.writeable
