"""Reads the few things of an ONNX file that are needed before anything may run, straight from its bytes.

An ONNX file is one protobuf message. Walking it takes milliseconds where importing the onnx package takes a quarter of
a second, and reads nothing that the caller has not hashed. The format: protobuf's encoding guide, and onnx.proto
for the numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ...errors import ModelError

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5
_FIXED_SIZES = {_FIXED64: 8, _FIXED32: 4}
_MAX_DEPTH = 32  # sub-graphs inside sub-graphs; real networks have none or one

#: Which fields of a message hold messages that may hold tensors (onnx.proto).
_CHILDREN: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "function": {7: "node", 11: "attribute"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_METADATA = 14  # ModelProto.metadata_props
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW = 1, 2, 8, 9
_TENSOR_EXTERNAL, _TENSOR_LOCATION = 13, 14
_FLOAT = 1


class Field(NamedTuple):
    """One field of a message. ``start`` and ``end`` frame its payload, ``begin`` its tag; ``value`` is set for a
    varint."""

    number: int
    wire: int
    begin: int
    start: int
    end: int
    value: int


def fields(data: bytes, start: int, end: int) -> Iterator[Field]:
    """The fields of the message in ``data[start:end]``. Raises ``ModelError`` where the bytes are no message."""
    position = start
    while position < end:
        begin = position
        tag, position = _varint(data, position, end)
        number, wire = tag >> 3, tag & 7
        value, first = 0, position
        if wire == _VARINT:
            value, position = _varint(data, position, end)
        elif wire == _LENGTH:
            size, first = _varint(data, position, end)
            position = first + size
        elif wire in _FIXED_SIZES:
            position += _FIXED_SIZES[wire]
        else:
            raise _broken(begin)
        if position > end or number == 0:
            raise _broken(begin)
        yield Field(number, wire, begin, first, position, value)


def _varint(data: bytes, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:
        byte = data[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise _broken(position)


def _broken(position: int) -> ModelError:
    return ModelError(f"not an ONNX file: its bytes make no sense at offset {position}")


def metadata(data: bytes) -> dict[str, tuple[int, int, int, int]]:
    """The model's metadata entries: key -> (entry begin, entry end, value start, value end). A key may stand there
    once."""
    found: dict[str, tuple[int, int, int, int]] = {}
    for entry in fields(data, 0, len(data)):
        if entry.number != _METADATA or entry.wire != _LENGTH:
            continue
        parts = {part.number: part for part in fields(data, entry.start, entry.end)}
        if 1 not in parts:
            continue
        key = data[parts[1].start : parts[1].end].decode("utf-8", errors="replace")
        if key in found:
            raise ModelError(f"the model file has the metadata entry {key!r} twice; import the model again")
        value = (parts[2].start, parts[2].end) if 2 in parts else (entry.end, entry.end)
        found[key] = (entry.begin, entry.end, *value)
    return found


def metadata_entry(key: str, value: str) -> bytes:
    """A metadata entry to append to a model's bytes (repeated fields may stand anywhere in a protobuf message)."""
    body = _length_field(1, key.encode()) + _length_field(2, value.encode())
    return _length_field(_METADATA, body)


def _length_field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | _LENGTH]) + _encode_varint(len(payload)) + payload


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def external_tensor(data: bytes) -> str | None:
    """The name of a tensor whose values stand in another file, anywhere in the model; None when there is none."""
    return _external(data, "model", 0, len(data), 0)


def _external(data: bytes, kind: str, start: int, end: int, depth: int) -> str | None:
    if depth > _MAX_DEPTH:
        raise ModelError(f"the model nests messages deeper than {_MAX_DEPTH}; no real network does")
    children = _CHILDREN[kind]
    for field in fields(data, start, end):
        if kind == "tensor" and (
            field.number == _TENSOR_EXTERNAL or (field.number == _TENSOR_LOCATION and field.value != 0)
        ):
            return _tensor_name(data, start, end)
        if field.number in children and field.wire == _LENGTH:
            found = _external(data, children[field.number], field.start, field.end, depth + 1)
            if found is not None:
                return found
    return None


def _tensor_name(data: bytes, start: int, end: int) -> str:
    names = [f for f in fields(data, start, end) if f.number == _TENSOR_NAME]
    return data[names[-1].start : names[-1].end].decode("utf-8", errors="replace") if names else "(unnamed)"


def float_initializers(data: bytes) -> dict[str, npt.NDArray[np.float32]]:
    """The graph's float32 initializers by name, as read-only views of ``data``."""
    made: dict[str, npt.NDArray[np.float32]] = {}
    for graph in fields(data, 0, len(data)):
        if graph.number != 7 or graph.wire != _LENGTH:
            continue
        for field in fields(data, graph.start, graph.end):
            if field.number == 5 and field.wire == _LENGTH:
                tensor = _float_tensor(data, field)
                if tensor is not None:
                    made[_tensor_name(data, field.start, field.end)] = tensor
    return made


def _float_tensor(data: bytes, message: Field) -> npt.NDArray[np.float32] | None:
    shape: list[int] = []
    kind, raw = 0, (0, 0)
    for field in fields(data, message.start, message.end):
        if field.number == _TENSOR_DIMS:
            shape += _dims(data, field)
        elif field.number == _TENSOR_TYPE:
            kind = field.value
        elif field.number == _TENSOR_RAW:
            raw = (field.start, field.end)
    if kind != _FLOAT:
        return None
    if raw[1] - raw[0] != 4 * int(np.prod(shape)):
        raise _broken(message.start)
    return np.frombuffer(data, "<f4", (raw[1] - raw[0]) // 4, raw[0]).reshape(shape)


def _dims(data: bytes, field: Field) -> list[int]:
    if field.wire == _VARINT:
        return [field.value]
    sizes, position = [], field.start
    while position < field.end:
        size, position = _varint(data, position, field.end)
        sizes.append(size)
    return sizes
