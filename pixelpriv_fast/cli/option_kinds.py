"""What the commands' options are called and take, read off the commands: settings files are checked by it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, Final, get_args, get_origin

from ..errors import UsageError

#: What a kind of value is called.
_SAID: Final[dict[type, str]] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    Path: 'a path in quotes: "..."',
    list: 'an array of texts: ["...", "..."]',
    str: 'a text in quotes: "..."',
}


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a command.

    Attributes
    ----------
    parameter : str
        The name of the command's parameter.
    kind : type
        ``bool``, ``int``, ``float``, ``Path``, ``list`` (of texts) or ``str``.
    """

    parameter: str
    kind: type


def options_of(group: Any) -> dict[str, dict[str, Option]]:
    """Return the options of every command by their long names. ``group``: typer's group of all commands."""
    return {name: _options(command) for name, command in _commands(group, "")}


def long_name(parameter: Any) -> str | None:
    """Return the long name of an option; None for an argument and for --help."""
    if parameter.param_type_name != "option" or parameter.name == "help":
        return None
    return next((spelling[2:] for spelling in parameter.opts if spelling.startswith("--")), None)


def _commands(group: Any, prefix: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def _options(command: Any) -> dict[str, Option]:
    annotations = inspect.signature(command.callback, eval_str=True).parameters
    named = ((long_name(parameter), parameter.name) for parameter in command.params)
    return {name: Option(given, _kind(annotations[given].annotation)) for name, given in named if name is not None}


def _kind(annotation: Any) -> type:
    """Return the kind of values that an annotated parameter takes."""
    plain = getattr(annotation, "__origin__", annotation) if hasattr(annotation, "__metadata__") else annotation
    members = [plain] if isinstance(plain, type) or get_origin(plain) is list else list(get_args(plain))
    members = [get_origin(member) or member for member in members if member is not NoneType]
    return next((kind for kind in _SAID if kind in members), str)


def checked_value(option: Option, value: Any, folder: Path) -> Any:
    """Check a value that a settings file gives an option.

    Parameters
    ----------
    option : Option
        The option.
    value : any
        As TOML gives it. A single text will do where there may be several.
    folder : Path
        The settings file's; paths count from there.

    Returns
    -------
    any
        The value as the command line would give it.

    Raises
    ------
    UsageError
        If the value is of another kind; the message says of which it must be.
    """
    if option.kind is list and isinstance(value, str):
        return [value]
    wanted: Any = {float: (int, float), Path: str}.get(option.kind, option.kind)
    fits = isinstance(value, wanted) and (option.kind is bool or not isinstance(value, bool))
    if not fits or (option.kind is list and not all(isinstance(item, str) for item in value)):
        raise UsageError(f"it must be {_SAID[option.kind]}")
    if option.kind is Path:
        return str(folder / Path(value).expanduser())
    return float(value) if option.kind is float else value
