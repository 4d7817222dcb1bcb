"""Compares the rotation and translation search that ranks in 8 or 16 bits with the same search in fp32 alone.

    python benchmarks/decisions/spatial_agreement.py --photos FOLDER [--classifier squeezenet_places365]
        [--models FOLDER] [--count N] [--k 100] [--rules worst] [--margin 3.5] [--batch 16] [--precision auto]

It backs the margin of ``attacks/euclidean.py``: how often do both keep the same candidate, and how much faster is one?
Every photo of the folder (or ``--count`` of them, evenly spread) flees the classifier's own top-1. Both searches run each
batch, in an order that alternates. "fooled alike": both fool, or neither does; "judged" counts candidates per photo.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pixelpriv_fast.attacks import Euclidean
from pixelpriv_fast.attacks.task import AttackOutcome, AttackTask, content_seed
from pixelpriv_fast.engines import ForwardEngine
from pixelpriv_fast.engines.ranking import Ranks
from pixelpriv_fast.models import load_classifier

Photo = NDArray[np.uint8]
_PHOTOS = {".jpg", ".jpeg", ".png"}


class Counting:
    """A victim that counts the candidates that it is shown."""

    def __init__(self, victim: ForwardEngine) -> None:
        self._victim, self.exact, self.ranker = victim, 0, CountingRanker(victim.ranker)

    def __getattr__(self, name: str) -> object:
        return getattr(self._victim, name)

    @property
    def rough(self) -> int:
        """The number of candidates that were ranked."""
        return self.ranker.seen

    def logits(self, inputs: NDArray[np.float32], batch: int | None = None) -> NDArray[np.float32]:
        self.exact += len(inputs)
        return self._victim.logits(inputs, batch)


class CountingRanker:
    """A ranker that counts the candidates that it is shown."""

    def __init__(self, ranker: Ranks) -> None:
        self._ranker, self.seen = ranker, 0

    @property
    def error(self) -> float:
        return self._ranker.error

    def logits(self, inputs: NDArray[np.float32], batch: int | None = None) -> NDArray[np.float32]:
        self.seen += len(inputs)
        return self._ranker.logits(inputs, batch)


@dataclass
class Side:
    """One of the two searches."""

    attack: Euclidean
    victim: Counting
    outcomes: list[AttackOutcome] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def run(self, photos: Sequence[Photo], make: Callable[[Counting], AttackTask]) -> None:
        task, begin = make(self.victim), perf_counter()
        self.outcomes += self.attack.run(photos, task)
        self.seconds.append((perf_counter() - begin) / len(photos))


def read(folder: Path, count: int | None) -> list[Path]:
    files = sorted(file for file in folder.rglob("*") if file.suffix.lower() in _PHOTOS)
    return files if count is None else files[:: max(1, len(files) // count)][:count]


def batches(files: Sequence[Path], size: int) -> Iterator[list[Photo]]:
    for at in range(0, len(files), size):
        yield [np.asarray(Image.open(file).convert("RGB")) for file in files[at : at + size]]


def compare(victim: ForwardEngine, rule: str, files: Sequence[Path], options: argparse.Namespace) -> tuple[Side, Side]:
    attack = Euclidean(k=options.k, rule=rule)
    sides = [Side(attack.replaced(margin=margin), Counting(victim)) for margin in (None, options.margin)]
    for number, photos in enumerate(batches(files, options.batch)):
        inputs = np.stack([victim.preprocess.rounded(np.ascontiguousarray(photo)) for photo in photos])
        tops = tuple((int(row.argmax()),) for row in victim.logits(inputs))
        seeds = [content_seed(photo, 0) for photo in photos]
        for side in sides[:: 1 if number % 2 else -1]:
            side.run(photos, lambda counted: AttackTask((counted,), (tops,), seeds))  # type: ignore[arg-type] # noqa: B023
    return sides[0], sides[1]


def report(rule: str, exact: Side, ranked: Side) -> str:
    pairs = list(zip(exact.outcomes, ranked.outcomes, strict=True))
    photos = len(pairs)
    same = sum(np.array_equal(one.photo, other.photo) for one, other in pairs)
    alike = sum(one.fooled == other.fooled for one, other in pairs)
    times = [1e3 * statistics.median(side.seconds) for side in (exact, ranked)]
    ratios = [one / other for one, other in zip(exact.seconds, ranked.seconds, strict=True)]
    ratio = statistics.median(ratios)
    mad = statistics.median(abs(value - ratio) for value in ratios)
    judged = (exact.victim.exact, ranked.victim.rough, ranked.victim.exact)
    cells = [
        rule,
        f"{same} of {photos} ({same / photos:.2%})",
        f"{alike} of {photos}",
        f"{sum(bool(one.fooled) for one in exact.outcomes) / photos:.1%}",
        " ".join(f"{count / photos:.1f}" for count in judged),
        *(f"{value:.1f}" for value in times),
        f"{ratio:.2f} +- {mad:.2f}",
    ]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--classifier", default="squeezenet_places365")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--count", type=int)
    parser.add_argument("--k", type=int, default=100)
    parser.add_argument("--rules", default="worst")
    parser.add_argument("--margin", type=float, default=3.5)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--precision", default="auto", help="what ranks: auto, int8, bf16")
    options = parser.parse_args()
    victim = ForwardEngine(load_classifier(options.classifier, options.models), options.precision)
    ranked = f"ranked in {victim.ranker.precision} (errors {victim.ranker.error:.3f})"
    print(f"{options.classifier} on {victim.device}, {ranked}; k {options.k}, margin {options.margin}")
    print(
        "| rule | same choice | fooled alike | fooled | judged: fp32 search; rough, fp32 | ms fp32 | ms ranked | ratio |"
    )
    print("|---|---|---|---|---|---|---|---|")
    victim.ranker.logits(np.zeros((8, 3, *victim.preprocess.size), np.float32), 8)
    files = read(options.photos, options.count)
    for rule in options.rules.split(","):
        print(report(rule, *compare(victim, rule, files, options)), flush=True)


if __name__ == "__main__":
    main()
