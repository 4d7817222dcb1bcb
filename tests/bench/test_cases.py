"""The cases: one for every row of every registry, with names that match the rows."""

from __future__ import annotations

from contextlib import closing
from fnmatch import filter as glob
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import kernels, registry
from pixelpriv_fast.bench.cases import RUNS, all_cases, matching
from pixelpriv_fast.bench.kernel_calls import call, timed
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels.table import KERNELS
from pixelpriv_fast.protection.recipes import PAPER_RUNS

NAMES = [case.name for case in all_cases()]
TABLES = {name: value for name, value in vars(registry).items() if isinstance(value, registry.Table)}
PATTERNS = {
    "ENHANCEMENTS": "enhancement/{}",
    "ATTACKS": "attack/{}/*",
    "ENGINES": "attack/*/{}",
    "CLASSIFIERS": "classifier/{}",
    "CHANNELS": "channel/{}",
    "PANELS": "panel/{}/*",
    "METRICS": "metric/{}",
    "CODECS": "codec/{}",
    "GENERATORS": "enhancement/cartoongan",  # all are one network, timed where it is used
    "SCORERS": "metric/nima",
}


def test_every_table_has_cases() -> None:
    assert TABLES.keys() == PATTERNS.keys(), "a new table needs cases in bench/cases.py, and their pattern here"


@pytest.mark.parametrize("table", TABLES)
def test_every_row_has_a_case(table: str) -> None:
    for row in TABLES[table]:
        assert glob(NAMES, PATTERNS[table].format(row)), row


def test_every_kernel_run_and_the_archive_have_one() -> None:
    assert {f"kernel/{name}" for name in KERNELS} <= set(NAMES)
    assert len(PAPER_RUNS) == len(RUNS)
    assert {f"run/{number}" for number in RUNS} <= set(NAMES)
    assert "archive/protect" in NAMES
    assert len(set(NAMES)) == len(NAMES)


@pytest.mark.parametrize("name", KERNELS)
def test_examples_give_the_twins_the_same_work(name: str) -> None:
    """What the case and its yardstick return or write is the same, but for rounding."""
    arguments: dict[str, Any] = {}
    answers = []
    for implementation in (kernels.implementations(name)[0], "reference"):
        arguments[implementation] = timed(name)
        answer = kernels.get(name, implementation)(*arguments[implementation])
        answers.append(arguments[implementation] if answer is None else answer)
    for mine, wanted in zip(*map(_flat, answers), strict=True):
        assert abs(float(mine.mean()) - float(wanted.mean())) <= 2e-3 * (1 + abs(float(wanted.mean())))
    assert callable(call(name, kernels.get(name)))


def _flat(answer: Any) -> list[Any]:
    """The answer's arrays, or its number; a residual beside an array is the twin's own affair."""
    parts = answer if isinstance(answer, tuple) else (np.asarray(answer),)
    return [part.astype(np.float64) for part in parts if isinstance(part, np.ndarray)]


@pytest.mark.parametrize("name", KERNELS)
def test_examples_begin_where_a_cache_line_does(name: str) -> None:
    seen: list[Any] = []
    call(name, lambda *arguments: seen.extend(arguments))()
    arrays = [argument for argument in seen if isinstance(argument, np.ndarray)]
    assert arrays
    assert all(array.ctypes.data % 64 == 0 and array.flags.c_contiguous for array in arrays)
    for mine, wanted in zip(seen, timed(name), strict=True):
        if not isinstance(mine, kernels.Resampler):
            np.testing.assert_array_equal(mine, wanted)


@pytest.mark.parametrize(
    "name",
    ["kernel/warp_u8", "enhancement/contrast", "metric/psnr", "codec/png", "channel/resize", "panel/sharing/small"],
)
def test_a_case_can_be_made_and_called(name: str) -> None:
    with closing(matching(name)[0].make()) as pair:
        pair.run()
        pair.yardstick()


def test_a_pattern_that_matches_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no case matches 'nothing'"):
        matching("nothing")
