"""One run over an archive: what fails stays with its photo, and only what has a verdict is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from pixelpriv_fast.archive.job import Summary, run
from pixelpriv_fast.archive.walk import Item
from pixelpriv_fast.pipeline import Protector
from pixelpriv_fast.result import Result


class Fixed:
    """A protector whose results are given."""

    device = "nowhere"

    def __init__(self, *results: Result) -> None:
        self.results = results

    def stream(self, *_: Any, **__: Any) -> Iterator[Result]:
        yield from self.results


def result(name: str, status: str) -> Result:
    return Result(name, "pgd", "c", status=status, encoded=b"file")


def outcomes(out: Path, items: list[Item], results: list[Result]) -> tuple[list[dict[str, Any]], Summary]:
    summary = Summary()
    fixed = cast(Protector, Fixed(*results))
    return list(run(fixed, items, out, batch=4, strict=False, summary=summary)), summary


def test_a_name_that_does_not_fit_fails_one_photo(tmp_path: Path) -> None:
    names = ["a.jpg", "n" * 300 + ".jpg", "c.jpg"]
    items = [Item(Path(name), name, name) for name in names]
    records, summary = outcomes(tmp_path, items, [result(name, "protected") for name in names])
    assert [record["status"] for record in records] == ["protected", "failed", "protected"]
    assert "too long" in records[1]["reason"]
    assert records[1]["output"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.jpg", "c.jpg"]
    assert (summary.counts["failed"], summary.exit_code) == (1, 1)


def test_a_photo_that_failed_on_a_retry_is_not_written(tmp_path: Path) -> None:
    items = [Item(Path("a.jpg"), "a.jpg", "a.jpg")]
    records, _ = outcomes(tmp_path, items, [result("a.jpg", "failed")])
    assert records[0]["output"] is None
    assert list(tmp_path.iterdir()) == []
