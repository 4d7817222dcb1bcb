"""Signals end a command cleanly, and faults of the program end in one line, a log and exit code 70."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.archive.tiny import fill, tiny_classifier


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    classifier = tiny_classifier(tmp_path_factory.mktemp("classifier"))
    return f"--recipe euclidean --classifier {classifier} --device cpu --batch 2 --no-report".split()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    fill(folder, 500)
    return folder


def as_in_a_terminal() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def as_by_nohup() -> None:
    as_in_a_terminal()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)


def started(*words: object, prepare: Callable[[], None] = as_in_a_terminal) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "pixelpriv_fast", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=prepare,
    )


def written(out: Path) -> list[Path]:
    return [path for path in out.rglob("photo*") if path.is_file()]


def wait_for_photos(process: subprocess.Popen[str], out: Path, number: int) -> None:
    deadline = time.monotonic() + 120
    while len(written(out)) < number:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("command", "number"),
    [("protect", signal.SIGTERM), ("protect", signal.SIGHUP), ("watch", signal.SIGTERM), ("watch", signal.SIGHUP)],
)
def test_a_signal_ends_it_cleanly(
    command: str, number: signal.Signals, options: list[str], photos: Path, tmp_path: Path
) -> None:
    settle = ["--settle", "0.1"] if command == "watch" else []
    with started(command, photos, tmp_path / "out", *options, *settle) as process:
        wait_for_photos(process, tmp_path / "out", 4)
        process.send_signal(number)
        _, messages = process.communicate(timeout=60)
    assert process.returncode == 128 + number, messages
    *_, summary, last = messages.splitlines()
    assert last == f"pixelpriv: interrupted by {number.name}; run the same command again to go on"
    assert "photo" in summary
    assert "Traceback" not in messages
    assert not list(tmp_path.rglob("*.pixelpriv-part"))
    assert len(written(tmp_path / "out")) < 500


def test_what_was_done_is_not_done_again(options: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 60)
    with started("protect", tmp_path / "in", tmp_path / "out", *options) as process:
        wait_for_photos(process, tmp_path / "out", 4)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
    done = len(written(tmp_path / "out"))
    with started("protect", tmp_path / "in", tmp_path / "out", *options, "--json") as process:
        output, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages
    summary = json.loads(output.splitlines()[-1])["summary"]
    assert summary["skipped"] == done
    assert summary["protected"] == 60 - done


def test_a_second_signal_does_not_wait(options: list[str], photos: Path, tmp_path: Path) -> None:
    with started("protect", photos, tmp_path / "out", *options) as process:
        wait_for_photos(process, tmp_path / "out", 4)
        process.send_signal(signal.SIGINT)
        time.sleep(0.35)
        process.send_signal(signal.SIGTERM)
        _, messages = process.communicate(timeout=60)
    # 130: it was over by then; -15: so far over that nothing of Python was left.
    assert process.returncode in (130, 143, -15), messages
    assert "Traceback" not in messages


def test_a_signal_that_nohup_ignores_stays_ignored(options: list[str], tmp_path: Path) -> None:
    fill(tmp_path / "in", 30)
    with started("protect", tmp_path / "in", tmp_path / "out", *options, prepare=as_by_nohup) as process:
        wait_for_photos(process, tmp_path / "out", 2)
        process.send_signal(signal.SIGHUP)
        _, messages = process.communicate(timeout=120)
    assert process.returncode == 0, messages
    assert len(written(tmp_path / "out")) == 30


FAULTS = {
    "KeyError('x')": "a fault of the program: KeyError: 'x'",
    "RuntimeError('two\\nlines')": "a fault of the program: RuntimeError: two lines",
    "MemoryError()": "out of memory; give --batch, --workers or --max-pixels a smaller number",
    "RecursionError()": "the program went too deep",
}


FAULTY = """
import os
import pixelpriv_fast.about as about
from pixelpriv_fast.cli import main

def turned():
    try:
        os.kill(os.getpid(), 15)
    except BaseException:
        return RuntimeError("a library's own words")

def info():
    raise {raised}

about.info = info
main()
"""


def faulty(raised: str, **environment: str) -> subprocess.CompletedProcess[str]:
    code = FAULTY.format(raised=raised)
    command = [sys.executable, "-c", code, "info"]
    return subprocess.run(
        command, capture_output=True, text=True, env=os.environ | environment, timeout=120, check=False
    )


@pytest.mark.parametrize("raised", FAULTS)
def test_a_fault_is_one_line_and_a_log(raised: str, tmp_path: Path) -> None:
    done = faulty(raised, XDG_STATE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (70, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"pixelpriv: {FAULTS[raised]}; details are in {tmp_path}")
    (log,) = (path for path in tmp_path.rglob("*.log"))
    assert str(log) in line
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_log_that_has_no_place_goes_to_the_temporary_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "tmp").mkdir()
    done = faulty("KeyError()", XDG_STATE_HOME=str(tmp_path / "file"), TMPDIR=str(tmp_path / "tmp"))
    assert done.returncode == 70
    assert f"details are in {tmp_path / 'tmp'}" in done.stderr


def test_what_the_system_refuses_is_no_fault(tmp_path: Path) -> None:
    done = faulty("OSError(30, 'Read-only file system', '/x')", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 5
    assert done.stderr.startswith("pixelpriv: cannot go on: /x: Read-only file system; ")
    assert not list(tmp_path.rglob("*.log"))


def test_an_interrupt_that_a_library_turned_into_an_error_counts(tmp_path: Path) -> None:
    done = faulty("turned()", XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 143, done.stderr
    assert done.stderr == "pixelpriv: interrupted by SIGTERM; run the same command again to go on\n"
    assert not list(tmp_path.rglob("*.log"))
