"""Static functions of tensors, ready to be run many times: recorded in a CUDA graph, or run as they are on a CPU.

The tests of recordings are marked ``gpu`` (``runtime.providers.UNTRIED`` says whether a GPU has run them).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeAlias

import numpy.typing as npt
import torch

from .exact import call_rules

Array: TypeAlias = npt.NDArray[Any]
#: Reads and may write its static buffers; returns tensors whose shapes never change.
Static: TypeAlias = Callable[..., tuple[torch.Tensor, ...]]

#: Runs that PyTorch's documentation asks for before a recording, so that every library has made its workspaces.
_WARM_UP = 3


class Program:
    """A static function and its buffers. One call at a time has the buffers; other threads wait.

    Parameters
    ----------
    function : callable
        Reads and may write its buffers; returns tensors whose shapes never change.
    buffers : sequence of Tensor
        What the function is called with.
    device : torch.device
        Where they are; on CUDA the function is recorded now.
    """

    def __init__(self, function: Static, buffers: Sequence[torch.Tensor], device: torch.device) -> None:
        self._function = function
        self._buffers = tuple(buffers)
        self._device = device
        self._lock = threading.Lock()
        self._stream: torch.cuda.Stream | None = None
        self._replay: Callable[[], tuple[torch.Tensor, ...]] | None = None
        if device.type == "cuda":
            self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
            self._replay = self._recorded(self._stream)

    def __call__(self, values: Sequence[Array], times: int = 1) -> list[Array]:
        """Load values into the buffers and run the function without looking at them.

        Parameters
        ----------
        values : sequence of ndarray
            One for each buffer; values of no dimension fill theirs.
        times : int
            Number of runs, at least 1.

        Returns
        -------
        list of ndarray
            The last results, as arrays of their own.
        """
        with self._lock, torch.cuda.stream(self._stream), call_rules(self._device):
            for buffer, value in zip(self._buffers, values, strict=True):
                buffer.copy_(torch.as_tensor(value))
            for _ in range(times):
                results = self._run()
            return [result.to("cpu", copy=True).numpy() for result in results]

    def _run(self) -> tuple[torch.Tensor, ...]:
        return self._function(*self._buffers) if self._replay is None else self._replay()

    def _recorded(self, stream: torch.cuda.Stream) -> Callable[[], tuple[torch.Tensor, ...]]:
        """Record the function.

        Choice: "thread_local" errors, so that work of other threads on the GPU does not break a recording.
        """
        stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.stream(stream), call_rules(self._device):
            for _ in range(_WARM_UP):
                self._function(*self._buffers)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"), call_rules(self._device):
            results = self._function(*self._buffers)

        def replay() -> tuple[torch.Tensor, ...]:
            graph.replay()
            return results

        return replay


class Programs:
    """The programs that were used last: each keeps its activations on the device.

    Parameters
    ----------
    limit : int
        Maximum number of programs.
    """

    def __init__(self, limit: int = 4) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._made: OrderedDict[Hashable, Program] = OrderedDict()

    def get(self, key: Hashable, make: Callable[[], Program]) -> Program:
        """Return the program of a key.

        It is made where it is missing, by one thread at a time, since recordings do not mix. A thread that still runs a
        program which is dropped keeps it alive.

        Parameters
        ----------
        key : hashable
            What the program is for.
        make : callable
            Makes it.

        Returns
        -------
        Program
            The program.
        """
        with self._lock:
            if key not in self._made:
                self._made[key] = make()
            self._made.move_to_end(key)
            while len(self._made) > self._limit:
                self._made.popitem(last=False)
            return self._made[key]

    def clear(self) -> None:
        """Forget every program, and with them their memory."""
        with self._lock:
            self._made.clear()

    def __len__(self) -> int:
        """Return the number of programs."""
        return len(self._made)
