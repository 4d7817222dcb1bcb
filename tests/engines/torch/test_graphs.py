"""Programs over static buffers: as they are on a CPU, recorded and replayed on a GPU."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from pixelpriv_fast.engines.torch.graphs import Program, Programs

CPU = torch.device("cpu")


def doubling(total: torch.Tensor, rate: torch.Tensor) -> tuple[torch.Tensor, ...]:
    """total <- total * 2 + rate, and how far that went."""
    total.mul_(2).add_(rate)
    return total, total - rate


def program(device: torch.device = CPU) -> Program:
    return Program(doubling, [torch.zeros(3, device=device), torch.zeros((), device=device)], device)


def check(made: Program) -> None:
    one = np.array([1, 2, 3], np.float32)
    total, difference = made([one, np.float32(1)], times=3)
    np.testing.assert_array_equal(total, one * 8 + 7)
    np.testing.assert_array_equal(difference, one * 8 + 6)
    again, _ = made([np.float32(5), np.float32(0)])
    np.testing.assert_array_equal(again, [10, 10, 10])
    np.testing.assert_array_equal(total, one * 8 + 7)  # handed out: the next call does not write to it
    with pytest.raises(ValueError, match="is shorter than"):
        made([one])


def test_buffers_are_loaded_and_results_are_the_callers():
    check(program())


def test_threads_take_turns():
    made = program()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda i: made([np.float32(i), np.float32(1)], 5)[0], range(64)))
    np.testing.assert_array_equal(np.stack(answers)[:, 0], np.arange(64) * 32 + 31)


def test_the_programs_used_last_are_kept():
    programs, made = Programs(limit=2), []

    def make(key):
        return programs.get(key, lambda: made.append(key) or program())

    first = make("a")
    make("b")
    assert make("a") is first
    make("c")  # "b" leaves
    assert make("a") is first
    make("b")
    assert made == ["a", "b", "c", "b"]
    assert len(programs) == 2
    programs.clear()
    assert len(programs) == 0


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="recording a CUDA graph needs an NVIDIA GPU")
def test_a_recording_does_what_the_function_does():
    made = program(torch.device("cuda"))
    assert made._replay is not None
    check(made)
