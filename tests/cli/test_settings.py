"""Settings files: what counts, what is refused, and who may have written it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from pixelpriv_fast.cli.app import app
from pixelpriv_fast.cli.option_kinds import Option, checked_value, options_of
from pixelpriv_fast.cli.settings import _STRICTNESS, FILE_NAME, defaults_for, read_files
from pixelpriv_fast.errors import UsageError, known_words
from pixelpriv_fast.words import MetadataPolicy
from tests.archive.tiny import fill, tiny_classifier
from tests.cli.test_protect import pixelpriv


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's file; the current folder is another one, the user's alone."""
    (tmp_path / "here").mkdir(mode=0o755)
    (tmp_path / "here").chmod(0o755)
    monkeypatch.chdir(tmp_path / "here")
    file = tmp_path / "own" / FILE_NAME
    file.parent.mkdir()
    file.write_text("")
    monkeypatch.setenv("PIXELPRIV_CONFIG", str(file))
    return file


@pytest.fixture
def here(own: Path) -> Path:
    file = Path(FILE_NAME).absolute()
    file.write_text("")
    file.chmod(0o644)
    return file


@pytest.fixture(scope="module")
def commands() -> dict[str, dict[str, Option]]:
    return options_of(get_command(app))


def chosen(commands: dict[str, dict[str, Option]], command: str = "protect") -> dict[str, Any]:
    found = defaults_for(command, commands[command], read_files(commands))
    return {parameter: value for parameter, (value, _) in found.items()}


def test_options_have_the_kinds_that_their_annotations_say(commands: dict[str, dict[str, Option]]) -> None:
    kinds = {name: option.kind for name, option in commands["protect"].items()}
    wanted = {"recipe": str, "classifier": list, "models": Path, "format": str, "max-pixels": int, "timeout": float}
    wanted |= {"strict": bool, "resume": bool, "report": bool, "batch": int, "state": Path, "quiet": bool}
    assert {name: kinds[name] for name in wanted} == wanted
    assert "help" not in kinds
    assert {"models list", "models import", "watch", "paper"} < set(commands)
    assert commands["protect"]["max-pixels"].parameter == "max_pixels"


def test_a_table_counts_for_its_command_and_the_current_folder_for_more(
    own: Path, here: Path, commands: dict[str, dict[str, Option]]
) -> None:
    own.write_text(
        'batch = 2\nrecipe = "pgd"\n[protect]\nbatch = 3\nclassifier = "a"\nmodels = "nets"\n[watch]\nsettle = 1\n'
    )
    assert chosen(commands) == {"batch": 3, "recipe": "pgd", "classifier": ["a"], "models": str(own.parent / "nets")}
    assert chosen(commands, "watch") == {"batch": 2, "recipe": "pgd", "settle": 1.0}
    assert chosen(commands, "classify") == {}
    here.write_text('recipe = "fgsm"\nclassifier = ["b", "c"]')
    assert chosen(commands)["recipe"] == "fgsm"
    assert chosen(commands)["classifier"] == ["b", "c"]
    assert chosen(commands, "classify") == {"classifier": ["b", "c"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('recip = "pgd"', "unknown setting 'recip'; did you mean 'recipe'"),
        ("max_pixels = 1", "unknown setting 'max_pixels'; did you mean 'max-pixels'"),
        ("[protect]\ntop = 3", "unknown setting 'top'"),
        ("[protct]\nbatch = 3", "unknown setting 'protct'; did you mean 'protect'"),
        ("help = true", "unknown setting 'help'"),
        ("recipe = 5", "recipe = 5: it must be a text"),
        ("batch = true", "batch = True: it must be a whole number"),
        ("[watch]\nbatch = 2.5", r"\[watch\] batch = 2.5: it must be a whole number"),
        ('json = "yes"', "json = 'yes': it must be true or false"),
        ("timeout = []", r"timeout = \[\]: it must be a number"),
        ("classifier = [1]", r"classifier = \[1\]: it must be an array of texts"),
        ("models = 1", "models = 1: it must be a path"),
        ("recipe = ", "not a settings file: Invalid value"),
    ],
)
def test_mistakes_name_the_file_and_the_setting(
    own: Path, commands: dict[str, dict[str, Option]], text: str, message: str
) -> None:
    own.write_text(text)
    with pytest.raises(UsageError, match=f"^{own}.*{message}"):
        read_files(commands)


def test_a_file_that_is_named_must_be_there(own: Path, commands: dict[str, dict[str, Option]]) -> None:
    own.unlink()
    with pytest.raises(UsageError, match="does not exist"):
        read_files(commands)


@pytest.mark.parametrize(
    "text",
    [
        'models = "nets"',
        'state = "/elsewhere"',
        '[evaluate]\ncsv = "out.csv"',
        'classifier = "nets/own.onnx"',
        'classifier = ["squeezenet_places365", "own.onnx"]',
        'classifier = "own.onnx,squeezenet_places365"',
        "allow-unknown-hash = true",
    ],
)
def test_the_current_folder_names_no_places_and_no_networks(
    own: Path, here: Path, commands: dict[str, dict[str, Option]], text: str
) -> None:
    here.write_text(text)
    with pytest.raises(UsageError, match=f"^{here}.*may not be set by the current folder's file"):
        read_files(commands)
    here.write_text("")
    own.write_text(text)
    assert read_files(commands)[0].settings


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("", "none", True),
        ("", "private", True),
        ("", "keep", False),
        ('metadata = "keep"', "keep", True),
        ('metadata = "keep"', "private", True),
        ('metadata = "none"', "private", False),
        ('[protect]\nmetadata = "none"', "private", False),
    ],
)
def test_the_current_folder_keeps_no_more_metadata(
    own: Path, here: Path, commands: dict[str, dict[str, Option]], before: str, after: str, allowed: bool
) -> None:
    own.write_text(before)
    here.write_text(f'metadata = "{after}"')
    if allowed:
        assert chosen(commands)["metadata"] == after
    else:
        with pytest.raises(UsageError, match=f"metadata = '{after}' keeps more than"):
            chosen(commands)


def test_the_order_of_policies_has_them_all() -> None:
    assert set(_STRICTNESS) == set(known_words(MetadataPolicy))


def test_a_file_that_others_can_write_is_not_used(
    own: Path, here: Path, commands: dict[str, dict[str, Option]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused() -> str:
        file = read_files(commands)[-1]
        assert (file.path, file.settings) == (here, ())
        return file.refused

    here.write_text("batch = 3")
    assert chosen(commands) == {"batch": 3}
    for mode in (0o664, 0o646):
        here.chmod(mode)
        assert "others can write it" in refused()
        assert chosen(commands) == {}
    here.chmod(0o600)
    for mode in (0o775, 0o1777):
        here.parent.chmod(mode)
        assert "others can write its folder" in refused()
    here.parent.chmod(0o755)
    with monkeypatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: os.getuid() + 1)
        assert "belongs to somebody else" in refused()
    here.rename(here.with_name("elsewhere.toml"))
    here.symlink_to("elsewhere.toml")
    assert refused() == "it is a link"
    here.unlink()
    here.mkdir()
    assert refused() == "it is not a file"


def test_the_users_folder_is_not_read_twice(
    own: Path, commands: dict[str, dict[str, Option]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(own.parent)
    own.write_text('models = "nets"')
    (only,) = read_files(commands)
    assert only.own


def test_values_are_those_of_the_command_line(tmp_path: Path) -> None:
    assert checked_value(Option("x", float), 3, tmp_path) == 3.0
    assert checked_value(Option("x", Path), "a/b", tmp_path) == str(tmp_path / "a" / "b")
    assert checked_value(Option("x", Path), "/a", tmp_path) == "/a"
    assert checked_value(Option("x", Path), "~/a", tmp_path) == str(Path.home() / "a")


def test_commands_take_them_and_flags_win(own: Path, here: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    fill(tmp_path / "in", 1)
    tiny_classifier(own.parent)
    own.write_text(f'device = "cpu"\nrecipe = "euclidean(k=3)"\nclassifier = ["{own.parent / "tiny0.onnx"}"]\n')
    here.write_text('format = "png"\n[protect]\nreport = false\njson = true\n')
    done = pixelpriv("protect", tmp_path / "in", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[0])
    assert (record["recipe"], Path(record["output"]).suffix) == ("euclidean(k=3)", ".png")
    assert f"settings are taken from {here}" in done.stderr
    flags = ("--recipe", "euclidean(k=4)", "--format", "webp", "-q")
    done = pixelpriv("protect", tmp_path / "in", tmp_path / "out2", *flags)
    record = json.loads(done.stdout.splitlines()[0])
    assert (record["recipe"], Path(record["output"]).suffix, done.stderr) == ("euclidean(k=4)", ".webp", "")

    here.write_text("quiet = true")
    assert f"settings are taken from {here}" in pixelpriv("list", "formats").stderr, "it cannot silence that itself"
    here.write_text("verbose = true")
    assert pixelpriv("list", "formats", "-q").returncode == 0, "a flag of the other level wins"
    here.write_text("verbose = true\nquiet = true")
    assert "give one of them" in pixelpriv("list", "formats").stderr

    here.write_text('recipe = "pdg"')
    unknown = pixelpriv("protect", tmp_path / "in", tmp_path / "out3", "-q")
    assert unknown.returncode == 2
    assert f"{here}: recipe = 'pdg': unknown recipe 'pdg'; did you mean 'pgd'" in unknown.stderr
    assert str(here) not in pixelpriv("protect", tmp_path / "in", tmp_path / "o", "--recipe", "pdg", "-q").stderr

    here.write_text("max-pixels = 0")
    refused = pixelpriv("protect", tmp_path / "in", tmp_path / "out3")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert f"{here}: max-pixels = 0: " in refused.stderr
    assert refused.stderr.count("\n") == 1
    assert pixelpriv("protect", "--help").returncode == 0, "help is given whatever a file says"


def test_info_says_where_each_comes_from(own: Path, here: Path) -> None:
    own.write_text('recipe = "pgd"\n[watch]\nbatch = 2')
    here.write_text("strict = true")
    here.chmod(0o666)
    (report,) = map(json.loads, pixelpriv("info", "--json").stdout.splitlines())
    assert report["settings"]["values"] == [
        {"name": "recipe", "value": "pgd", "command": None, "source": str(own)},
        {"name": "batch", "value": 2, "command": "watch", "source": str(own)},
    ]
    assert [file["used"] for file in report["settings"]["files"]] == [True, False]
    text = pixelpriv("info").stdout
    assert f"setting recipe = 'pgd' of every command from {own}" in text
    assert f"settings file {here} is not used: others can write it" in text
