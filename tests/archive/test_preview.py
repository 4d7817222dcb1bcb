"""``--dry-run``: what would be done, by the journal, and what it would take, without a trace."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.preview import Preview
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.protection.protector import Protector
from pixelpriv_fast.protection.result import Result
from tests.archive.tiny import fill, state_of, tiny_protector, traits, tree


def test_a_probe_tells_where_no_journal_does(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 9)
    preview = Preview(tiny_protector(classifier), plan([tmp_path / "in"], tmp_path / "out"), tmp_path / "out")
    records = list(preview.records())
    assert [record["status"] for record in records] == ["planned"] * 9
    summary = preview.summary()
    assert (summary["planned"], summary["skipped"], summary["estimate"]) == (9, 0, "probe")
    assert summary["formats"] == {"png": 3, "jpeg": 3, "webp": 3}
    size = sum(path.stat().st_size for path in (tmp_path / "in").rglob("*.*"))
    assert summary["source_bytes"] == size
    assert size / 3 < summary["estimated_bytes"] < size * 3
    assert summary["estimated_seconds"] >= 0
    assert not (tmp_path / "out").exists()


def test_the_journal_tells_what_is_done_and_how_long_it_took(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 8)
    with open_job(tiny_protector(classifier), tmp_path / "out") as job:
        list(job.run(plan([tmp_path / "in"], tmp_path / "out")))
    fill(tmp_path / "in", 4, first=8)
    before = traits(tmp_path)
    items = plan([tmp_path / "in"], tmp_path / "out")
    preview = Preview(tiny_protector(classifier), items, tmp_path / "out", state=state_of(tmp_path / "out"))
    records = list(preview.records())
    assert [record["status"] for record in records].count("skipped") == 8
    assert next(r for r in records if r["status"] == "skipped")["reason"] == "done already: protected"
    summary = preview.summary()
    assert (summary["planned"], summary["skipped"], summary["estimate"]) == (4, 8, "journal")
    assert abs(summary["estimated_seconds"] - job.summary.seconds / 2) <= 0.1 + job.summary.seconds / 4
    assert traits(tmp_path) == before
    other = Preview(tiny_protector(classifier, seed=9), items, tmp_path / "out", state=state_of(tmp_path / "out"))
    assert [record["status"] for record in other.records()] == ["planned"] * 12
    assert other.summary()["estimate"] == "probe", "other settings take another time"


def test_the_probe_is_one_full_batch_of_every_format(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 45)
    seen: list[str] = []

    class Watched(Protector):
        def stream(self, sources: Iterable[Any], batch: int = 16, **options: Any) -> Iterator[Result]:
            paths = list(sources)
            seen.extend(str(path) for path in paths if isinstance(path, str))
            yield from super().stream(paths, batch, **options)

    protector = Watched("euclidean", classifier=str(classifier), device="cpu", metrics=())
    items = plan([tmp_path / "in"], tmp_path / "out")
    preview = Preview(protector, items, tmp_path / "out", batch=9)
    list(preview.records())
    estimated = preview.summary()["estimated_bytes"]
    assert Counter(Path(path).suffix for path in seen) == {".png": 3, ".jpg": 3, ".webp": 3}
    with open_job(protector, tmp_path / "out", batch=9) as job:
        list(job.run(items))
    written = sum(map(len, tree(tmp_path / "out").values()))
    assert abs(estimated - written) < 0.15 * written


def test_no_estimate_where_networks_are_not_ready(tmp_path: Path) -> None:
    fill(tmp_path / "in", 1)
    protector = tiny_protector(Path("resnet50_places365"), models=tmp_path / "none")
    preview = Preview(protector, plan([tmp_path / "in"], tmp_path / "out"), tmp_path / "out")
    list(preview.records())
    summary = preview.summary()
    assert (summary["estimate"], summary["estimated_seconds"], summary["estimated_bytes"]) == (None, None, None)
