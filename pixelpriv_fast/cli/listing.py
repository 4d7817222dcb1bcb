"""``pixelpriv list``: the rows of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from ..about import KINDS, rows
from .options import JsonOption, one_of
from .output import Output, guarded

if TYPE_CHECKING:
    Kind: TypeAlias = str
else:
    Kind = Literal[tuple(KINDS)]


@guarded
def list_rows(
    kind: Annotated[Kind, typer.Argument(parser=one_of("kind", KINDS), help="What to list.")],
    json: JsonOption = False,
) -> None:
    """List what exists of one kind, with a line about each."""
    output = Output(json)
    for row in rows(kind):
        output.record(row, f"{row['name']:28} {row['summary']}")
