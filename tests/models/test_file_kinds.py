"""Downloads that went wrong are called what they are, before any hash is spoken of."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cards import RESNET50_PLACES365
from pixelpriv_fast.models.file_kinds import refuse_what_holds_no_weights
from pixelpriv_fast.models.importing.checkpoint import read_checkpoint
from pixelpriv_fast.models.stamped.file import read

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0123\nsize 97000000\n"
WRONG = {
    "empty": b"",
    "Git LFS pointer": POINTER,
    "web page": b"\n<!DOCTYPE html><html><head><title>Sign in</title>",
    "web page, not": b"\xef\xbb\xbf<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "text": b'{"error":"Repository not found"}',
    "cut off": b"PK\x03\x04" + b"x" * 2000,
    "cut off after": b"\x89HDF\r\n\x1a\n\x00" + bytes(31) + (10**6).to_bytes(8, "little") + bytes(99),
}


@pytest.mark.parametrize(("words", "data"), WRONG.items())
@pytest.mark.parametrize("reader", ["checkpoint", "onnx"])
def test_it_is_called_what_it_is(tmp_path: Path, words: str, data: bytes, reader: str) -> None:
    path = tmp_path / "weights.pth"
    path.write_bytes(data)
    open_it = read if reader == "onnx" else functools.partial(read_checkpoint, card=RESNET50_PLACES365)
    with pytest.raises(ModelError, match=words) as error:
        open_it(path)  # the checkpoint's hash is pinned
    assert "sha256" not in str(error.value)
    assert "pinned" not in str(error.value)


def test_half_a_torch_file(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    whole, half = tmp_path / "whole.pth", tmp_path / "half.pth"
    for format_words in ({}, {"_use_new_zipfile_serialization": False}):
        torch.save({"weight": torch.zeros(1000)}, whole, **format_words)
        half.write_bytes(whole.read_bytes()[:1500])
        with pytest.raises(ModelError, match="cut off"):
            read_checkpoint(half, RESNET50_PLACES365, allow_unknown_hash=True)


def test_weights_pass(tmp_path: Path) -> None:
    path = tmp_path / "weights.npz"
    np.savez(path, weight=np.zeros(3, np.float32))
    refuse_what_holds_no_weights(path, path.read_bytes())
    refuse_what_holds_no_weights(path, b"\x80\x02 an old pickle")
