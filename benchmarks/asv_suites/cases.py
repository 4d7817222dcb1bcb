"""The bench's cases as asv suites, one a kind of case; a row that joins a registry joins its suite.

    cd benchmarks && asv run --python=same --quick --bench Kernel

``time_case`` is asv's own timing of the case; ``track_ratio`` is what ``python -m pixelpriv_fast.bench`` holds against a
baseline: the case's processor time over its yardstick's, measured by a fresh process. What cannot run here is skipped.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, ClassVar

from pixelpriv_fast.bench.apart import by_program
from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.errors import PixelPrivError

CASES = {case.name: case for case in all_cases()}


class _Suite:
    param_names = ("case",)
    params: ClassVar[list[str]] = []
    timeout = 600.0

    def setup(self, name: str) -> None:
        self.stack = ExitStack()
        try:
            self.pair = CASES[name].make(self.stack)
        except (PixelPrivError, ImportError) as error:
            raise NotImplementedError(str(error)) from error

    def teardown(self, name: str) -> None:
        self.stack.close()

    def time_case(self, name: str) -> None:
        self.pair.run()

    def track_ratio(self, name: str) -> float:
        (record,) = by_program()([name])
        return record.ratio

    track_ratio.unit = "of the yardstick's processor time"  # type: ignore[attr-defined]


def _suites() -> dict[str, Any]:
    kinds: dict[str, list[str]] = {}
    for name in CASES:
        kinds.setdefault(name.partition("/")[0], []).append(name)
    return {kind.capitalize(): type(kind.capitalize(), (_Suite,), {"params": names}) for kind, names in kinds.items()}


globals().update(_suites())
