"""Photos with transparency are classified, scored and measured as they are over white."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.codecs.transparency import over
from pixelpriv_fast.evaluate import prepare
from pixelpriv_fast.evaluate.classify import classify_files
from pixelpriv_fast.metrics import PSNR
from pixelpriv_fast.models import load_classifier
from tests.archive.tiny import tiny_classifier
from tests.scenes import scene


def test_what_is_seen_over_white_counts(tmp_path: Path) -> None:
    alpha = np.random.default_rng(0).integers(0, 256, (6, 8), np.uint8).repeat(8, axis=0).repeat(8, axis=1)
    pictures = {name: scene(48, 64, seed) for seed, name in enumerate(("in", "out"))}
    for name, pixels in pictures.items():
        (tmp_path / name).mkdir()
        Image.fromarray(np.dstack([pixels, alpha])).save(tmp_path / name / "a.png")
    files = [tmp_path / name / "a.png" for name in pictures]
    seen = [over(pixels, alpha) for pixels in pictures.values()]

    network = str(tiny_classifier(tmp_path))
    judge = load_classifier(network, device="cpu")
    tops = [judge.labels[index] for index in judge(seen).argmax(1)]
    assert [record["top"][0][0] for record in classify_files(files, [network], device="cpu")] == tops  # type: ignore[index]
    assert tops != [judge.labels[index] for index in judge(list(pictures.values())).argmax(1)]

    psnr = PSNR()(seen[1], seen[0])
    assert pp.score(files[1], "psnr", original=files[0]) == psnr
    (tmp_path / "labels.csv").write_text(f"a.png,{judge.labels.index(tops[1])}\n")
    evaluation = prepare(
        tmp_path / "in", tmp_path / "out", tmp_path / "labels.csv", classifier=network, metrics=["psnr"], device="cpu"
    )
    (row,) = evaluation.rows()
    assert row.protected.top1  # type: ignore[union-attr]
    assert evaluation.record()["metrics"]["psnr"] == pytest.approx(psnr)
