"""What belongs to one process: a fork takes a program's memory along, and of its threads only the one that forked.

The libraries that run networks wait for threads of their own, so what they made before a fork can in the child neither
be used nor freed; new sessions work there. PyTorch computes nothing at all there once its pool of threads exists.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import py_object, pythonapi
from typing import Any, Generic, TypeVar

from ..errors import DeviceError

T = TypeVar("T")

#: What to do where a session was made before a fork, and where torch ran before it.
_NEW_SESSION = "create it in the child process, or start processes with 'spawn'"
_NO_TORCH = "start processes with 'spawn', or use the engine 'onnx' in the child"

#: The process in which this package first let torch compute. Its pool of threads is one a process, so is this note.
_torch_process: int | None = None


class Guard:
    """Notices calls that would hang or crash: after ``close``, or in a child forked after the session was made.

    ``torch``: whether it is PyTorch's, of which a child cannot make a new one.
    """

    def __init__(self, what: str, *, torch: bool = False) -> None:
        self._what = what
        self._fix = _NO_TORCH if torch else _NEW_SESSION
        self._process = os.getpid()
        self._closed = False

    @property
    def foreign(self) -> bool:
        """Whether this is another process than the one that made it: then even its locks may be held, by threads that
        do not exist here."""
        return os.getpid() != self._process

    def close(self) -> None:
        self._closed = True

    def check(self) -> None:
        """Raises ``DeviceError``."""
        if self._closed:
            raise DeviceError(f"this {self._what} session is closed; create a new one")
        if self.foreign:
            raise DeviceError(
                f"this {self._what} session was made before a fork, and its threads did not come along; {self._fix}"
            )


class Native(Generic[T]):
    """A library's object, freed by the process that made it and by no other.

    Its destructor waits for threads: in a forked child OpenVINO's ended the process and ONNX Runtime's hung, by ``close``
    and by garbage collection. So it gets a reference that no Python object owns and that only its own process gives back.
    A child that drops it leaks it on purpose; the memory is shared with the parent. Out of reach: a child that leaves by
    ``sys.exit`` instead of ``os._exit`` (as multiprocessing's do) still waits in ONNX Runtime's own exit handlers.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._process = os.getpid()
        pythonapi.Py_IncRef(py_object(value))

    def __del__(
        self,
        getpid: Callable[[], int] = os.getpid,  # bound here: at the interpreter's exit module names are gone
        give_back: Callable[[Any], object] = pythonapi.Py_DecRef,
        handle: Callable[[Any], Any] = py_object,
    ) -> None:
        if getpid() == self._process:
            give_back(handle(self.value))


def let_torch_compute() -> None:
    """Called before torch computes. Raises ``DeviceError`` in a child forked after it did so: there its first parallel
    loop would wait for ever. What the host program does with torch on its own is not seen here."""
    global _torch_process
    if _torch_process not in (None, os.getpid()):
        raise DeviceError(
            f"PyTorch ran before a fork, and the threads that it computes with did not come along; {_NO_TORCH}"
        )
    _torch_process = os.getpid()
