"""Interleaved rounds, robust statistics, and what the machine could do at best."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

_EDGE = 2048
_REPEATS = 3
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class Times:
    """Seconds of one contender, one entry a round."""

    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """The median absolute deviation, relative to the median."""
        return statistics.median(abs(value - self.median) for value in self.seconds) / self.median

    def take(self, work: Callable[[], object]) -> object:
        begin = time.perf_counter()
        result = work()
        self.seconds.append(time.perf_counter() - begin)
        return result


class Peak:
    """The machine's matrix multiplication, measured between the rounds; the best of them counts."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        plain = torch.rand(_EDGE, _EDGE, generator=generator)
        self._factors = {name: plain.to(dtype) for name, dtype in _DTYPES.items()}
        self.flops = dict.fromkeys(_DTYPES, 0.0)

    def measure(self) -> None:
        for name, factor in [*self._factors.items()] * _REPEATS:
            begin = time.perf_counter()
            torch.mm(factor, factor)
            self.flops[name] = max(self.flops[name], 2.0 * _EDGE**3 / (time.perf_counter() - begin))


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The mean over photos of the cosine between two gradients (n, ...)."""
    a, b = (g.reshape(len(g), -1).astype(np.float64) for g in (first, second))
    return float(np.mean((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-300)))


def rotation(count: int, batch: int, round_: int) -> Sequence[int]:
    """The photos of one round: each round takes the next ones."""
    return [(round_ * batch + i) % count for i in range(batch)]
