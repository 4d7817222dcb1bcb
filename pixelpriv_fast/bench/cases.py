"""Every case of the bench, read from the registries: a new row has its case by itself.

A case names what it is measured against, its yardstick: something that does the same (or, where a row has no such thing
yet, a fixed piece of work) and that this project does not tune. Nothing heavy is loaded before a case is made.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import partial

from ..errors import UsageError
from ..kernels import KERNELS
from ..registry import ATTACKS, CLASSIFIERS, CODECS, ENGINES, ENHANCEMENTS, METRICS
from . import making, yardsticks
from .pair import Case

#: The paper's runs, by number; ``recipes.PAPER_RUNS`` holds as many.
RUNS = (1, 2, 3, 4, 5)


def all_cases() -> tuple[Case, ...]:
    """Every case, in the registries' order."""
    return tuple(_cases())


def matching(*patterns: str) -> tuple[Case, ...]:
    """The cases whose names match any of ``patterns``, shell globs. Raises ``UsageError`` where one matches none."""
    cases = all_cases()
    for pattern in patterns:
        if not any(fnmatchcase(case.name, pattern) for case in cases):
            raise UsageError(f"no case matches {pattern!r}; --list shows them all, for example 'kernel/*'")
    return tuple(case for case in cases if any(fnmatchcase(case.name, pattern) for pattern in patterns))


def _cases() -> Iterator[Case]:
    for name in KERNELS:
        yield Case(f"kernel/{name}", "numpy twin", partial(making.kernel, name))
    for name in ENHANCEMENTS:
        yield Case(f"enhancement/{name}", yardsticks.of_enhancement(name).words, partial(making.enhancement, name))
    for name in CLASSIFIERS:
        yield Case(f"classifier/{name}", "torch eager", partial(making.classifier, name))
    for name in ATTACKS:
        for engine in ENGINES:
            yield Case(f"attack/{name}/{engine}", "torch eager step", partial(making.attack, name, engine))
    for name in METRICS:
        yield Case(f"metric/{name}", yardsticks.of_metric(name).words, partial(making.metric, name))
    for number in RUNS:
        yield Case(f"run/{number}", "naive pipeline", partial(making.run, number))
    for name in CODECS:
        yield Case(f"codec/{name}", "zlib level 1", partial(making.codec, name))
    yield Case("archive/protect", "naive pipeline", making.archive)
