"""Archives by the command line: run again, interrupted, looked at again, watched."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pixelpriv_fast.archive.journal_file import journal_file, open_journal
from tests.archive.report.test_rendering import data_of
from tests.archive.tiny import fill, state_of, tiny_classifier, tree
from tests.cli.test_protect import pixelpriv


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture
def words(classifier: Path, tmp_path: Path) -> list[str]:
    """The folders, and options that make it fast."""
    (tmp_path / "in").mkdir()
    options = f"--recipe euclidean --classifier {classifier} --device cpu --json"
    return [str(tmp_path / "in"), str(tmp_path / "out"), *options.split()]


def _interruptible() -> None:
    """A shell that runs the tests in the background has its children ignore interrupts."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def lines(text: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    *records, last = map(json.loads, text.splitlines())
    return records, last["summary"]


def wait_for(condition: Any) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_deterministic_takes_one_photo_at_a_time_and_the_report_says_so(words: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 3)
    for options, said in (([], "Attacked 3 at a time"), (["--deterministic"], "One photo at a time (--deterministic)")):
        out = tmp_path / f"out{len(options)}"
        ran = pixelpriv("protect", words[0], out, *words[2:], *options)
        assert ran.returncode == 0, ran.stderr
        (note,) = data_of((state_of(out) / "report.html").read_bytes())["notes"]
        assert note.startswith(said)
    assert tree(tmp_path / "out1") == tree(tmp_path / "out0"), "a network of the CPU promises it either way"


def test_again_and_verify(words: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 5)
    first, second = (pixelpriv("protect", *words) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0), first.stderr
    assert {record["status"] for record in lines(first.stdout)[0]} == {"protected"}
    records, summary = lines(second.stdout)
    assert {record["reason"] for record in records} == {"done already: protected"}
    assert (summary["images"], summary["skipped"]) == (5, 5)

    report = state_of(tmp_path / "out") / "report.html"
    assert report.read_bytes().count(b'"status":"protected"') == 5
    assert f"report: {report}" in second.stderr
    (photo,) = (tmp_path / "in" / "0").iterdir()
    for inputs, option in ((photo, []), (tmp_path / "in", ["--no-report"])):  # one photo gets none by default
        assert pixelpriv("protect", inputs, tmp_path / "bare", *words[2:], *option).returncode == 0
        assert not (state_of(tmp_path / "bare") / "report.html").exists()

    planned = pixelpriv("protect", *words, "--dry-run")
    assert (planned.returncode, lines(planned.stdout)[1]["skipped"]) == (0, 5)

    verified = pixelpriv("verify", tmp_path / "out", "--json", "--device", "cpu")
    records, summary = lines(verified.stdout)
    assert (verified.returncode, summary["protected"], summary["unknown"]) == (0, 5, 0)
    (tmp_path / "out" / records[2]["output"]).unlink()
    verified = pixelpriv("verify", tmp_path / "out", "--json", "--device", "cpu")
    assert (verified.returncode, lines(verified.stdout)[0][2]["status"]) == (1, "failed")
    assert pixelpriv("verify", tmp_path / "in").returncode == 2


def test_interrupted_and_resumed(words: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 600)
    command = [sys.executable, "-m", "pixelpriv_fast", "protect", *words, "--batch", "2"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible
    ) as process:
        wait_for(lambda: len(tree(tmp_path / "out")) > 3)
        process.send_signal(signal.SIGINT)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 130, messages
    assert "again to go on" in messages
    assert "Traceback" not in messages
    written = len(tree(tmp_path / "out"))
    assert 3 < written < 600
    _, summary = lines(pixelpriv("protect", *words).stdout)
    assert summary["skipped"] >= written
    assert summary["skipped"] + summary["protected"] == 600


def test_damage_and_company(words: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    assert pixelpriv("protect", *words).returncode == 0
    journal = open_journal(state_of(tmp_path / "out"))
    busy = pixelpriv("protect", *words)
    journal.close()
    assert (busy.returncode, busy.stdout) == (2, "")
    assert "another job" in busy.stderr
    journal_file(state_of(tmp_path / "out")).write_bytes(b"no journal" * 999)
    for command in (("protect", *words), ("verify", str(tmp_path / "out"))):
        damaged = pixelpriv(*command)
        assert damaged.returncode == 4
        assert "--no-resume" in damaged.stderr
        assert "Traceback" not in damaged.stderr
    assert pixelpriv("protect", *words, "--no-resume").returncode == 0
    assert len(tree(tmp_path / "out")) == 2


def test_watch(words: list[str], tmp_path: Path) -> None:
    pytest.importorskip("watchfiles", reason="watching: [watch]")
    fill(tmp_path / "in", 2)
    command = [sys.executable, "-m", "pixelpriv_fast", "watch", *words, "--settle", "0.3"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=_interruptible
    ) as process:
        wait_for(lambda: len(tree(tmp_path / "out")) == 2)
        fill(tmp_path / "in", 1, first=2)
        wait_for(lambda: len(tree(tmp_path / "out")) == 3)
        report = state_of(tmp_path / "out") / "report.html"
        wait_for(lambda: report.exists() and report.read_bytes().count(b'"status":"protected"') == 3)
        process.send_signal(signal.SIGINT)
        output, messages = process.communicate(timeout=60)
    assert process.returncode == 130, messages
    assert "Traceback" not in messages
    assert [json.loads(line)["status"] for line in output.splitlines()] == ["protected"] * 3
    assert pixelpriv("watch", tmp_path / "none", tmp_path / "out").returncode == 2


def test_a_clash_fails_its_photos_and_what_is_passed_over_is_told(words: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    photo = next((tmp_path / "in" / "0").iterdir()).read_bytes()
    for name in ("clash.JPG", "clash.jpg", "raw.NEF", "@eaDir/thumbnail.jpg"):
        (tmp_path / "in" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "in" / name).write_bytes(photo)
    planned = pixelpriv("protect", *words, "--dry-run")
    records, summary = lines(planned.stdout)
    assert (planned.returncode, summary["planned"], summary["failed"]) == (0, 2, 2)
    done = pixelpriv("protect", *words)
    records, summary = lines(done.stdout)
    assert (done.returncode, summary["protected"], summary["failed"]) == (1, 2, 2)
    assert summary["passed_over"] == {"raw": 1, "housekeeping_folder": 1}
    assert "1 camera raw file (raw.NEF; develop" in done.stderr
    assert {r["source"] for r in records if r["status"] == "failed"} == {"clash.JPG", "clash.jpg"}
    assert len(tree(tmp_path / "out")) == 2
    (tmp_path / "in" / "clash.JPG").unlink()
    _, summary = lines(pixelpriv("protect", *words).stdout)
    assert (summary["protected"], summary["skipped"], summary["failed"]) == (1, 2, 0)
