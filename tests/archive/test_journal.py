"""The journal: what is put is there after a crash, damage is found and told, and nobody else writes meanwhile."""

from __future__ import annotations

import os
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from pixelpriv_fast.archive.journal import Journal
from pixelpriv_fast.archive.journal_file import journal_file, open_journal, reading
from pixelpriv_fast.archive.rows import FileStamp, JobRun, JournalRow
from pixelpriv_fast.errors import JournalError, StorageError, UsageError

ROW = JournalRow("a/x.jpg", "/in/a/x.jpg", "a/x.png", "protected", source_sha256="s", output_sha256="o", written=1)


def filled(out: Path, *rows: JournalRow) -> Path:
    journal = open_journal(out)
    journal.put(rows or [ROW])
    journal.close()
    return journal_file(out)


def test_rows_come_back(tmp_path: Path) -> None:
    filled(tmp_path)
    journal = open_journal(tmp_path)
    assert journal.get("a/x.jpg") == journal.owner_of("a/x.png") == journal.maker_of("o") == ROW
    assert journal.get("A/x.jpg") is journal.owner_of("x") is journal.maker_of("s") is None
    journal.put([replace(ROW, status="failed", written=0)])
    assert [row.status for row in journal.rows()] == ["failed"]
    assert journal.maker_of("o") is not None, "the file may still stand there"
    journal.close()


def test_what_a_row_holds_comes_back_as_it_was(tmp_path: Path) -> None:
    row = replace(ROW, record={"before": {"index": 3, "top5": [["a", 0.5]]}, "linf": None}, accepted=(3, 4))
    filled(tmp_path, row)
    with reading(tmp_path) as journal:
        assert journal is not None
        assert journal.get(ROW.source) == row


def test_a_copy_of_its_source_makes_nothing(tmp_path: Path) -> None:
    filled(tmp_path, replace(ROW, source_sha256="o"))
    with reading(tmp_path) as journal:
        assert journal is not None
        assert journal.maker_of("o") is None


def test_names_that_are_no_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.jpg")
    filled(tmp_path, replace(ROW, source=name, output=name))
    with reading(tmp_path) as journal:
        assert journal is not None
        found = journal.get(name)
        assert found is not None
        assert found.output == name
        assert journal.owner_of(name) == found


def test_what_is_put_survives_a_process_that_just_ends(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "out")
    journal.put([ROW])
    shutil.copytree(tmp_path / "out", tmp_path / "copy")  # what a crash would leave
    journal.close()
    with reading(tmp_path / "copy") as copy:
        assert copy is not None
        assert copy.get(ROW.source) == ROW


def test_all_or_none(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    bad = replace(ROW, source=None)  # type: ignore[arg-type]
    with pytest.raises(JournalError):
        journal.put([ROW, bad])
    assert list(journal.rows()) == []
    journal.close()


def test_one_job_at_a_time(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    with pytest.raises(UsageError, match="another job"):
        open_journal(tmp_path)
    journal.close()
    open_journal(tmp_path).close()


@pytest.mark.parametrize("damage", ["text", "middle", "short"])
def test_damage_is_told_with_the_way_out(tmp_path: Path, damage: str) -> None:
    rows = [replace(ROW, source=f"{i}.jpg", output=f"{i}.jpg", record={"x": "x" * 300}) for i in range(200)]
    file = filled(tmp_path, *rows)
    data = bytearray(file.read_bytes())
    if damage == "text":
        data = bytearray(b"not a journal" * 1000)
    elif damage == "middle":
        data[4096:12288] = os.urandom(8192)
    else:
        del data[len(data) // 2 :]
    file.write_bytes(data)
    (tmp_path / "0.jpg").write_bytes(b"an output")
    with pytest.raises(JournalError, match="--no-resume") as caught:
        open_journal(tmp_path)
    assert caught.value.exit_code == 4
    assert file.read_bytes() == data, "left as it was"
    open_journal(tmp_path, fresh=True).close()
    assert (file.parent / "damaged-1.sqlite3").read_bytes() == data
    assert (tmp_path / "0.jpg").read_bytes() == b"an output"


def test_a_newer_version_is_refused(tmp_path: Path) -> None:
    file = filled(tmp_path)
    with sqlite3.connect(file) as sql:
        sql.execute("PRAGMA user_version = 99")
    sql.close()
    for fresh in (False, True):
        with pytest.raises(JournalError, match="version 99"):
            open_journal(tmp_path, fresh=fresh)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError):
        open_journal(tmp_path / "file")


def test_reading_writes_nothing(tmp_path: Path) -> None:
    file = filled(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    with reading(tmp_path) as journal:
        assert journal is not None
        journal.put([replace(ROW, source="other", output="other")])
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before
    assert Journal(file).get("other") is None
    with reading(tmp_path / "none") as journal:
        assert journal is None


def test_runs(tmp_path: Path) -> None:
    journal = open_journal(tmp_path)
    assert journal.runs() is None
    runs = [
        JobRun(1.0, "a", "{}", "d", 5, 10, 20, 2.5),
        JobRun(2.0, "b", "{}", "d", 6, 1, 2, 3.0),
        JobRun(3.0, "b", "{}", "d", 1, 3, 5, 7.0),
        JobRun(4.0, "b", "{}", "d", 0, 0, 0, 9.0),
    ]
    for run in runs:
        journal.add_run(run)
    assert journal.runs() == JobRun(3.0, "b", "{}", "d", 12, 14, 27, 12.5)
    assert journal.runs("a") == runs[0]
    assert journal.runs("b") == JobRun(3.0, "b", "{}", "d", 7, 4, 7, 10.0)
    assert journal.runs("c") is None
    journal.close()


def test_stamps(tmp_path: Path) -> None:
    path = tmp_path / "x"
    assert FileStamp.of(path) is None
    path.write_bytes(b"1")
    first = FileStamp.of(path)
    os.utime(path, ns=(0, path.stat().st_mtime_ns))
    path.write_bytes(b"2")
    assert first is not None
    os.utime(path, ns=(0, first.modified))
    assert FileStamp.of(path) != first, "same size, same time, but the change time cannot be set"


@pytest.mark.parametrize("year", [1700, 1901, 2106, 2263, 2300, 2400])
def test_times_beyond_what_a_database_holds(tmp_path: Path, year: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the file system of the tests keeps of such times."""
    path, state = tmp_path / "x", tmp_path / "state"
    path.write_bytes(b"1")
    nanoseconds = int((year - 1970) * 365.2425 * 86400) * 10**9
    kept = os.stat_result

    class Odd:
        def __init__(self, found: kept, shift: int) -> None:
            self.st_size, self.st_mtime_ns, self.st_ctime_ns = found.st_size, nanoseconds + shift, found.st_ctime_ns

    real = path.stat()
    stamps = []
    for shift in (0, 0, 1, 10**9):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "stat", lambda self, shift=shift: Odd(real, shift))
            stamps.append(FileStamp.of(path))
    assert stamps[0] == stamps[1]
    assert len(set(stamps)) == 3
    stamp = stamps[0]
    assert stamp is not None
    row = replace(ROW, source_size=stamp.size, source_modified=stamp.modified, source_changed=stamp.changed)
    filled(state, row)
    with reading(state) as journal:
        assert journal is not None
        found = journal.get(ROW.source)
    assert found is not None
    assert found.source_stamp == stamp
