"""The child process of ``probe.py``: tries one provider of ONNX Runtime and prints the answer as its last line.

Run as a file, so it imports nothing of the package but the model bytes beside it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from runpy import run_path
from typing import Any


def _attempt(ort: Any, provider: str, model: dict[str, Any]) -> str:
    """Return an empty text if the provider itself ran the model rightly, else the reason."""
    options = ort.SessionOptions()
    options.log_severity_level = 3  # the parent looks for the name of a missing library in what is logged
    session = ort.InferenceSession(model["PROBE_MODEL"], options, providers=[provider], enable_fallback=0)
    if provider not in session.get_providers():
        return "it is listed, but could not be loaded"
    answer = session.run(None, {"x": model["PROBE_INPUT"]})[0]
    return "" if (answer == model["PROBE_OUTPUT"]).all() else "a one-node session returned a wrong result"


def main(provider: str, search_path: list[str]) -> dict[str, Any]:
    """Try ``provider`` with the parent's import path, and return the answer for the parent."""
    sys.path[:] = [folder for folder in search_path if folder]
    try:
        import onnxruntime as ort

        model = run_path(str(Path(__file__).with_name("probe_model.py")))
        if hasattr(ort, "preload_dlls"):
            ort.preload_dlls()  # finds the CUDA libraries of pip's nvidia packages
        reason = _attempt(ort, provider, model)
    except Exception as error:  # noqa: BLE001  # whatever a driver or library throws is the answer here
        reason = str(error) or type(error).__name__
    return {"works": not reason, "reason": reason or "a one-node session ran"}


if __name__ == "__main__":
    answer = json.dumps(main(sys.argv[1], json.loads(sys.argv[2])))
    sys.stdout.write("\n" + answer + "\n")
