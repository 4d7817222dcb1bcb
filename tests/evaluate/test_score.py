"""``pp.score``, and the records behind ``pixelpriv score``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.errors import ModelError, PhotoError, UsageError
from pixelpriv_fast.evaluate.score import score_files
from pixelpriv_fast.metrics import NIMA, PSNR
from tests.scenes import encoded, scene


def test_every_kind_of_source_gives_the_same_figure(nima_store: Path, tmp_path: Path) -> None:
    photo = scene(120, 160, 1)
    (tmp_path / "photo.png").write_bytes(encoded(photo))
    metric = NIMA(models=nima_store, device="cpu")
    expected = metric(photo)
    sources = [photo, encoded(photo), tmp_path / "photo.png", str(tmp_path / "photo.png"), Image.fromarray(photo)]
    assert [pp.score(source, metric) for source in sources] == pytest.approx([expected] * 5, abs=1e-6)
    assert pp.score(photo, "nima", models=nima_store, device="cpu") == pytest.approx(expected, abs=1e-6)


def test_metrics_with_reference(tmp_path: Path) -> None:
    photo = scene(60, 80, 1)
    other = np.clip(photo.astype(int) + 3, 0, 255).astype(np.uint8)
    assert pp.score(other, "psnr", original=encoded(photo)) == PSNR()(other, photo)
    with pytest.raises(UsageError, match="psnr compares with the original"):
        pp.score(other, "psnr")
    with pytest.raises(UsageError, match=r"unknown metric 'nimo'; did you mean 'nima'\?"):
        pp.score(other, "nimo")


def test_records_and_errors_keep_the_order(nima_store: Path, tmp_path: Path) -> None:
    paths = []
    for number in range(18):  # more than one batch
        paths.append(tmp_path / f"{number:02}.png")
        paths[-1].write_bytes(encoded(scene(50, 70, number)) if number not in (3, 17) else b"no photo")
    answers = list(score_files(paths, models=nima_store, device="cpu"))
    assert [n for n, answer in enumerate(answers) if isinstance(answer, PhotoError)] == [3, 17]
    assert answers[5] == {
        "source": str(paths[5]),
        "metrics": {"nima": pytest.approx(NIMA(models=nima_store, device="cpu")(scene(50, 70, 5)), abs=1e-5)},
    }


def test_a_photo_that_cannot_be_rated_is_named(nima_store: Path, tmp_path: Path) -> None:
    for name, size in (("large.png", 64), ("small.png", 20)):
        (tmp_path / name).write_bytes(encoded(scene(size, size)))
    paths = [tmp_path / "small.png", tmp_path / "large.png"]
    small, large = score_files(paths, models=nima_store, device="cpu", preset="titu1994")
    assert isinstance(small, PhotoError)
    assert str(small).startswith(f"{paths[0]}: photo of 20x20 is smaller than the 32x32")
    assert isinstance(large, dict)


def test_mistakes_are_found_before_the_first_photo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    missing = [tmp_path / "no.png"]
    with pytest.raises(UsageError, match="ssim compares with the original: use pixelpriv evaluate"):
        next(score_files(missing, ["ssim"]))
    with pytest.raises(UsageError, match="unknown NIMA preset 'x'"):
        next(score_files(missing, preset="x"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    with pytest.raises(ModelError, match="pixelpriv models fetch nima_mobilenet"):
        next(score_files(missing, models=tmp_path))
