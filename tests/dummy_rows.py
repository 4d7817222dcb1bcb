"""The rows that add the dummies to the tables. Nothing that reads the tables is loaded before they are there.

As a program it adds the rows and then does what its arguments say: ``pixelpriv ...`` or ``bench ...``.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from pixelpriv_fast.kernels.table import EXACT, KERNELS, Kernel
from pixelpriv_fast.registry import TABLES, Row


def halved_sum(values: Any) -> float:
    """Compute a kernel: half of a sum."""
    return float(values.sum() / 2)


#: Kind, as ``pixelpriv list`` calls it -> the name and the row of its dummy.
ROWS = {
    "enhancements": ("dimmer", Row("tests.dummies:Dimmer", "a dummy: darker")),
    "attacks": ("nudge", Row("tests.dummies:Nudge", "a dummy: one step")),
    "channels": ("inverted", Row("tests.dummies:Inverted", "a dummy: the negative")),
    "panels": ("darkroom", Row("tests.dummies:DARKROOM", "a dummy: the file and its negative")),
    "metrics": ("brightness", Row("tests.dummies:Brightness", "a dummy: mean level")),
    "formats": ("framed", Row("tests.dummies:Framed", "a dummy: PNG in a frame")),
    "classifiers": ("dummynet", Row("tests.dummies:DUMMYNET", "a dummy: untrained")),
    "engines": ("quiet", Row("tests.dummies:load_quiet", "a dummy: the one on ONNX")),
}


def add_rows() -> None:
    """Add every dummy's row to its table, as if it had been written there."""
    for kind, (name, row) in ROWS.items():
        TABLES[kind]._rows[name] = row
    KERNELS["halved_sum"] = Kernel("dummy", "a dummy: half of a sum", (8, 8), EXACT, (), ("reference",))
    twin = ModuleType("pixelpriv_fast.kernels.reference.dummy")
    twin.halved_sum = halved_sum  # type: ignore[attr-defined]
    sys.modules[twin.__name__] = twin


def main(program: str, *arguments: str) -> None:
    """Run ``program`` with the rows in place."""
    add_rows()
    sys.argv = [program, *arguments]
    if program == "bench":
        from pixelpriv_fast.bench.command import main as bench

        raise SystemExit(bench())
    from pixelpriv_fast.cli import main as pixelpriv

    pixelpriv()


if __name__ == "__main__":
    main(*sys.argv[1:])
