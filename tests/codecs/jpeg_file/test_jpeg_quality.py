"""The quality and chroma sampling of a JPEG are found in its tables and headers."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from PIL.JpegImagePlugin import JpegImageFile

from pixelpriv_fast import codecs

from .. import samples


def _tables(data: bytes) -> dict[int, list[int]]:
    opened = Image.open(io.BytesIO(data))
    assert isinstance(opened, JpegImageFile)
    return opened.quantization


@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_quality_of_a_libjpeg_file_is_found(mode: str) -> None:
    image = Image.fromarray(samples.picture(16, 16)).convert(mode)
    for quality in range(1, 101):
        data = samples.save(image, "jpeg", quality=quality)
        found = codecs.decode(data).quality
        assert found is not None
        # At the lowest qualities all steps are clipped to 255, so that several qualities are one table.
        assert _tables(samples.save(image, "jpeg", quality=found))[0] == _tables(data)[0]
        assert found == quality or quality < 3


def test_quality_of_other_tables_is_the_nearest() -> None:
    table = [max(1, round(0.3 * step)) for step in _tables(samples.save(samples.picture(), "jpeg", quality=50))[0]]
    assert codecs.decode(samples.save(samples.picture(), "jpeg", qtables=[table, table])).quality == 85


@pytest.mark.parametrize(("number", "name"), [(0, "444"), (1, "422"), (2, "420")])
def test_source_subsampling_is_told(number: int, name: str) -> None:
    assert codecs.decode(samples.save(samples.picture(), "jpeg", subsampling=number)).subsampling == name
