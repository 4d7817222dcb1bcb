"""Tries whether a provider really works, with a model of one node, once a process.

onnxruntime-gpu lists TensorRT and CUDA as available wherever it is installed, fails to load them where a library is
missing, prints banners on stdout and stderr at C level and runs on the CPU. So GPU providers are tried in a child
process whose output is captured: nothing reaches the user, no other thread's output is caught, and a driver that
crashes takes only the child with it.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from ..errors import one_line
from ..words import Precision
from . import device
from .libraries import onnxruntime, openvino
from .probe_model import PROBE_INPUT, PROBE_MODEL, PROBE_OUTPUT
from .providers import PROVIDERS, Choice, Provider, Status, candidates, resolve

#: How the system's loader words it, among the lines that onnxruntime logs.
_MISSING_LIBRARY = re.compile(r"\b(lib[\w.+-]+?\.so[.\d]*): cannot open shared object file")
_CHILD_SECONDS = 60  # the first CUDA context on a busy server takes 5-10 s
_lock = threading.Lock()

_FIX_DRIVER = "install the NVIDIA driver (nvidia-smi must list the card)"


def status(name: str) -> Status:
    """Return what trying provider ``name`` showed. It is tried once a process; any thread may call."""
    with _lock:
        return _status(name)


def choose(requested: str, precision: Precision = "fp32") -> Choice:
    """Resolve a word over what really works here, trying no more providers than needed.

    Parameters
    ----------
    requested : str
        A word of ``providers.DEVICE_WORDS``.
    precision : Precision
        Precision of the arithmetic.

    Returns
    -------
    Choice
        The provider and why.
    """
    statuses: dict[str, Status] = {}
    for name in candidates(requested, precision):
        statuses[name] = status(name)
        if statuses[name].works:
            break
    return resolve(requested, statuses, precision)


@cache
def precisions(name: str) -> tuple[Precision, ...]:
    """Return the precisions that provider ``name`` computes in hardware here, fastest first; "fp32" is always one."""
    provider = PROVIDERS[name]
    if provider.device != "cpu":
        return *provider.halves, "fp32"
    if not provider.halves or not (status(name).works and _listed_bf16()):
        return ("fp32",)
    known = bool(device.cpu_flags())
    return ("fp32", *provider.halves) if known and not device.fast_bf16() else (*provider.halves, "fp32")


def _listed_bf16() -> bool:
    """Return whether bf16 is computed in hardware.

    OpenVINO's own list names bf16 also where it is emulated, so the processor's flags must agree, where known.
    """
    listed = openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    return "BF16" in listed and (device.has_bf16() or not device.cpu_flags())


@cache
def version(name: str) -> str:
    """Return provider ``name``'s library and the processor: what a self-test of its arithmetic is tied to."""
    library = openvino() if PROVIDERS[name].ort is None else onnxruntime()
    return f"{library.__version__} on {device.cpu_fingerprint()}"


@cache
def _status(name: str) -> Status:
    provider = PROVIDERS[name]
    if provider.device == "cuda":
        return _try_gpu(provider)
    return _try_openvino(provider) if provider.ort is None else _try_onnxruntime(provider)


def _try_openvino(provider: Provider) -> Status:
    if find_spec("openvino") is None:
        return Status(False, "openvino is not installed", provider.fix)
    try:
        ov = openvino()
        compiled = ov.Core().compile_model(ov.Core().read_model(PROBE_MODEL, b""), "CPU")
        right = np.array_equal(compiled(PROBE_INPUT)[0], PROBE_OUTPUT)
    except (ImportError, RuntimeError, OSError) as error:
        return Status(False, f"openvino cannot run here: {one_line(error)}", f"{provider.fix} --upgrade")
    return Status(True, "a one-node session ran") if right else _wrong_answer()


def _try_onnxruntime(provider: Provider) -> Status:
    ort = onnxruntime()
    options = ort.SessionOptions()
    options.log_severity_level = 4
    session = ort.InferenceSession(PROBE_MODEL, options, providers=[provider.ort])
    right = np.array_equal(session.run(None, {"x": PROBE_INPUT})[0], PROBE_OUTPUT)
    return Status(True, "a one-node session ran") if right else _wrong_answer()


def _wrong_answer() -> Status:
    return Status(False, "a one-node session returned a wrong result", "reinstall its package")


def _try_gpu(provider: Provider) -> Status:
    if not device.nvidia_driver():  # first, because it spares machines without a GPU the import of onnxruntime
        return Status(False, "no NVIDIA driver (libcuda) on this machine", _FIX_DRIVER)
    if provider.ort not in onnxruntime().get_available_providers():
        return Status(False, "this onnxruntime package was built without it", PROVIDERS["cuda"].fix)
    return _ask_child(str(provider.ort), provider.fix)


def _ask_child(provider: str, fix: str) -> Status:
    """Run ``probe_child.py``; its last line of output is JSON, everything before it belongs to the libraries."""
    child = Path(__file__).with_name("probe_child.py")
    try:
        # -P: the working folder (someone's photos) is not a place to import Python files from.
        done = subprocess.run(
            [sys.executable, "-P", str(child), provider, json.dumps(sys.path)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_CHILD_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Status(False, f"trying it failed: {one_line(error)}", fix)
    last = done.stdout.decode(errors="replace").strip().rpartition("\n")[2]
    missing = _MISSING_LIBRARY.search((done.stderr + done.stdout).decode(errors="replace"))
    try:
        answer = json.loads(last)
        if answer["works"]:
            return Status(True, one_line(answer["reason"]))
        return Status(False, f"{missing[1]} is missing" if missing else one_line(answer["reason"]), fix)
    except (ValueError, TypeError, KeyError):
        return Status(False, f"trying it ended with exit status {done.returncode} and no answer", fix)
