"""Times of interleaved rounds, robust statistics, and the best that the machine could do."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version

import numpy as np
import torch

from pixelpriv_fast.bench.machine import processor
from pixelpriv_fast.runtime.device import cpu_flags

_EDGE = 2048
_REPEATS = 3
_PACKAGES = ("openvino", "onnxruntime", "torch", "torchattacks", "foolbox", "adversarial-robustness-toolbox")
_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}


@dataclass
class Times:
    """Seconds of one contender, one entry a round.

    ``rest`` is the idle time in seconds before each, for contenders that use threads: PyTorch's pool keeps the other cores busy
    for some milliseconds after each of its calls, at the next contender's cost. After a rest, caches are cold.
    """

    rest: float = 0.0
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    @property
    def spread(self) -> float:
        """Return the median absolute deviation, relative to the median."""
        return statistics.median(abs(value - self.median) for value in self.seconds) / self.median

    def take(self, work: Callable[[], object]) -> object:
        time.sleep(self.rest)
        begin = time.perf_counter()
        result = work()
        self.seconds.append(time.perf_counter() - begin)
        return result


class Peak:
    """The machine's matrix multiplication, measured between the rounds; the best one counts.

    In fp32 it is that of NumPy's OpenBLAS or PyTorch's MKL: which is faster depends on the processor's maker.
    """

    def __init__(self) -> None:
        plain = np.random.default_rng(0).random((_EDGE, _EDGE), np.float32)
        torch_fp32, torch_bf16 = (torch.from_numpy(plain).to(dtype) for dtype in _DTYPES.values())
        self._products: list[tuple[str, Callable[[], object]]] = [
            ("fp32", lambda: plain @ plain),
            ("fp32", lambda: torch_fp32 @ torch_fp32),
            ("bf16", lambda: torch_bf16 @ torch_bf16),
        ]
        self.flops = dict.fromkeys(_DTYPES, 0.0)

    def measure(self) -> None:
        for name, product in [pair for pair in self._products for _ in range(_REPEATS)]:
            begin = time.perf_counter()
            product()
            self.flops[name] = max(self.flops[name], 2.0 * _EDGE**3 / (time.perf_counter() - begin))


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """Return the mean over photos of the cosine between two gradients (n, ...)."""
    a, b = (g.reshape(len(g), -1).astype(np.float64) for g in (first, second))
    return float(np.mean((a * b).sum(1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1) + 1e-300)))


def rotation(count: int, batch: int, round_: int) -> Sequence[int]:
    """Return the photos of one round: each round takes the next ones."""
    return [(round_ * batch + i) % count for i in range(batch)]


def machine() -> dict[str, str]:
    """Return what the figures hold for: the processor, the cores of this process, the versions of the libraries."""
    bf16 = ", ".join(sorted(cpu_flags() & {"amx_bf16", "avx512_bf16"})) or "no bf16"
    found = {"processor": f"{processor()} ({bf16})", "cores": str(len(os.sched_getaffinity(0)))}
    return found | {package: version(package) for package in _PACKAGES}
