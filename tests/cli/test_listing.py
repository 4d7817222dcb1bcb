"""``pixelpriv list``: the recipes to use, every pair, and what can be set of a part."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pixelpriv_fast import defaults
from pixelpriv_fast.cli.lines import line_of
from pixelpriv_fast.protection.field_values import fields_of, written
from pixelpriv_fast.protection.grammar import suggest
from pixelpriv_fast.protection.part_fields import described_fields
from pixelpriv_fast.protection.recipes import PAPER_RUNS, RECOMMENDED, Recipe
from pixelpriv_fast.registry import ATTACKS, ENHANCEMENTS
from tests.cli.test_protect import pixelpriv


def rows(*arguments: str) -> list[dict[str, Any]]:
    done = pixelpriv("list", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_recipes_are_those_to_use_or_all() -> None:
    shown = rows("recipes")
    assert [row["name"] for row in shown] == list(RECOMMENDED)
    assert [row["name"] for row in shown if row["summary"].endswith(" (the default)")] == [defaults.RECIPE]
    assert [row["name"] for row in rows("recipes", "--all")] == suggest()


def test_the_recipes_to_use_are_canonical_and_hold_the_default_and_the_papers_runs() -> None:
    assert [Recipe.parse(word).word for word in RECOMMENDED] == list(RECOMMENDED)
    assert {defaults.RECIPE, *(run.word for run in PAPER_RUNS)} <= set(RECOMMENDED)
    for number, run in enumerate(PAPER_RUNS, 1):
        assert f"the paper's run {number}:" in RECOMMENDED[run.word]


@pytest.mark.parametrize(("kind", "table"), [("attacks", ATTACKS), ("enhancements", ENHANCEMENTS)])
def test_parts_show_their_fields(kind: str, table: Any) -> None:
    shown = rows(kind)
    assert [row["name"] for row in shown] == list(table)
    for row in shown:
        part = table.load(row["name"])
        assert [field["name"] for field in row["fields"]] == list(fields_of(part))
        changed = ",".join(f"{field['name']}={written_json(field['default'])}" for field in row["fields"])
        assert Recipe.parse(f"{row['word']}({changed})").word == row["word"], "what is shown are the defaults"


def written_json(default: Any) -> str:
    return written(tuple(default) if isinstance(default, list) else default)


@pytest.mark.parametrize("table", [ENHANCEMENTS, ATTACKS], ids=lambda table: table.kind)
def test_every_field_has_a_meaning_and_every_number_a_range(table: Any) -> None:
    for name in table:
        kind = table.load(name)
        for field in described_fields(kind):
            assert field.meaning.endswith("."), f"{name}.{field.name}"
            if fields_of(kind)[field.name].kinds & {int, float} or fields_of(kind)[field.name].items:
                assert re.search(r"\d|any number", field.meaning), f"{name}.{field.name}: {field.meaning}"


def test_lines_for_people_are_what_a_recipe_takes() -> None:
    text = pixelpriv("list", "enhancements").stdout
    assert re.search(r"^cartoon  +the style", text, re.MULTILINE), "by the word of recipes"
    assert re.search(r"^    style=hayao  +The film maker. \[hayao\|hosoda\|paprika\|shinkai\]$", text, re.MULTILINE)
    assert "    epsilon=2/255 " in pixelpriv("list", "attacks").stdout


def test_the_line_of_a_photo_names_what_edited_it() -> None:
    top = {"label": "a", "probability": 0.5}
    record = {"source": "x", "status": "protected", "reason": "", "before": top, "after": top, "linf": 3, "metrics": {}}
    assert line_of(record) == "x: protected: a 0.50 -> a 0.50; 3 levels"
    record["edit"] = {"name": "euclidean", "linf": 255}
    assert line_of(record) == "x: protected: a 0.50 -> a 0.50; euclidean, 3 levels"
