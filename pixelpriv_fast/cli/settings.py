"""Settings files: defaults of options that a user writes down once, in ``pixelpriv.toml``.

The user's own file may set every option. One in the current folder counts only if nobody else can have written it, and what a
stranger's archive could do harm by is refused there: places, networks, hosts, and metadata that is kept more loosely.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError, one_line, unknown_word
from .option_kinds import Option, checked_value

FILE_NAME: Final = "pixelpriv.toml"
#: Names the user's file, in place of the one in the user's configuration folder.
VARIABLE: Final = "PIXELPRIV_CONFIG"

#: Options that only the user's own file may set, beside all that take a path.
_PERSONAL: Final = ("token", "host", "allow-host", "port", "allow-unknown-hash")
#: Options that name networks; a path there is a network out of the current folder.
_NETWORKS: Final = ("classifier", "judge")
#: Metadata policies, the strictest first.
_STRICTNESS: Final = ("none", "private", "keep")


@dataclass(frozen=True, slots=True)
class Setting:
    """One line of a settings file.

    Attributes
    ----------
    name : str
        The option's long name.
    value : any
        As the file has it.
    command : str or None
        The command that it is for; None for all that have the option.
    source : Path
        The file.
    """

    name: str
    value: Any
    command: str | None
    source: Path

    def __str__(self) -> str:
        place = f"[{self.command}] " if self.command else ""
        return f"{self.source}: {place}{self.name} = {self.value!r}"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file that was found.

    Attributes
    ----------
    path : Path
        Where it is.
    settings : tuple of Setting
        What it says, for all commands first.
    own : bool
        Whether it is the user's own; otherwise it is the current folder's.
    refused : str
        Why it is not used; "" if it is.
    """

    path: Path
    settings: tuple[Setting, ...] = ()
    own: bool = True
    refused: str = ""


def user_file() -> Path:
    """Return where the user's settings are read from."""
    from platformdirs import user_config_path

    named = os.environ.get(VARIABLE)
    return Path(named).expanduser() if named else user_config_path("pixelpriv_fast", appauthor=False) / FILE_NAME


def read_files(commands: Mapping[str, Mapping[str, Option]]) -> list[SettingsFile]:
    """Read the user's file and the current folder's, where they are.

    Parameters
    ----------
    commands : mapping of str to mapping of str to Option
        The commands' options by their long names, see ``option_kinds.options_of``.

    Returns
    -------
    list of SettingsFile
        The files, the one that counts more last.

    Raises
    ------
    UsageError
        If a file cannot be read, or names or values in it do not exist.
    """
    own, found = user_file(), []
    try:
        found.append(_parsed(own, own.read_bytes(), commands, own=True))
    except (FileNotFoundError, NotADirectoryError):
        if os.environ.get(VARIABLE):
            raise UsageError(f"{own} does not exist; ${VARIABLE} names a settings file") from None
    except OSError as error:
        raise UsageError(f"{own}: the settings cannot be read ({error.strerror})") from None
    with suppress(OSError):  # a current folder that was deleted or may not be read has no file
        here = Path(FILE_NAME).absolute()
        if not (os.path.exists(here) and os.path.exists(own) and here.samefile(own)):
            found += _folders_file(here, commands)
    return found


def defaults_for(
    command: str, options: Mapping[str, Option], files: Iterable[SettingsFile]
) -> dict[str, tuple[Any, Setting]]:
    """Choose what counts for one command.

    Parameters
    ----------
    command : str
        The command, for example "protect".
    options : mapping of str to Option
        Its options.
    files : iterable of SettingsFile
        From ``read_files``.

    Returns
    -------
    dict of str to tuple of value and Setting
        The default of each option's parameter, and where it stands. A command's own table counts more than the lines for all
        commands, the current folder more than the user's file.

    Raises
    ------
    UsageError
        If the current folder's file loosens what becomes of metadata.
    """
    chosen: dict[str, tuple[Any, Setting]] = {}
    for file in files:
        for setting in file.settings:
            option = options.get(setting.name)
            if option is None or setting.command not in (None, command):
                continue
            if not file.own and setting.name == "metadata":
                before = chosen[option.parameter][0] if option.parameter in chosen else "private"
                _check_strictness(setting, before)
            chosen[option.parameter] = checked_value(option, setting.value, setting.source.parent), setting
    return chosen


def report(files: Iterable[SettingsFile]) -> dict[str, Any]:
    """Return what settings files say and which are not used, as plain values ready for JSON."""
    files = list(files)
    return {
        "files": [{"path": str(file.path), "used": not file.refused, "reason": file.refused} for file in files],
        "values": [
            {"name": s.name, "value": s.value, "command": s.command, "source": str(s.source)}
            for file in files
            for s in file.settings
        ],
    }


def lines(found: dict[str, Any]) -> list[str]:
    """Return ``report()``'s values as lines for people."""
    said = [
        f"setting {value['name']} = {value['value']!r} of {value['command'] or 'every command'} from {value['source']}"
        for value in found["values"]
    ]
    said += [f"settings file {file['path']} is not used: {file['reason']}" for file in found["files"] if file["reason"]]
    return said or [f"settings: none; they may stand in {user_file()}"]


def _check_strictness(setting: Setting, before: str) -> None:
    known = [word for word in (setting.value, before) if word in _STRICTNESS]
    if len(known) == 2 and _STRICTNESS.index(known[0]) > _STRICTNESS.index(known[1]):
        raise UsageError(
            f"{setting} keeps more than {before!r}; the current folder's file may only be stricter. Say --metadata "
            f"{setting.value}, or write it into {user_file()}"
        )


def _folders_file(path: Path, commands: Mapping[str, Mapping[str, Option]]) -> list[SettingsFile]:
    """Read the current folder's file, if there is one and it is the user's alone."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        return [SettingsFile(path, own=False, refused="it is a link" if path.is_symlink() else str(error.strerror))]
    refused = _mistrust(os.fstat(descriptor), os.stat(path.parent))
    if refused:
        os.close(descriptor)
        return [SettingsFile(path, own=False, refused=refused)]
    with open(descriptor, "rb") as stream:
        return [_parsed(path, stream.read(), commands, own=False)]


def _mistrust(file: os.stat_result, folder: os.stat_result) -> str:
    """Say why a file may be somebody else's word; "" if it is the user's. An access list shows in the group's bits."""
    user = os.geteuid()
    if not stat.S_ISREG(file.st_mode):
        return "it is not a file"
    if file.st_uid != user:
        return "it belongs to somebody else"
    if file.st_mode & 0o022:
        return "others can write it (chmod go-w mends that)"
    if folder.st_uid not in (user, 0) or folder.st_mode & 0o022:
        return "others can write its folder"
    return ""


def _parsed(path: Path, data: bytes, commands: Mapping[str, Mapping[str, Option]], *, own: bool) -> SettingsFile:
    import tomllib  # not for those who have no settings file

    try:
        table = tomllib.loads(data.decode("utf-8-sig"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} is not a settings file: {one_line(error)}") from None
    settings = sorted(_settings(path, table, commands), key=lambda setting: setting.command is not None)
    for setting in settings:
        _check(setting, commands, own)
    return SettingsFile(path, tuple(settings), own)


def _settings(path: Path, table: Mapping[str, Any], commands: Iterable[str]) -> Iterator[Setting]:
    for key, value in table.items():
        if isinstance(value, dict) and key in commands:
            yield from (Setting(name, inner, key, path) for name, inner in value.items())
        else:
            yield Setting(key, value, None, path)


def _check(setting: Setting, commands: Mapping[str, Mapping[str, Option]], own: bool) -> None:
    """Check that a setting exists, has a value of its kind, and may stand where it stands."""
    concerned = [commands[setting.command]] if setting.command else list(commands.values())
    options = [options[setting.name] for options in concerned if setting.name in options]
    if not options:
        known = sorted({name for options in concerned for name in options})
        raise UsageError(f"{setting.source}: {unknown_word('setting', setting.name, known, _tables(commands))}")
    for option in options:
        try:
            checked_value(option, setting.value, setting.source.parent)
        except UsageError as error:
            raise UsageError(f"{setting}: {error}") from None
    if not own and _is_personal(setting, options):
        raise UsageError(
            f"{setting} may not be set by the current folder's file; give it as an option, or write it into {user_file()}"
        )


def _tables(commands: Iterable[str]) -> list[str]:
    """Return the commands that may have a table of their own."""
    return [command for command in commands if " " not in command]


def _is_personal(setting: Setting, options: Sequence[Option]) -> bool:
    if setting.name in _PERSONAL or any(option.kind is Path for option in options):
        return True
    if setting.name not in _NETWORKS:
        return False
    words = setting.value if isinstance(setting.value, list) else [setting.value]
    names = (name.strip() for word in words for name in word.split(","))
    return any(os.sep in name or name.endswith(".onnx") for name in names)
