"""The example values of a part's fields, which the contract tests of attacks and enhancements read."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any


def examples_of(kind: type) -> dict[str, tuple[Any, Mapping[str, Any]] | None]:
    """For each field of a part another value and the setting in which it must matter, from the class and its bases."""
    examples = {}
    for base in reversed(kind.__mro__):
        examples |= vars(base).get("examples", {})
    fields = {field.name for field in dataclasses.fields(kind) if field.init}
    wrong = sorted(fields ^ set(examples))
    assert not wrong, (
        f"{inspect.getsourcefile(kind)}: {kind.__name__}.examples must have a row for each field; see {wrong}"
    )
    return examples
