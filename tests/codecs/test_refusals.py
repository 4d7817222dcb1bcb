"""What a refusal says: damage is called so, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs.contract import Damaged, Refused
from pixelpriv_fast.codecs.png import Png
from pixelpriv_fast.errors import PhotoError

from . import samples

DAMAGE = "the file is damaged"


def refusal(monkeypatch: pytest.MonkeyPatch, error: Exception) -> str:
    def fails(*_: Any) -> Any:
        raise error

    monkeypatch.setattr(Png, "decode", fails)
    with pytest.raises(PhotoError) as caught:
        codecs.decode(samples.save(samples.picture(), "png"), name="x.png")
    return str(caught.value)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Damaged("a table is missing"), f"{DAMAGE} (a table is missing); restore it from a copy"),
        (Damaged("unsupported marker"), f"{DAMAGE} (unsupported marker)"),  # our own parsers know what they say
        (Refused("five channels", "convert it to RGB"), "x.png: five channels; convert it to RGB"),
        (ValueError("Invalid bitstream"), f"{DAMAGE} (Invalid bitstream)"),
        (ValueError("Failed to decode image: Not implemented"), "a feature that its decoder does not have (Failed"),
        (RuntimeError("Unsupported codec"), "a feature that its decoder does not have (Unsupported codec); convert it"),
        (MemoryError(), "not enough memory to decode it"),
        (RuntimeError("Out of memory"), "not enough memory to decode it"),
        (ModuleNotFoundError("No module named 'PIL'"), "a library that decodes it cannot be loaded"),
        (EOFError(), f"{DAMAGE} (EOFError)"),
    ],
)
def test_errors_are_told_apart(monkeypatch: pytest.MonkeyPatch, error: Exception, words: str) -> None:
    message = refusal(monkeypatch, error)
    assert words in message
    assert (DAMAGE in words) == (DAMAGE in message)


def test_a_name_stays_as_it_is_and_a_decoders_words_are_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """JSON has names whole, and the command line escapes them for people; an ideographic space is part of many."""
    name = "a\u3000b\x1b\n\udce9.png"
    for error in (Refused("two\nlines", "mend it"), ValueError("two\nlines\x1b")):
        monkeypatch.setattr(Png, "decode", lambda *_, error=error: (_ for _ in ()).throw(error))
        with pytest.raises(PhotoError) as caught:
            codecs.decode(samples.save(samples.picture(), "png"), name=name)
        assert str(caught.value).startswith(f"{name}: ")
        assert str(caught.value).removeprefix(name).isprintable()
        assert "two?lines" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "a Git LFS pointer"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xef\xbb\xbf\n<!doctype HTML>", "a web page"),
        (b"<!DOCTYPE svg><svg/>", "text or SVG"),
        (b"\0\5\x16\7\0\2\0\0Mac OS X", "a macOS resource file"),
        (b"IIU\0\x08\0\0\0", "a camera raw file"),
        (bytes(5000), "nothing but zero bytes"),
        (b"\r\n\xff\xd8\xff\xe0" + bytes(100), "2 stray bytes (b'\\r\\n') stand before a JPEG; cut them off"),
    ],
)
def test_what_is_not_a_photo_is_named(content: bytes, words: str) -> None:
    with pytest.raises(PhotoError) as caught:
        codecs.decode(content)
    assert words in str(caught.value)
    assert DAMAGE not in str(caught.value)
