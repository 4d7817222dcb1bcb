"""A photo file is parsed once, whatever is asked of it."""

from __future__ import annotations

import numpy as np
import pytest

from pixelpriv_fast import codecs
from pixelpriv_fast.codecs import formats, jpeg

from . import samples


@pytest.mark.parametrize("format_name", samples.FORMATS)
def test_a_file_is_parsed_once(format_name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a photo and decoding it asks the codec once for what stands before the pixels."""
    data, row = samples.with_everything(format_name, samples.picture()), type(formats.codec(format_name))
    parse, calls = row.parse, []

    def counted(self: object, given: bytes) -> object:
        calls.append(given)
        return parse(self, given)

    monkeypatch.setattr(row, "parse", counted)
    opened = codecs.open(data)
    assert opened.pixel_count == 64 * 48
    assert np.array_equal(opened.decode().pixels, opened.decode().pixels)
    assert len(calls) == 1
    codecs.decode(data)
    assert len(calls) == 2


def test_a_jpegs_segments_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, calls = jpeg.read_segments, []

    def counted(data: bytes) -> object:
        calls.append(len(data))
        return reader(data)

    monkeypatch.setattr(jpeg, "read_segments", counted)
    photo = codecs.decode(samples.with_everything("jpeg", samples.picture()))
    assert len(calls) == 1
    codecs.encode(photo.pixels, like=photo)
    assert len(calls) == 1
