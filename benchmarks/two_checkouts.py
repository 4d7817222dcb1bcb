"""Times the bench's cases in two checkouts, in turn on one machine, and says what is slower in the new one.

    python benchmarks/two_checkouts.py OLD NEW [--filter GLOB]... [--minutes 20] [--rounds 8] [--tolerance 0.05]

OLD and NEW are folders with the package built in place; both run in this Python. In each round a fresh process of each
checkout measures every case on one core, in an order that alternates (A B, B A, ...). Suspects are measured in as many
rounds again. The script prints for each case the processor seconds of its fastest reading in both checkouts, their ratio,
the median of the rounds' ratios with its median absolute deviation, and the ratio in units of each checkout's own yardstick.
SLOWER: the fastest readings, the median and the yardsticks all say so, by more than the tolerance; "unsure": only some do.
Exits with 1 if a case is SLOWER or cannot run in the new checkout only.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pixelpriv_fast.bench.records import Record, read_record
from pixelpriv_fast.bench.subprocesses import SETTINGS, run_child

#: The module that measures; it had another name in older checkouts.
_MEASURERS = ("subprocesses", "apart")
_LIST = (
    "import json; from pixelpriv_fast.bench.cases import all_cases; print(json.dumps([c.name for c in all_cases()]))"
)

Found = dict[str, list[Record]]


def settings(tree: Path) -> dict[str, str]:
    """Return the environment in which a child runs this checkout."""
    return {**SETTINGS, "PYTHONPATH": str(tree), "PYTHONSAFEPATH": "1"}


def case_names(tree: Path) -> list[str]:
    heard: list[str] = []
    run_child([sys.executable, "-c", _LIST], settings(tree), heard.append)
    return list(json.loads(heard[-1]))


def measured(tree: Path, names: Sequence[str]) -> list[Record]:
    """Measure cases in one fresh process of a checkout."""
    module = next(name for name in _MEASURERS if (tree / "pixelpriv_fast" / "bench" / f"{name}.py").exists())
    with tempfile.TemporaryDirectory(prefix="pixelpriv-bench-") as folder:
        file = Path(folder) / "records.json"
        command = [sys.executable, "-m", f"pixelpriv_fast.bench.{module}", str(file), *names]
        run_child(command, {**settings(tree), "TMPDIR": folder})
        return [read_record(row) for row in json.loads(file.read_text(encoding="utf-8"))]


def rounds(trees: Sequence[Path], names: Sequence[str], found: Sequence[Found], count: int, deadline: float) -> None:
    """Add ``count`` rounds, or fewer if the deadline comes first."""
    taken = 0.0
    for number in range(count):
        begin = time.monotonic()
        if begin + taken > deadline:
            print(f"the time is over after {number} of {count} rounds", file=sys.stderr)
            break
        for side in (0, 1) if number % 2 == 0 else (1, 0):
            for record in measured(trees[side], names):
                found[side][record.name].append(record)
        taken = time.monotonic() - begin
        print(f"round {number + 1} of {count}: {len(names)} cases, {taken:.0f} s", file=sys.stderr, flush=True)


def judged(old: Sequence[Record], new: Sequence[Record], tolerance: float) -> tuple[str, str]:
    """Return the verdict on one case, and its line."""
    before, after = Record.merged(old), Record.merged(new)
    if not (before.measured and after.measured):
        verdict = "GONE" if before.measured else "skipped"
        return verdict, f"{verdict:7} {before.name}: {after.reason or before.reason}"
    fastest = min(after.fastest) / min(before.fastest)
    pairs = [mine / theirs for mine, theirs in zip(after.fastest, before.fastest, strict=False)]
    middle = statistics.median(pairs)
    spread = statistics.median(abs(pair - middle) for pair in pairs)
    by_yardstick = after.ratio / before.ratio
    slower = [figure > 1 + tolerance for figure in (fastest, middle, by_yardstick)]
    verdict = "SLOWER" if all(slower) else "unsure" if any(slower) else "ok"
    line = (
        f"{verdict:7} {before.name:34} {1e3 * min(before.fastest):10.4f} ms -> {1e3 * min(after.fastest):10.4f} ms  "
        f"x{fastest:.3f}  rounds x{middle:.3f} +- {spread:.3f}  by yardsticks x{by_yardstick:.3f}  ({len(pairs)})"
    )
    return verdict, line


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--filter", action="append", metavar="GLOB", help="only such cases, for example 'kernel/*'")
    parser.add_argument("--minutes", type=float, default=20.0, help="no round begins that would end after this time")
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--tolerance", type=float, default=0.05)
    given = parser.parse_args()
    deadline = time.monotonic() + 60 * given.minutes
    trees = [given.old.resolve(), given.new.resolve()]
    known = [case_names(tree) for tree in trees]
    names = [name for name in known[0] if any(fnmatchcase(name, glob) for glob in given.filter or ["*"])]
    both = [name for name in names if name in known[1]]
    found: tuple[Found, Found] = (defaultdict(list), defaultdict(list))
    rounds(trees, both, found, given.rounds, deadline)
    suspects = [
        name for name in both if judged(found[0][name], found[1][name], given.tolerance)[0] in ("SLOWER", "unsure")
    ]
    if suspects:
        rounds(trees, suspects, found, given.rounds, deadline)
    verdicts = [judged(found[0][name], found[1][name], given.tolerance) for name in both]
    print("\n".join(line for _, line in verdicts))
    for name in sorted(set(names) - set(both)):
        print(f"{'removed':7} {name}")
    return int(any(verdict in ("SLOWER", "GONE") for verdict, _ in verdicts))


if __name__ == "__main__":
    sys.exit(main())
