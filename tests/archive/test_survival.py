"""What an archive's photos survive: in records, journal and summary, decided by nobody but the panel."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import open_journal
from pixelpriv_fast.archive.summary import Summary
from pixelpriv_fast.archive.survived import Survived
from pixelpriv_fast.archive.verify import Verification
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.channels.sharing import SHARING
from tests.archive.tiny import fill, state_of, tiny_protector, tree
from tests.scenes import encoded, scene

NAMES = [treatment.name for treatment in SHARING.treatments]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    fill(tmp_path / "in", 8)
    return tmp_path / "in"


def run(
    classifier: Path, source: Path, out: Path, *, strict: bool = False, **options: Any
) -> tuple[list[dict[str, Any]], Summary]:
    with open_job(tiny_protector(classifier, "fgsm", **options), out, batch=4, strict=strict) as job:
        return list(job.run(plan([source], out))), job.summary


def test_records_journal_and_summary_say_the_same(classifier: Path, source: Path, tmp_path: Path) -> None:
    records, summary = run(classifier, source, tmp_path / "out", survival=True)
    with closing(open_journal(state_of(tmp_path / "out"))) as journal:
        assert [row.record for row in journal.rows()] == sorted(records, key=lambda record: record["source"])
    found = [record["survival"] for record in records]
    for record, survival in zip(records, found, strict=True):
        alone = pp.survive(
            tmp_path / "out" / record["output"], source / record["source"], str(classifier), device="cpu"
        )
        assert list(survival) == ["panel", "passed", "of", "failed", "unread", "not_applied"]
        assert survival == {k: list(v) if isinstance(v, tuple) else v for k, v in _fields(alone)}
        assert record["status"] == "protected", "it is not mixed into the status"
    counts = summary.record()["survival"]
    assert (counts["panel"], counts["photos"]) == ("sharing", 8)
    assert counts["passed_all"] == sum(not survival["failed"] for survival in found)
    assert 0 < counts["passed_all"] < 8, "or nothing was shown"
    assert list(counts["read"]) == NAMES
    for name, (again, of) in counts["read"].items():
        assert again == sum(name in survival["failed"] for survival in found)
        assert of == sum(name not in survival["unread"] + survival["not_applied"] for survival in found)
    assert summary.exit_code == 0


def _fields(survival: Any) -> list[tuple[str, Any]]:
    return [(name, getattr(survival, name)) for name in ("panel", "passed", "of", "failed", "unread", "not_applied")]


def test_measuring_changes_no_file_and_has_nothing_redone(classifier: Path, source: Path, tmp_path: Path) -> None:
    out, other = tmp_path / "out", tmp_path / "other"
    plain, summary = run(classifier, source, out)
    assert {record["survival"] for record in plain} == {None}
    assert summary.record()["survival"] is None
    again, summary = run(classifier, source, out, survival=True)
    assert {record["reason"] for record in again} == {"done already: protected"}
    assert summary.record()["survival"] is None, "nobody measured it"
    measured, _ = run(classifier, source, other, survival=True)
    assert tree(out) == tree(other)
    kept, summary = run(classifier, source, other)
    assert [record["survival"] for record in kept] == [record["survival"] for record in measured]
    assert summary.record()["survival"]["photos"] == 8, "what the journal has is told again"


def test_rows_of_earlier_releases_say_that_nobody_measured(classifier: Path, source: Path, tmp_path: Path) -> None:
    run(classifier, source, tmp_path / "out")
    with closing(open_journal(state_of(tmp_path / "out"))) as journal:
        rows = list(journal.rows())
        old = [{key: value for key, value in row.record.items() if key != "survival"} for row in rows]
        journal.put([replace(row, record=record) for row, record in zip(rows, old, strict=True)])
    again, summary = run(classifier, source, tmp_path / "out", survival=True)
    assert [(record["status"], record["survival"]) for record in again] == [("skipped", None)] * 8
    assert summary.record()["survival"] is None


def test_what_must_survive_is_unprotected_otherwise(classifier: Path, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    measured, _ = run(classifier, source, out, survival=True)
    required, summary = run(classifier, source, out, require_survival=True)
    assert [record["survival"] for record in required] == [record["survival"] for record in measured]
    for record in required:
        failed = record["survival"]["failed"]
        assert record["status"] == ("unprotected" if failed else "protected"), "judged again, not passed over as done"
        assert record["reason"] == (f"read again after {', '.join(failed)}" if failed else "")
        assert record["output"] is not None
    assert summary.exit_code == 3
    again, summary = run(classifier, source, out, require_survival=True)
    assert {record["status"] for record in again} == {"skipped"}
    assert summary.exit_code == 3

    strict, summary = run(classifier, source, tmp_path / "strict", require_survival=True, strict=True)
    lost = {record["source"] for record in strict if record["status"] == "unprotected"}
    assert lost
    assert lost == {record["source"] for record in strict if "; not written (strict)" in record["reason"]}
    assert len(tree(tmp_path / "strict")) == 8 - len(lost)
    assert summary.exit_code == 3


def verified(out: Path) -> tuple[dict[str, dict[str, Any]], Verification]:
    verification = Verification(out, device="cpu", survival=True)
    return {record["source"]: record for record in verification.records()}, verification


def test_verify_asks_the_panel_again(classifier: Path, source: Path, tmp_path: Path) -> None:
    records, summary = run(classifier, source, tmp_path / "out", survival=True)
    found, verification = verified(tmp_path / "out")
    assert {name: record["survival"] for name, record in found.items()} == {
        record["source"]: record["survival"] for record in records
    }
    assert {record["survival_reason"] for record in found.values()} == {""}
    assert verification.summary.record()["survival"] == summary.record()["survival"]
    assert verification.summary.exit_code == 0
    plain = Verification(tmp_path / "out", device="cpu")
    assert not any("survival" in record or "survival_reason" in record for record in plain.records())
    assert plain.summary.record()["survival"] is None


def test_verify_says_where_the_original_is_gone_or_another(classifier: Path, source: Path, tmp_path: Path) -> None:
    records, _ = run(classifier, source, tmp_path / "out")
    gone, edited = (source / record["source"] for record in records[:2])
    gone.unlink()
    edited.write_bytes(encoded(scene(50, 50, 99)))
    found, verification = verified(tmp_path / "out")
    for record, words in ((records[0], "no such file"), (records[1], "not the original that was protected")):
        answer = found[record["source"]]
        assert answer["status"] == "protected"
        assert answer["survival"] is None
        assert words in answer["survival_reason"]
        assert str(source / record["source"]) in answer["survival_reason"]
    assert verification.summary.record()["survival"]["photos"] == 6


def test_counts_pass_over_what_says_nothing() -> None:
    counts = Survived()
    assert counts.record() is None
    base = {"panel": "sharing", "passed": 12, "of": 12, "failed": [], "unread": [], "not_applied": []}
    for survival in (
        None,
        base,
        base | {"failed": ["jpeg 40", "message"], "unread": ["feed"]},
        base | {"failed": ["jpeg 40"], "not_applied": ["webp 80"]},
        base | {"panel": "of a newer release"},
    ):
        counts.add(survival)
    read = {name: [0, 3] for name in NAMES} | {"jpeg 40": [2, 3], "message": [1, 3], "feed": [0, 2], "webp 80": [0, 2]}
    assert counts.record() == {"panel": "sharing", "photos": 3, "passed_all": 1, "read": read}
