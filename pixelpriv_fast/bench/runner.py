"""Cases to records: made, timed, tidied up; what cannot run here is skipped with its reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Final

from ..errors import PixelPrivError
from .clock import Clocks, Effort, measure
from .pair import Case
from .records import Record

_LOG = logging.getLogger(__name__)

CLOCKS: Final = Clocks()
#: How much longer a suspect is measured than before.
AGAIN = 4


def run_case(case: Case, effort: Effort, clocks: Clocks | None = None) -> Record:
    """One case's record."""
    with ExitStack() as stack:
        try:
            pair = case.make(stack)
        except (PixelPrivError, ImportError) as error:
            return Record(case.name, case.yardstick, reason=str(error) or type(error).__name__)
        found = measure(pair.run, pair.yardstick, effort, clocks or CLOCKS)
        return Record.of(case, pair, found)


def again(cases: Sequence[Case], effort: Effort, clocks: Clocks | None = None) -> Callable[[str], Record]:
    """What measures a suspect once more: everything made anew, and longer."""
    by_name = {case.name: case for case in cases}

    def measured(name: str) -> Record:
        _LOG.info("measuring %s again", name)
        return run_case(by_name[name], effort.longer(AGAIN), clocks)

    return measured
