"""What this machine is: processor features and threads that decide precision and speed."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from functools import cache
from pathlib import Path

#: Processor flags (Linux) under which 16-bit matrix products have a fast path.
_BF16_FLAGS = ("amx_bf16", "avx512_bf16")
#: And those under which sums of 8-bit products have one.
_INT8_FLAGS = ("amx_int8", "avx512_vnni", "avx_vnni")


def threads() -> int:
    """How many threads this process may use: its affinity, not the machine's core count."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def cpu_flags() -> frozenset[str]:
    """The processor's feature flags as Linux names them; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return frozenset()
    return frozenset(next((line.partition(":")[2] for line in lines if line.startswith("flags")), "").split())


def fast_bf16() -> bool:
    """Whether the processor multiplies bf16 matrices in hardware (AMX or AVX512-BF16)."""
    return any(flag in cpu_flags() for flag in _BF16_FLAGS)


def fast_int8() -> bool:
    """Whether the processor sums products of 8-bit integers in hardware (AMX or VNNI)."""
    return any(flag in cpu_flags() for flag in _INT8_FLAGS)


def cpu_fingerprint() -> str:
    """Twelve digits that change with the processor's features: libraries choose their kernels by these."""
    features = " ".join([platform.machine(), *sorted(cpu_flags())])
    return hashlib.sha256(features.encode()).hexdigest()[:12]


def nvidia_driver() -> bool:
    """Whether there is an NVIDIA driver; asked before anything heavier."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
