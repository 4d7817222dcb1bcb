"""``pixelpriv info``: what really runs here, and why other things do not."""

from __future__ import annotations

from .options import JsonOption
from .output import Output, guarded


@guarded
def info(json: JsonOption = False) -> None:
    """Versions, kernels chosen, providers that really work, and the line that would fix those that do not."""
    from ..about import info as collect
    from ..about import lines

    output, report = Output(json), collect()
    if json:
        output.record(report)
        return
    for line in lines(report):
        output.record({}, line)
