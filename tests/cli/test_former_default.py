"""Commands of a release with another default recipe, on an archive that the former default made."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pixelpriv_fast import defaults
from pixelpriv_fast.cli.job_options import job_options
from tests.archive.tiny import fill, tiny_classifier, tree

OLD, NEW = defaults.FORMER_RECIPES[0], "fgsm"
#: The command of a release whose default is the first word.
PROGRAM = """
import sys
from pixelpriv_fast import defaults
defaults.RECIPE = sys.argv.pop(1)
from pixelpriv_fast.cli import main
main()
"""


def run(default: str, *words: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, default, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> list[object]:
    """Two folders and options; the output folder holds what the former default made."""
    folder = tmp_path_factory.mktemp("archive")
    fill(folder / "in", 2)
    words = [folder / "in", folder / "out", "--classifier", tiny_classifier(folder), "--device", "cpu"]
    first = run(OLD, "protect", *words, "--engine", "onnx")
    assert first.returncode in (0, 3), first.stderr
    return [*words, "--engine", "onnx"]


@pytest.mark.parametrize("command", ["protect", "protect --dry-run --json", "watch --settle 0.1"])
def test_the_command_stops_with_one_line(archive: list[object], command: str) -> None:
    out = Path(str(archive[1]))
    before = tree(out)
    name, *more = command.split()
    stopped = run(NEW, name, *archive, *more)
    assert stopped.returncode == 2, stopped.stderr
    (line,) = [line for line in stopped.stderr.splitlines() if "--recipe" in line]
    assert f"--recipe {OLD}" in line
    assert f"--recipe {NEW}" in line
    assert "Traceback" not in stopped.stderr
    assert tree(out) == before


def test_a_settings_file_names_a_recipe_too(archive: list[object], tmp_path: Path) -> None:
    (tmp_path / "pixelpriv.toml").write_text(f'recipe = "{OLD}"\n')
    (tmp_path / "pixelpriv.toml").chmod(0o644)
    gone_on = run(NEW, "protect", *archive, cwd=tmp_path)
    assert gone_on.returncode in (0, 3), gone_on.stderr
    assert "2 skipped" in gone_on.stderr or "2 photos skipped" in gone_on.stderr


def test_one_photo_and_verify_are_not_concerned(archive: list[object]) -> None:
    source, out = Path(str(archive[0])), Path(str(archive[1]))
    alone = run(NEW, "protect", next(source.rglob("*.png")), source.parent / "alone.png", *archive[2:])
    assert alone.returncode in (0, 3), alone.stderr
    assert (source.parent / "alone.png").exists()
    verified = run(NEW, "verify", out, "--device", "cpu")
    assert verified.returncode in (0, 3), verified.stderr


def test_no_recipe_is_the_default_one(archive: list[object]) -> None:
    unsaid, said = job_options(classifier=[str(archive[3])]), job_options(defaults.RECIPE, [str(archive[3])])
    assert (unsaid.default_recipe, said.default_recipe) == (True, False)
    assert unsaid.protector.options.recipe == said.protector.options.recipe
