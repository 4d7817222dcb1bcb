"""``pixelpriv list``: the rows of a registry."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from .options import JsonOption
from .output import Output, guarded


class Kind(StrEnum):
    recipes = "recipes"
    enhancements = "enhancements"
    attacks = "attacks"
    classifiers = "classifiers"
    metrics = "metrics"
    providers = "providers"
    kernels = "kernels"


@guarded
def list_rows(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    json: JsonOption = False,
) -> None:
    """Lists what exists: recipes, enhancements, attacks, classifiers, metrics, providers or kernels."""
    from ..about import rows

    output = Output(json)
    for row in rows(kind.value):
        output.record(row, f"{row['name']:28} {row['summary']}")
