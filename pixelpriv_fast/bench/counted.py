"""The process whose kernels valgrind's callgrind counts: ``python -m pixelpriv_fast.bench.counted MARKS FILE KERNEL...``.

``MARKS`` is marks.c as a library. The extension's instruction set and compiler are written to ``FILE``.
"""

from __future__ import annotations

import ctypes
import gc
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..kernels import get
from ..kernels.table import native_module
from . import kernel_calls

#: Number of calls that are counted together: the cost of the marks varies by some hundred instructions.
CALLS: Final = 5
#: The name of the count of no work at all, which is subtracted from every other.
NOTHING: Final = "nothing"


def main(arguments: Sequence[str]) -> int:
    """Let callgrind count the kernels that ``arguments`` name after the two files. Returns the exit code, 0."""
    marks, file, *names = arguments
    library = ctypes.CDLL(marks)
    runs = {NOTHING: lambda: None, **{name: kernel_calls.call(name, get(name)) for name in names}}
    gc.disable()
    for name, run in runs.items():
        label = name.encode()
        for _ in range(2):
            run()
        library.begin()
        for _ in range(CALLS):
            run()
        library.end(label)
    native, reason = native_module()
    Path(file).write_text(json.dumps(native.build_info() if native else {"missing": reason}), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
