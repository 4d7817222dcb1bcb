"""What the shell completes, as a shell asks for it; and the sections of the help."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from pixelpriv_fast.cli import completion
from pixelpriv_fast.cli.app import app
from pixelpriv_fast.cli.command import SECTIONS
from pixelpriv_fast.cli.option_kinds import long_name
from pixelpriv_fast.registry import ATTACKS, CODECS
from tests.archive.tiny import tiny_classifier
from tests.cli.test_protect import pixelpriv
from tests.test_architecture import HEAVY, loaded


def completed(line: str, **environment: str) -> list[str]:
    """What bash would offer at the end of a line."""
    words = line.split(" ")
    asked = {"_PIXELPRIV_COMPLETE": "complete_bash", "COMP_WORDS": line, "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "pixelpriv_fast"],
        capture_output=True, text=True, env=os.environ | asked | environment, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.split()


@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("pixelpriv protect --recipe contr", ["contrast"]),
        ("pixelpriv protect --recipe contrast+", [f"contrast+{name}" for name in ATTACKS]),
        ("pixelpriv protect --recipe pgd+least", ["pgd+least_likely"]),
        ("pixelpriv protect --format ", ["keep", *CODECS]),
        ("pixelpriv protect a b --metadata n", ["none"]),
        ("pixelpriv classify --classifier efficientnet_lite0,sq", ["efficientnet_lite0,squeezenet_places365"]),
        ("pixelpriv models import nima", ["nima_mobilenet", "nima_technical"]),
        ("pixelpriv list att", ["attacks"]),
        ("pixelpriv evaluate --metrics psnr,ni", ["psnr,nima", "psnr,nima_shared", "psnr,nima_technical"]),
        ("pixelpriv protect --recipe sorcery", []),
    ],
)
def test_the_shell_completes_words(line: str, offered: list[str], tmp_path: Path) -> None:
    assert completed(line, PIXELPRIV_CONFIG=str(tmp_path / "missing.toml")) == offered


def test_parameters_stay_as_they_are() -> None:
    assert [word for word, _ in completion.recipes("contrast(k=4)+pg")] == ["contrast(k=4)+pgd"]
    assert [word for word, _ in completion.recipes("c")] == ["contrast", "cartoon", "cartoon_filter"]


def test_the_users_own_networks_are_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny_classifier(tmp_path).rename(tmp_path / "mine.onnx")
    monkeypatch.setenv("PIXELPRIV_MODELS", str(tmp_path))
    assert [word for word, _ in completion.classifiers("mi")] == ["mine"]


def test_completion_loads_nothing_heavy() -> None:
    asked = "import pixelpriv_fast.cli.app; from pixelpriv_fast.cli import completion; completion.recipes('contrast+')"
    assert loaded(asked, HEAVY) == []


@pytest.mark.parametrize("name", ["protect", "watch"])
def test_every_option_stands_in_a_section(name: str) -> None:
    command = get_command(app).commands[name]  # type: ignore[attr-defined]
    sectioned = {option for options in SECTIONS.values() for option in options}
    options = {long_name(parameter) for parameter in command.params} - {None}
    assert options <= sectioned


def test_the_help_shows_the_sections_in_order() -> None:
    text = pixelpriv("protect", "--help").stdout
    places = [text.index(f"\n{title}:\n") for title in ("Arguments", *SECTIONS)]
    assert places == sorted(places)
    assert "\nOptions:\n" not in text
    assert text.index("--recipe") < text.index("\nNetworks:\n") < text.index("--classifier <")
    assert "\nOptions:\n" in pixelpriv("info", "--help").stdout
