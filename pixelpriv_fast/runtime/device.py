"""The machine's features that decide precision and speed: processor flags, threads, an NVIDIA driver."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import sys
from functools import cache
from pathlib import Path

#: Processor flags (Linux) that stand for products of bf16 numbers in hardware.
_AMX, _AVX512 = "amx_bf16", "avx512_bf16"
#: And those under which sums of 8-bit products have a fast path.
_INT8 = ("amx_int8", "avx512_vnni", "avx_vnni")


def threads() -> int:
    """Return the number of threads that this process may use: its affinity, not the machine's core count."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@cache
def cpu_flags() -> frozenset[str]:
    """Return the processor's feature flags as Linux names them; empty on other systems."""
    return frozenset(_cpuinfo("flags").split())


def has_bf16() -> bool:
    """Return whether the processor multiplies bf16 numbers in hardware (AMX or AVX512-BF16)."""
    return not cpu_flags().isdisjoint((_AMX, _AVX512))


def fast_bf16() -> bool:
    """Return whether the processor multiplies more bf16 numbers at a time than fp32 ones.

    Choice: with AMX always, with AVX512-BF16 only on AMD's processors. On Intel's an instruction has twice the products but
    half the rate, so that with AMX switched off, as in many a virtual machine, attacks take longer than in fp32
    (``benchmarks/peers/attacks.py --network resnet50 --batch 8``, which also prints the matrix product's rate).
    """
    return _AMX in cpu_flags() or (_AVX512 in cpu_flags() and _cpuinfo("vendor_id") == "AuthenticAMD")


def fast_int8() -> bool:
    """Return whether the processor sums products of 8-bit integers in hardware (AMX or VNNI)."""
    return not cpu_flags().isdisjoint(_INT8)


def cpu_fingerprint() -> str:
    """Return twelve digits that change with the processor's features: libraries choose their kernels by these."""
    features = " ".join([platform.machine(), *sorted(cpu_flags())])
    return hashlib.sha256(features.encode()).hexdigest()[:12]


def nvidia_driver() -> bool:
    """Return whether there is an NVIDIA driver; asked before anything heavier."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


@cache
def _cpuinfo(field: str) -> str:
    """Return what Linux says of the first processor; empty on other systems."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "")
