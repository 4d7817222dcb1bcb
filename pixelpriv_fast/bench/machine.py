"""The header of a bench file: the machine, the versions, and the kernels and providers that the figures hold for."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import time
from pathlib import Path
from typing import Any

from .subprocesses import ONE_CORE

_PACKAGES = (
    "numpy",
    "numba",
    "pillow",
    "simplejpeg",
    "torch",
    "torchvision",
    "onnxruntime",
    "onnxruntime-gpu",
    "openvino",
)


def header() -> dict[str, Any]:
    """Return ``about.info`` in short with date, processor, cores, load and versions: plain values, ready for JSON.

    ``threads`` is the number of threads of a measuring process.
    """
    from ..about import info

    found = info()
    runtime = found["runtime"]
    return {
        "date": time.strftime("%Y-%m-%d %H:%M:%S %z"),
        "version": found["version"],
        "python": found["python"],
        "platform": " ".join([platform.system(), platform.machine(), *platform.libc_ver()]).strip(),
        "processor": processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "threads": 1 if ONE_CORE else runtime["cpu"]["threads"],
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "native": found["native"],
        "kernels": found["kernels"],
        "providers": [row["name"] for row in runtime["providers"] if row["works"]],
        "auto_provider": runtime["auto"]["provider"],
        "versions": {package: version for package in _PACKAGES if (version := _version(package))},
    }


def processor() -> str:
    """Return the processor's name as the system reports it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
