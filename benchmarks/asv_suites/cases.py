"""The bench's cases as asv suites, two for each kind of case. A new row of a registry joins its suites.

    cd benchmarks && asv run --python=same --quick --bench Kernel

``KernelTime`` is asv's own timing of the case. ``KernelRatio`` is what ``python -m pixelpriv_fast.bench`` compares with a
baseline: the case's processor time divided by its yardstick's, measured by a fresh process. A case that cannot run here is
skipped, as "n/a" or "nan".
"""

from __future__ import annotations

from collections.abc import Iterator
from math import nan
from typing import ClassVar

from pixelpriv_fast.bench.cases import all_cases
from pixelpriv_fast.bench.subprocesses import in_subprocesses
from pixelpriv_fast.errors import PixelPrivError

CASES = {case.name: case for case in all_cases()}


class _Suite:
    param_names = ("case",)
    params: ClassVar[list[str]] = []
    timeout = 600.0


class _Time(_Suite):
    def setup(self, name: str) -> None:
        try:
            self.pair = CASES[name].make()
        except (PixelPrivError, ImportError) as error:
            raise NotImplementedError(str(error)) from error

    def teardown(self, name: str) -> None:
        self.pair.close()

    def time_case(self, name: str) -> None:
        self.pair.run()


class _Ratio(_Suite):
    unit = "of the yardstick's processor time"

    def track_ratio(self, name: str) -> float:
        (record,) = in_subprocesses()([name])
        return record.ratio if record.measured else nan


def _suites() -> Iterator[tuple[str, type[_Suite]]]:
    kinds: dict[str, list[str]] = {}
    for case in CASES:
        kinds.setdefault(case.partition("/")[0], []).append(case)
    for kind, cases in kinds.items():
        for suite in (_Time, _Ratio):
            name = kind.capitalize() + suite.__name__[1:]
            yield name, type(name, (suite,), {"params": cases})


globals().update(_suites())
