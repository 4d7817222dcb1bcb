"""What a fork does to sessions, and how this package keeps from hanging after one.

A fork copies a process's memory but only the thread that forked. The libraries that run networks wait for threads of their
own, so what they made before a fork can in the child neither be used nor freed; new sessions work there. PyTorch computes
nothing at all in the child once its pool of threads exists.

Three things follow: ``Guard`` turns calls that would hang into errors, ``Native`` lets only the right process free a
library's object, and ``let_torch_compute`` notes in which process PyTorch first ran.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ctypes import py_object, pythonapi
from typing import Any, Generic, TypeVar

from ..errors import DeviceError

T = TypeVar("T")

#: The fix where a session was made before a fork, and where PyTorch ran before it.
_NEW_SESSION = "create it in the child process, or start processes with 'spawn'"
_NO_TORCH = "start processes with 'spawn', or use the engine 'onnx' in the child"

#: PID in which this package first let PyTorch compute: its thread pool is per process.
_torch_process: int | None = None


class Guard:
    """Turns calls that would hang or crash into errors: after ``close``, or in a child forked after the session was made.

    Parameters
    ----------
    what : str
        What the session is, for messages.
    torch : bool
        Whether it is PyTorch's, of which a child cannot make a new one.
    """

    def __init__(self, what: str, *, torch: bool = False) -> None:
        self._what = what
        self._fix = _NO_TORCH if torch else _NEW_SESSION
        self._process = os.getpid()
        self._closed = False

    @property
    def foreign(self) -> bool:
        """Whether this is another process than the one that made it.

        Then even its locks may be held, by threads that do not exist here.
        """
        return os.getpid() != self._process

    def close(self) -> None:
        """Make later calls errors."""
        self._closed = True

    def check(self) -> None:
        """Raise ``DeviceError`` if the session is closed, or was made before a fork."""
        if self._closed:
            raise DeviceError(f"this {self._what} session is closed; create a new one")
        if self.foreign:
            raise DeviceError(
                f"this {self._what} session was made before a fork, and its threads did not come along; {self._fix}"
            )


#: Add a reference to an object, and give one back, without a Python variable that holds it.
_add_reference: Callable[[Any], object] = pythonapi.Py_IncRef
_give_back: Callable[[Any], object] = pythonapi.Py_DecRef


class Native(Generic[T]):
    """A library's object that only the process which made it frees.

    The object's destructor waits for threads: in a forked child OpenVINO's ended the process and ONNX Runtime's hung, by
    ``close`` and by garbage collection. Python runs the destructor when the last reference is gone. So this class adds one
    more reference that no variable holds, and gives it back when it is itself deleted, but only in the process that added
    it. In a child the reference stays for ever and the destructor never runs; the leaked memory is shared with the parent.

    Out of reach: a child that leaves by ``sys.exit`` instead of ``os._exit`` (as multiprocessing's do) still waits in ONNX
    Runtime's own exit handlers.

    Parameters
    ----------
    value : object
        The library's object.
    """

    def __init__(self, value: T) -> None:
        self.value = value
        self._process = os.getpid()
        _add_reference(py_object(value))

    def __del__(
        self,
        # Defaults keep hold of these: when the interpreter exits, the module's own names may be gone already.
        process: Callable[[], int] = os.getpid,
        give_back: Callable[[Any], object] = _give_back,
        as_argument: Callable[[Any], Any] = py_object,
    ) -> None:
        """Give the reference back in the process that added it."""
        if process() == self._process:
            give_back(as_argument(self.value))


def let_torch_compute() -> None:
    """Note that PyTorch computes in this process. To be called before it does.

    What the host program does with PyTorch by itself is not seen here.

    Raises
    ------
    DeviceError
        In a child forked after PyTorch computed: its first parallel loop would wait for ever.
    """
    global _torch_process
    if _torch_process not in (None, os.getpid()):
        raise DeviceError(
            f"PyTorch ran before a fork, and the threads that it computes with did not come along; {_NO_TORCH}"
        )
    _torch_process = os.getpid()
