"""Quiet imports of the two runtime libraries. Both stay unloaded until a session is created."""

from __future__ import annotations

import sys
import threading
from typing import Any

from ..errors import ModelError

_MISSING = object()
_import_lock = threading.Lock()  # two threads must not swap the telemetry entry at the same time


def onnxruntime() -> Any:
    """Import and return onnxruntime. Raises ``ModelError`` where it is not installed or cannot load."""
    try:
        import onnxruntime as module
    except ImportError as error:
        raise ModelError(f"onnxruntime cannot be loaded ({error}); fix: pip install onnxruntime") from error
    return module


def openvino() -> Any:
    """Import and return openvino. Raises ``ImportError`` where it is not installed or cannot load.

    Importing openvino reports the import to its makers over the network when openvino-telemetry is installed. This is a
    privacy tool, so that package is hidden while openvino is imported; openvino then uses its own silent stand-in,
    and everything else of it works as ever. A host that imported openvino earlier has decided for itself.
    """
    if "openvino" not in sys.modules:
        with _import_lock:
            name = "openvino_telemetry"
            before = sys.modules.get(name, _MISSING)
            sys.modules[name] = None  # type: ignore[assignment]  # Python's own mark for "may not be imported"
            try:
                import openvino
            finally:
                if before is _MISSING:
                    del sys.modules[name]
                else:
                    sys.modules[name] = before  # type: ignore[assignment]
    import openvino

    return openvino
