"""The bounds of one photo are options of ``protect`` and ``watch``: their defaults, and what each of them does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pixelpriv_fast.cli.job_options import job_options
from pixelpriv_fast.codecs import Limits
from tests.archive.tiny import tiny_classifier
from tests.cli.test_protect import pixelpriv
from tests.codecs import samples

PLAIN, ANIMATED = samples.save(samples.picture(50, 40), "png"), samples.animated("png")


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def test_the_defaults(classifier: Path) -> None:
    options = job_options(classifier=[str(classifier)])
    assert options.protector.limits == Limits() == Limits(100_000_000, 512_000_000, 1)
    assert options.protector.timeout == 120.0


@pytest.mark.parametrize(
    ("data", "option", "enough", "too_little", "message"),
    [
        (PLAIN, "--max-pixels", "2000", "1999", "50x40 = 2,000 pixels exceed the limit of 1,999"),
        (PLAIN, "--max-bytes", str(len(PLAIN)), str(len(PLAIN) - 1), "raise it with --max-bytes"),
        (PLAIN, "--timeout", "30", "0.001", "took over 0.001 s; raise --timeout"),
        (ANIMATED, "--max-frames", None, "2", "3 frames exceed the limit of 2"),
        (ANIMATED, "--max-frames", None, "3", "only single pictures are protected"),
    ],
)
def test_each_can_be_set(
    data: bytes, option: str, enough: str | None, too_little: str, message: str, classifier: Path, tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "photo.png").write_bytes(data)
    fixed = ["--recipe", "euclidean", "--classifier", str(classifier), "--device", "cpu", "--no-report", "--json"]
    for number, (value, code) in enumerate(((too_little, 1), (enough, 0))):
        if value is None:
            continue
        out = tmp_path / f"out{number}"
        done = pixelpriv("protect", tmp_path / "in", out, option, value, *fixed)
        assert done.returncode == code, done.stderr
        record = json.loads(done.stdout.splitlines()[0])
        assert record["status"] == ("failed" if code else "protected")
        assert (message in record["reason"]) == bool(code), record
        assert (out / "photo.png").exists() == (code == 0)
