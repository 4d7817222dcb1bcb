"""Reads the few things of an ONNX file that are needed before anything may run, straight from its bytes.

An ONNX file is one protobuf message. Reading its tags takes milliseconds where importing the onnx package takes a quarter of
a second, and reads nothing that the caller has not hashed. The format: protobuf's encoding guide, and onnx.proto for the
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

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
_TENSOR_NAME, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 8, 13, 14


class WireField(NamedTuple):
    """One field of a message.

    Attributes
    ----------
    number : int
        The field's number in onnx.proto.
    wire : int
        Its wire type.
    begin : int
        Offset of its tag.
    start, end : int
        Offsets of its payload.
    value : int
        The value of a varint, else 0.
    """

    number: int
    wire: int
    begin: int
    start: int
    end: int
    value: int


def fields(data: bytes, start: int, end: int) -> Iterator[WireField]:
    """Yield the fields of a message.

    Parameters
    ----------
    data : bytes
        A whole file.
    start, end : int
        Offsets of the message in it.

    Yields
    ------
    WireField
        Each field, in the order of the bytes.

    Raises
    ------
    ModelError
        If the bytes are not a message.
    """
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
        yield WireField(number, wire, begin, first, position, value)


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
    """Find the model's metadata entries. Raises ``ModelError`` if a key occurs twice.

    Returns key -> (entry begin, entry end, value start, value end), as offsets.
    """
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
    """Return a metadata entry to append to a model's bytes.

    Repeated fields may stand anywhere in a protobuf message.

    Parameters
    ----------
    key : str
        Its key.
    value : str
        Its value.

    Returns
    -------
    bytes
        The entry.
    """
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
    """Return the name of a tensor whose values stand in another file, anywhere in the model; None if there is none."""
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
