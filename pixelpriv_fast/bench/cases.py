"""Every case of the bench, read from the registries and the kernel table: a new row gets its case without an edit here.

A case names its yardstick: something that does the same (or, for a row that has none in ``yardsticks.py``, a fixed piece of
work) and that this project does not tune. Nothing heavy is loaded before a case is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial
from typing import Final

from ..errors import UsageError
from ..kernels import KERNELS
from ..registry import ATTACKS, CHANNELS, CLASSIFIERS, CODECS, ENGINES, ENHANCEMENTS, METRICS, PANELS
from . import making, yardsticks
from .case import BenchCase

#: Numbers of the paper's runs, those of ``protection.recipes.PAPER_RUNS``, which is too heavy to import here.
RUNS = (1, 2, 3, 4, 5)

#: The photos that panels treat, in words and as height and width.
PANEL_SIZES: Final = {"small": (256, 256), "12mp": (3000, 4000)}


def all_cases() -> tuple[BenchCase, ...]:
    """Return every case, in the registries' order."""
    return tuple(_cases())


def matching(*patterns: str) -> tuple[BenchCase, ...]:
    """Return the cases whose names match.

    Parameters
    ----------
    *patterns : str
        Shell globs; a case must match one of them.

    Returns
    -------
    tuple of BenchCase
        In the registries' order.

    Raises
    ------
    UsageError
        If a pattern matches no case.
    """
    cases = all_cases()
    for pattern in patterns:
        if not any(fnmatchcase(case.name, pattern) for case in cases):
            raise UsageError(f"no case matches {pattern!r}; --list shows them all, for example 'kernel/*'")
    return tuple(case for case in cases if any(fnmatchcase(case.name, pattern) for pattern in patterns))


def _cases() -> Iterator[BenchCase]:
    for name in KERNELS:
        yield BenchCase(f"kernel/{name}", "numpy twin", partial(making.kernel, name))
    for name in ENHANCEMENTS:
        yield BenchCase(f"enhancement/{name}", yardsticks.of_enhancement(name).words, partial(making.enhancement, name))
    for name in CLASSIFIERS:
        yield BenchCase(f"classifier/{name}", "torch eager", partial(making.classifier, name))
    for name in ATTACKS:
        for engine in ENGINES:
            yield BenchCase(f"attack/{name}/{engine}", "torch eager step", partial(making.attack, name, engine))
    for name in CHANNELS:
        yield BenchCase(f"channel/{name}", "zlib level 1", partial(making.channel, name))
    for name in PANELS:
        for size, (height, width) in PANEL_SIZES.items():
            make = partial(making.panel, name, height, width)
            yield BenchCase(f"panel/{name}/{size}", "zlib level 1", make)
    for name in METRICS:
        yield BenchCase(f"metric/{name}", yardsticks.of_metric(name).words, partial(making.metric, name))
    for number in RUNS:
        yield BenchCase(f"run/{number}", "naive pipeline", partial(making.run, number))
    for name in CODECS:
        yield BenchCase(f"codec/{name}", "zlib level 1", partial(making.codec, name))
    yield BenchCase("archive/protect", "naive pipeline", making.archive)
