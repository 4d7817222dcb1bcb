"""``pixelpriv info``: what runs on this machine, and why other things do not."""

from __future__ import annotations

from .options import JsonOption
from .output import Output, guarded


@guarded
def info(json: JsonOption = False) -> None:
    """Show versions, kernels, providers that work, the line that fixes those that do not, and settings with their source."""
    from typer.main import get_command

    from ..about import info as collect
    from ..about import lines
    from . import settings
    from .app import app
    from .option_kinds import options_of

    output, found = Output(json), settings.report(settings.read_files(options_of(get_command(app))))
    report = collect()
    output.record(report | {"settings": found}, *lines(report), *settings.lines(found))
