"""Hot loops: a numpy definition each, and compiled twins. See ``table`` for what exists and what runs.

``kernels.lattice_step(...)`` calls the fastest implementation that this machine has. Every kernel of the table is such
an attribute, looked up when it is first used; ``_native.pyi`` lists their signatures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .resizing import resized
from .table import CLASSES, KERNELS, get, implementations

__all__ = ["KERNELS", "get", "implementations", "resized"]

if TYPE_CHECKING:
    from ._native import *  # noqa: F403  # the signatures, for editors and mypy
else:  # unseen by mypy, which then knows a misspelt kernel

    def __getattr__(name: str) -> Any:
        """Return kernel ``name``'s fastest implementation; kept as an attribute, so this runs once a kernel."""
        if name not in KERNELS and name not in CLASSES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        function = globals()[name] = get(name)
        return function
