"""A counted process whose kernels do a fifth more work: of five calls each, one is made twice."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from pixelpriv_fast.bench import counted, kernel_calls

_call = kernel_calls.call


def slowed(name: str, kernel: Callable[..., Any]) -> Callable[[], object]:
    run, calls = _call(name, kernel), [0]

    def more() -> None:
        calls[0] += 1
        run()
        if calls[0] % counted.CALLS == 0:
            run()

    return more


if __name__ == "__main__":
    kernel_calls.call = slowed
    raise SystemExit(counted.main(sys.argv[1:]))
