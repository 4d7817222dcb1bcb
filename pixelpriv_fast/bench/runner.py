"""Cases to records: made, timed, tidied up; what cannot run here is skipped with its reason."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Final

from ..errors import PixelPrivError
from .clock import Clocks, Effort, measure
from .pair import Case
from .records import Record

CLOCKS: Final = Clocks()


def run_case(case: Case, effort: Effort, clocks: Clocks | None = None) -> Record:
    """One case's record."""
    with ExitStack() as stack:
        try:
            pair = case.make(stack)
        except (PixelPrivError, ImportError) as error:
            return Record(case.name, case.yardstick, reason=str(error) or type(error).__name__)
        found = measure(pair.run, pair.yardstick, effort, clocks or CLOCKS)
        return Record.of(case, pair, found)
