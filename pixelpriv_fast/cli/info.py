"""``pixelpriv info``: what runs on this machine, and why other things do not."""

from __future__ import annotations

from .options import JsonOption
from .output import Output, guarded


@guarded
def info(json: JsonOption = False) -> None:
    """Show versions, kernels and providers that work, and for those that do not, the line that fixes it."""
    from ..about import info as collect
    from ..about import lines

    output, report = Output(json), collect()
    if json:
        output.record(report)
        return
    for line in lines(report):
        output.record({}, line)
