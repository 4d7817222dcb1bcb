"""``pixelpriv list``: the rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from ..about import KINDS, rows
from .options import JsonOption, word_of
from .output import Output, guarded

if TYPE_CHECKING:
    Kind: TypeAlias = str
else:
    Kind = Literal[tuple(KINDS)]


@guarded
def list_rows(
    kind: Annotated[Kind, typer.Argument(**word_of("kind", KINDS), help="What to list.")],
    every: Annotated[
        bool, typer.Option("--all", help="With recipes: every pair of an enhancement and an attack.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """List what exists of one kind, with a line about each; of enhancements, attacks and channels also what can be set."""
    output, found = Output(json), rows(kind, every)
    words = [row.get("word", row["name"]) for row in found]
    width = max(map(len, words))
    for word, row in zip(words, found, strict=True):
        output.record(row, f"{word:{width}}  {row['summary']}", *_field_lines(row))


def _field_lines(row: dict[str, Any]) -> list[str]:
    """Return a line for each field of a part, as a recipe spells it."""
    from ..protection.field_values import written

    fields = row.get("fields", ())
    words = [f"{field['name']}={written(field['default'])}" for field in fields]
    width = max(map(len, words), default=0)
    return [
        f"    {word:{width}}  {field['meaning']} [{field['values']}]" for word, field in zip(words, fields, strict=True)
    ]
