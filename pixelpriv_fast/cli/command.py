"""The commands' common class: help in sections, and defaults from settings files."""

from __future__ import annotations

from typing import Any, Final

import typer
from typer.core import TyperCommand

from ..errors import UsageError
from .option_kinds import long_name, options_of
from .output import say
from .settings import SettingsFile, defaults_for, read_files

#: Sections of ``--help`` and the options in them, by their long names, in the order in which both are shown.
SECTIONS: Final = {
    "What to protect": ("all-folders", "labels", "dry-run"),
    "How it looks": ("recipe", "stop", "seed"),
    "Networks": ("classifier", "models", "device", "engine", "precision"),
    "Files and metadata": ("format", "quality", "metadata", "strict"),
    "Sharing": ("survival", "require-survival"),
    "Archive": ("resume", "report", "state", "settle", "deterministic", "batch", "workers", "cluster"),
    "Limits": ("max-pixels", "max-bytes", "max-frames", "timeout"),
    "Output": ("json", "verbose", "quiet", "help"),
}


#: Where a command's context keeps the settings that count.
_USED: Final = "pixelpriv.settings"


class Command(TyperCommand):
    """A command whose options have defaults in settings files; one that protects photos shows its options in sections."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options.

        Parameters
        ----------
        ctx : Context
            Of this command.
        formatter : HelpFormatter
            What is written to.
        """
        found: dict[str, tuple[str, str]] = {}
        arguments = []
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and parameter.param_type_name == "argument":
                arguments.append(record)
            elif record is not None:
                found[long_name(parameter) or parameter.name] = record
        if "recipe" not in found:  # few options need no sections
            super().format_options(ctx, formatter)
            return
        sections = {title: [found.pop(name) for name in names if name in found] for title, names in SECTIONS.items()}
        for title, records in {"Arguments": arguments, **sections, "Options": list(found.values())}.items():
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the words of a command line; what they leave out comes from settings files.

        Parameters
        ----------
        ctx : Context
            Of this command.
        args : list of str
            The words.

        Returns
        -------
        list of str
            The words that are left.

        Raises
        ------
        UsageError
            If a settings file has a name or value that does not exist.
        """
        if ctx.resilient_parsing or any(word in ctx.help_option_names for word in args):
            return super().parse_args(ctx, args)
        commands = options_of(ctx.find_root().command)
        name = ctx.command_path.partition(" ")[2]
        files = read_files(commands)
        chosen = defaults_for(name, commands[name], files)
        ctx.default_map = {parameter: value for parameter, (value, _) in chosen.items()}
        try:
            rest = super().parse_args(ctx, args)
        except typer.BadParameter as error:
            if error.param is None or _source(ctx, error.param.name) != "DEFAULT_MAP":
                raise
            raise UsageError(f"{chosen[error.param.name][1]}: {error.message}") from None
        used = [where for parameter, (_, where) in chosen.items() if _source(ctx, parameter) == "DEFAULT_MAP"]
        ctx.meta[_USED] = used
        _let_flags_win(ctx)
        if _source(ctx, "quiet") != "COMMANDLINE":  # the file that is named cannot silence that itself
            _say_used(files, {setting.source for _, setting in chosen.values()})
        return rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a mistake that it finds in a value of a settings file is told with the file. ``ctx``: its context."""
        try:
            return super().invoke(ctx)
        except UsageError as error:
            for setting in ctx.meta.get(_USED, ()):
                words = setting.value if isinstance(setting.value, list) else [setting.value]
                if any(isinstance(word, str) and repr(word) in str(error) for word in words):
                    raise UsageError(f"{setting}: {error}") from error
            raise


def _source(ctx: Any, parameter: str) -> str:
    """Return where a parameter's value comes from, as typer calls it."""
    return str(getattr(ctx.get_parameter_source(parameter), "name", ""))


def _let_flags_win(ctx: Any) -> None:
    """Drop a level of words that a settings file asks for where the command line asks for the other one."""
    sources = {name: _source(ctx, name) for name in ("quiet", "verbose")}
    for given, other in (("quiet", "verbose"), ("verbose", "quiet")):
        if ctx.params.get(given) and (sources[given], sources[other]) == ("COMMANDLINE", "DEFAULT_MAP"):
            ctx.params[other] = False


def _say_used(files: list[SettingsFile], used: set[Any]) -> None:
    """Name the current folder's file, which the user may not know of."""
    for file in files:
        if file.refused:
            say(f"{file.path} is not used: {file.refused}")
        elif not file.own and file.path in used:
            say(f"settings are taken from {file.path}")
