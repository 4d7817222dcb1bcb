"""What really runs here, and why other things do not."""

from __future__ import annotations

from typing import Any

from . import device, probe
from .providers import PROVIDERS, resolve

_PACKAGES = ("onnxruntime", "onnxruntime-gpu", "openvino", "onnx", "torch", "numpy")


def info() -> dict[str, Any]:
    """Every provider tried, what ``auto`` takes, and the versions; plain values, ready for JSON.

    ``providers``: rows of ``name``, ``title``, ``device``, ``works``, ``reason``, ``fix`` and ``note``. ``auto``:
    ``provider`` and ``reason``. ``cpu``: ``threads``, ``bf16`` and ``int8``. ``versions``: package -> version or None.
    """
    statuses = {name: probe.status(name) for name in PROVIDERS}
    choice = resolve("auto", statuses)
    return {
        "providers": [
            {
                "name": name,
                "title": provider.title,
                "device": provider.device,
                "works": statuses[name].works,
                "reason": statuses[name].reason,
                "fix": statuses[name].fix,
                "note": provider.note,
            }
            for name, provider in PROVIDERS.items()
        ],
        "auto": {"provider": choice.provider.name, "reason": choice.reason},
        "cpu": {"threads": device.threads(), "bf16": device.fast_bf16(), "int8": device.fast_int8()},
        "versions": {package: _version(package) for package in _PACKAGES},
    }


def _version(package: str) -> str | None:
    from importlib import metadata  # slow to import, and only this report needs it

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
