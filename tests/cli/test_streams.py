"""stdout and stderr that are closed, full or left by their reader; names that would steer a terminal; -v and -q."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pixelpriv_fast.cli.printable import printable
from pixelpriv_fast.cli.streams import Stream
from tests.archive.tiny import fill, tiny_classifier

BAD_NAME = "\x1b[31mred\nline\u202egpj\udce9.png"


@pytest.fixture(scope="module")
def words(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What protects two photos, the second of a name that is not for terminals, in no time."""
    folder = tmp_path_factory.mktemp("streams")
    fill(folder / "in", 2)
    (folder / "in/0/photo0000.png").rename(folder / "in/0" / BAD_NAME)
    options = f"--recipe euclidean --classifier {tiny_classifier(folder)} --device cpu --no-report"
    return ["protect", str(folder / "in"), *options.split()]


def run(
    *words: object, shell: str = '"$@"', environment: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    """Run the command line behind a shell's redirections."""
    command = ["bash", "-c", shell, "bash", sys.executable, "-m", "pixelpriv_fast", *map(str, words)]
    return subprocess.run(command, capture_output=True, env=os.environ | (environment or {}), timeout=300, check=False)


@pytest.mark.parametrize(
    ("shell", "options", "code"),
    [
        ('"$@" >&-', [], 0),
        ('"$@" >&-', ["--json"], 5),
        ('"$@" >/dev/full', [], 0),
        ('"$@" >/dev/full', ["--json"], 5),
        ('"$@" | true; exit ${PIPESTATUS[0]}', ["--json"], 5),
        ('"$@" 2>&-', ["--json"], 0),
        ('"$@" 2>/dev/full', [], 5),
        ('"$@" 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}', [], 0),
        ('"$@" <&- >&- 2>&-', [], 0),
    ],
)
def test_photos_are_finished_whatever_the_streams_do(
    words: list[str], tmp_path: Path, shell: str, options: list[str], code: int
) -> None:
    if "/dev/full" in shell and not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    done = run(*words, tmp_path / "out", *options, shell=shell)
    assert done.returncode == code, done.stderr
    assert len(list((tmp_path / "out").glob("*/photo*"))) == 1
    assert len(list((tmp_path / "out").glob("*/*red*"))) == 1
    assert b"Traceback" not in done.stderr
    assert b"ignored" not in done.stderr
    if code and "2>" not in shell:
        assert done.stderr.endswith(b"\n")
        assert done.stderr.splitlines()[-1].startswith(b"pixelpriv: output could not be written: ")


def test_lines_for_people_are_on_stderr_and_escaped_and_json_has_whole_names(words: list[str], tmp_path: Path) -> None:
    shown = run(*words, tmp_path / "out")
    assert (shown.returncode, shown.stdout) == (0, b"")
    assert b"0/\\x1b[31mred\\nline\\u202egpj\\xe9.png: protected: " in shown.stderr
    last = shown.stderr.decode().splitlines()[-1]
    assert last.startswith("pixelpriv: 2 photos protected in ")
    assert len(shown.stderr.splitlines()) == 3, "a line a photo, and one summary"
    for environment in ({"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}):
        told = run(*words, tmp_path / "out", "--json", environment=environment)
        assert told.returncode == 0, told.stderr
        names = [json.loads(line).get("source") for line in told.stdout.splitlines()]
        if "LC_ALL" not in environment:  # there, names are bytes
            assert f"0/{BAD_NAME}" in names
    answer = run("classify", Path(words[1]) / "0" / BAD_NAME, "--classifier", words[5])
    assert answer.returncode == 0, answer.stderr
    assert b"\\x1b[31mred\\nline\\u202egpj\\xe9.png: class" in answer.stdout


def test_errors_are_escaped_too(tmp_path: Path) -> None:
    for arguments in (("protect", tmp_path / "\x1b[31m", tmp_path), ("list", "\x1b[31m\n"), ("\x1b[31m",)):
        done = run(*arguments)
        assert done.returncode == 2
        assert b"\x1b" not in done.stderr
        assert b"\\x1b[31m" in done.stderr


def test_verbosity(words: list[str], tmp_path: Path) -> None:
    quiet, loud = (run(*words, tmp_path / option, option) for option in ("-q", "-v"))
    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, b"", b"")
    assert (loud.returncode, loud.stdout) == (0, b"")
    assert b"session on " in loud.stderr
    assert b"ran on " in loud.stderr
    both = run(*words, tmp_path / "both", "-q", "-v")
    assert both.returncode == 2
    assert both.stderr == b"pixelpriv: -v asks for more lines and -q for fewer; give one of them\n"


def test_quiet_still_names_what_failed(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "cut.png").write_bytes(b"cut")
    failed = run("protect", tmp_path / "cut.png", *words[2:], tmp_path / "out", "-q")
    assert failed.returncode == 1
    assert failed.stderr.startswith(b"cut.png: failed: ")
    assert len(failed.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["classify", "score"])
def test_a_folder_is_not_a_photo(command: str, tmp_path: Path) -> None:
    done = run(command, tmp_path, environment={"PIXELPRIV_MODELS": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, b"")
    (line,) = done.stderr.decode().splitlines()
    assert f"{command} takes photos, not a folder: {tmp_path}" in line


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain äß 日本.jpg", "plain äß 日本.jpg"),
        ("a\nb\rc\td", "a\\nb\\rc\\td"),
        ("\x1b[2J\x07\x7f\x9b", "\\x1b[2J\\x07\\x7f\\x9b"),
        ("x\u202egpj.exe\u2066\u200f", "x\\u202egpj.exe\\u2066\\u200f"),
        ("\udcff\udce9", "\\xff\\xe9"),
        ("\U0001f468\u200d\U0001f469.jpg", "\U0001f468\u200d\U0001f469.jpg"),
    ],
)
def test_printable(name: str, shown: str) -> None:
    assert printable(name) == shown


def test_a_stream_waits_for_a_pipe_that_does_not(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    text = "x" * 300_000
    child: Any = subprocess.Popen([sys.executable, "-c", "import sys; print(len(sys.stdin.read()))"], stdin=reading,
                                  stdout=subprocess.PIPE)  # fmt: skip
    os.close(reading)
    stream = Stream(writing)
    print(text, end="", file=stream)
    os.close(writing)
    assert child.communicate(timeout=60)[0] == b"300000\n"
    assert stream.lost is None
    print("more", file=stream)
    assert stream.failure is None, "closed, and no program asked"
    stream.required = True
    assert stream.failure is stream.lost is not None
