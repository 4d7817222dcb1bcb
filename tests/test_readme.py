"""The README is true: its tables name what exists, its commands are the ones that run."""

from __future__ import annotations

import re

import pytest

from pixelpriv_fast import registry
from pixelpriv_fast.kernels.table import KERNELS
from tests.conftest import ROOT
from tests.test_architecture import LAYERS

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def table(heading: str) -> list[list[str]]:
    """The rows below a table's heading line that begins with ``heading``."""
    lines = TEXT.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"| {heading}"))
    rows = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.replace("\\|", "/").strip("|").split("|")])
    return rows


def test_the_map_names_what_exists() -> None:
    for place, _ in table("place"):
        words = re.findall(r"`([^`]+)`", place)
        for word in words:
            assert any((ROOT / base / word).exists() for base in ("", "pixelpriv_fast")), word


@pytest.mark.parametrize("row", table("how to add"), ids=lambda row: row[0])
def test_adding_a_thing_is_one_file_and_one_row(row: list[str]) -> None:
    kind, files, place = row
    (name,) = re.findall(r"`([A-Z]+)` in", place)
    if kind == "kernel":
        for kernel in KERNELS.values():
            assert (ROOT / "pixelpriv_fast" / "kernels" / "reference" / f"{kernel.file}.py").is_file()
        return
    rows = getattr(registry, name)
    folder = re.findall(r"`(pixelpriv_fast/\w+)/", files)[0]
    for thing in rows:
        module = rows[thing].target.split(":")[0].lstrip(".").split(".")
        assert (ROOT / "pixelpriv_fast" / "/".join(module)).with_suffix(".py").is_file()
        assert folder.endswith(module[0])
        if kind == "classifier":
            assert (ROOT / "pixelpriv_fast" / "models" / "architectures" / f"{thing}.py").is_file()
        else:
            assert thing in module, "row, file and word are spelled alike"


def test_the_commands_are_those_that_exist() -> None:
    from pixelpriv_fast.cli.app import app

    named = {re.findall(r"`pixelpriv (\w+)", row[0])[0] for row in table("command")}
    existing = {command.name for command in app.registered_commands} | {group.name for group in app.registered_groups}
    assert named == existing


def test_contributing_lists_the_rooms_as_the_architecture_has_them() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"## The rooms.*?```\n(.*?)```", text, re.DOTALL)
    rooms = set().union(*LAYERS)
    assert [set(re.split(r"\s{2,}", line)) & rooms for line in block.splitlines()] == LAYERS


def test_the_test_command_is_what_ci_runs() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    (command,) = [line for line in TEXT.splitlines() if "pytest" in line and line.startswith("python3")]
    for part in ('pip install -e ".[full,dev]"', "-m pytest"):
        assert part in command
    assert '".[full,dev]"' in script
    assert "python -m pytest" in script


def test_recipes_that_the_readme_names_exist() -> None:
    from pixelpriv_fast.protection.recipes import Recipe

    for _, recipe, _ in table("run"):
        word = re.findall(r"`([^`]+)`", recipe)[0]
        assert Recipe.parse(word).word == word
