"""``verify``: the files that were written, looked at again without the originals."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import journal_file, open_journal
from pixelpriv_fast.archive.verify import Verification
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import ModelError, UsageError
from tests.archive.tiny import fill, state_of, tiny_classifier, tiny_protector, tree
from tests.scenes import encoded, scene


@pytest.fixture
def out(classifier: Path, tmp_path: Path) -> Path:
    """Six protected photos and one that failed; the originals are gone."""
    fill(tmp_path / "in", 6)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no photo")
    with open_job(tiny_protector(classifier), tmp_path / "out") as job:
        list(job.run(plan([tmp_path / "in"], tmp_path / "out")))
    shutil.rmtree(tmp_path / "in")
    return tmp_path / "out"


def verified(out: Path, *classifiers: str) -> tuple[dict[str, dict[str, Any]], Verification]:
    verification = Verification(out, classifiers, device="cpu")
    return {record["source"]: record for record in verification.records()}, verification


def test_what_is_whole_is_protected(out: Path) -> None:
    records, verification = verified(out)
    assert records.pop("broken.jpg")["status"] == "failed"
    assert {record["status"] for record in records.values()} == {"protected"}
    assert all(record["before"]["index"] != record["after"]["index"] for record in records.values())
    assert verification.summary.exit_code == 1, "one photo has no file"
    assert verification.summary.counts == {"protected": 6, "failed": 1}
    assert verification.unknown_files() == []


def test_what_is_missing_altered_or_strange_is_found(out: Path) -> None:
    names = sorted(tree(out))
    (out / names[0]).unlink()
    (out / names[1]).write_bytes((out / names[1]).read_bytes() + b"\0")
    (out / names[2]).write_bytes(encoded(scene(60, 60)))
    (out / "new.png").write_bytes(encoded(scene(60, 60)))
    records, verification = verified(out)
    assert [records[name]["status"] for name in names] == ["failed"] * 3 + ["protected"] * 3
    assert "no such file" in records[names[0]]["reason"]
    assert "not the file that was written" in records[names[1]]["reason"]
    assert verification.unknown_files() == [out / "new.png"]


def test_an_unprotected_file_is_exit_code_3(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    with open_job(tiny_protector(classifier, "identity"), tmp_path / "out") as job:
        list(job.run(plan([tmp_path / "in"], tmp_path / "out")))
    records, verification = verified(tmp_path / "out")
    assert {record["status"] for record in records.values()} == {"unprotected"}
    assert "says class" in next(iter(records.values()))["reason"]
    assert verification.summary.exit_code == 3


def test_accepted_labels_are_fled_as_they_were_when_the_photos_were_protected(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    items, out = plan([tmp_path / "in"], tmp_path / "out"), tmp_path / "out"
    with open_job(tiny_protector(classifier), out) as job:
        after = {record["source"]: record["after"]["index"] for record in job.run(items)}
    assert {record["status"] for record in verified(out)[0].values()} == {"protected"}
    with open_job(tiny_protector(classifier), out) as job:  # what the results show is another accepted class
        protected = list(job.run(items, {source: [index] for source, index in after.items()}))
    assert {record["status"] for record in protected} <= {"protected", "unprotected"}, "not done already"
    assert all(
        record["after"]["index"] != after[record["source"]] for record in protected if record["status"][0] == "p"
    )
    assert "accepted" not in protected[0]
    for source, index in after.items():  # an accepted class that the file shows, whatever the original's was
        with closing(open_journal(state_of(out))) as journal:
            row = journal.get(source)
            assert row is not None
            assert row.accepted == (index,)
            journal.put([replace(row, accepted=(row.record["after"]["index"],))])
    assert {record["status"] for record in verified(out)[0].values()} == {"unprotected"}


def test_a_journal_without_accepted_labels_is_judged_by_the_originals_class(out: Path) -> None:
    """As releases wrote it that did not know of accepted labels."""
    with sqlite3.connect(journal_file(state_of(out))) as sql:
        texts = [text for (text,) in sql.execute("SELECT record FROM photos WHERE written")]
    sql.close()
    assert len(texts) == 6
    assert all("accepted" not in json.loads(text) for text in texts)
    assert verified(out)[1].summary.counts == {"protected": 6, "failed": 1}


def test_another_network_of_that_name_is_judged_by_what_it_says(out: Path, classifier: Path, tmp_path: Path) -> None:
    """The networks of today decide, not the verdicts of then."""
    kept = classifier.read_bytes()
    try:
        tiny_classifier(tmp_path, seed=0).replace(classifier)
        assert {r["status"] for r in verified(out)[0].values()} == {"protected", "failed"}
        classifier.unlink()
        with pytest.raises(ModelError, match=r"tiny0\.onnx"):
            verified(out)
    finally:
        classifier.write_bytes(kept)


def test_what_cannot_be_asked(out: Path, tmp_path: Path, classifier: Path) -> None:
    with pytest.raises(UsageError, match="never recorded"):
        verified(out, "squeezenet_places365")
    assert verified(out, str(classifier))[1].summary.counts["protected"] == 6
    with pytest.raises(UsageError, match="no journal"):
        verified(tmp_path)


def test_an_interrupted_job_is_not_called_whole(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 40)
    with open_job(tiny_protector(classifier), tmp_path / "out", batch=1) as job:
        records = job.run(plan([tmp_path / "in"], tmp_path / "out"))
        next(records)
        records.close()  # type: ignore[attr-defined]
    found, verification = verified(tmp_path / "out")
    assert len(found) == 40
    assert verification.summary.exit_code == 1
    assert any("never finished" in record["reason"] for record in found.values())
