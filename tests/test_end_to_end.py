"""The product's promise on real photos: the saved file, decoded again, fools the classifier, whoever looks.

The judge here is this file's own: Pillow decodes and resizes, ONNX Runtime runs the stored network; nothing of the
product's decoder, preprocessing or verdict takes part.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import pixelpriv_fast as pp


class Judge:
    """EfficientNet-Lite0 as its authors run it: short side 256 (bicubic), centre crop 224, (x - 127) / 128."""

    def __init__(self, models: Path) -> None:
        data = (models / "efficientnet_lite0.onnx").read_bytes()
        self.session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def top1(self, data: bytes) -> int:
        image = Image.open(io.BytesIO(data)).convert("RGB")
        width, height = image.size
        size = (256, int(256 * height / width)) if width <= height else (int(256 * width / height), 256)
        image = image.resize(size, Image.Resampling.BICUBIC)
        left, top = round((size[0] - 224) / 2), round((size[1] - 224) / 2)
        pixels = (np.asarray(image.crop((left, top, left + 224, top + 224)), np.float32) - 127) / 128
        return int(self.session.run(None, {self.input: pixels.transpose(2, 0, 1)[None]})[0].argmax())


@pytest.mark.slow
@pytest.mark.parametrize("format_name", ["png", "jpeg"])
def test_sixteen_photos_are_protected_in_their_files(photos: Path, store_folder: Path, format_name: str) -> None:
    paths = [*sorted((photos / "kodak").iterdir()), *sorted((photos / "scenes_cc0").iterdir())]
    assert len(paths) == 16
    judge = Judge(store_folder)
    encoding = pp.EncodeOptions(format=format_name, quality=95 if format_name == "jpeg" else None)
    protector = pp.Protector("contrast+least_likely", models=store_folder, device="cpu", encoding=encoding, metrics=())
    for path, result in zip(paths, protector.stream(paths, batch=8, encode=True), strict=True):
        saved = result.encoded or b""
        before, after = judge.top1(path.read_bytes()), judge.top1(saved)
        assert before != after, f"{path.name} is still {before}"
        assert after == result.verdict.after.index, path.name
        assert result.status == "protected", result.reason
        with Image.open(io.BytesIO(saved)) as written, Image.open(path) as original:
            assert written.format == format_name.upper()
            assert written.size == original.size, "protected at its native size"
