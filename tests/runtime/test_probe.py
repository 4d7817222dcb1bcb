from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast.errors import DeviceError
from pixelpriv_fast.runtime import info, probe, select
from pixelpriv_fast.runtime.probe_model import PROBE_INPUT, PROBE_MODEL, PROBE_OUTPUT
from pixelpriv_fast.runtime.providers import PROVIDERS


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test probes anew."""
    probe._status.cache_clear()
    monkeypatch.setattr(probe, "_status", probe._status.__wrapped__)


def test_the_one_node_model_is_valid_and_right() -> None:
    onnx = pytest.importorskip("onnx")
    from onnx.reference import ReferenceEvaluator

    model = onnx.load_from_string(PROBE_MODEL)
    onnx.checker.check_model(model, full_check=True)
    assert len(model.graph.node) == 1
    (answer,) = ReferenceEvaluator(model).run(None, {"x": PROBE_INPUT})
    assert np.array_equal(answer, PROBE_OUTPUT)


def test_the_cpu_works() -> None:
    assert probe.status("onnxruntime").works
    if probe.find_spec("openvino"):
        assert probe.status("openvino").works


def test_openvino_missing_or_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise ImportError("libtbb.so.12: cannot open\nshared object file")

    monkeypatch.setattr(probe, "openvino", broken)
    if probe.find_spec("openvino"):
        status = probe.status("openvino")
        assert not status.works
        assert "libtbb.so.12: cannot open shared object file" in status.reason
    monkeypatch.setattr(probe, "find_spec", lambda name: None)
    assert probe.status("openvino") == probe.Status(False, "openvino is not installed", "pip install openvino")
    assert select("auto").provider.name in ("onnxruntime", "cuda")


class FakeRuntime:
    """An onnxruntime-gpu package, which lists its providers whether they can load or not."""

    @staticmethod
    def get_available_providers() -> list[str]:
        return ["TensorrtExecutionProvider", "CUDAExecutionProvider", "CPUExecutionProvider"]


def test_no_driver_is_found_without_importing_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> Any:
        raise AssertionError("onnxruntime was imported for nothing")

    monkeypatch.setattr(probe.device, "nvidia_driver", lambda: False)
    monkeypatch.setattr(probe, "onnxruntime", never)
    status = probe.status("cuda")
    assert "no NVIDIA driver" in status.reason
    assert "nvidia-smi" in status.fix


def test_a_package_without_gpu_support(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.device, "nvidia_driver", lambda: True)

    class Slim:
        get_available_providers = staticmethod(lambda: ["CPUExecutionProvider"])

    monkeypatch.setattr(probe, "onnxruntime", lambda: Slim)
    status = probe.status("cuda")
    assert "built without it" in status.reason
    assert "onnxruntime-gpu" in status.fix


FAKE_ORT = """
import os, sys
import numpy as np
class SessionOptions:
    def add_session_config_entry(self, *a): pass
class InferenceSession:
    def __init__(self, model, options, providers, enable_fallback):
        os.write(1, b"*** EP Error ***\\n"); os.write(2, b"banner\\n"); print("Falling back")
        MODE
        self.providers = providers
    def get_providers(self): return self.providers
    def run(self, names, feeds): return [feeds["x"] * 2]
"""


@pytest.mark.parametrize(
    ("mode", "works", "reason"),
    [
        ("pass", True, "a one-node session ran"),
        ("providers = ['CPUExecutionProvider']", False, "could not be loaded"),
        (
            "os.write(2, b'libcudnn.so.9: cannot open shared object file'); providers = []",
            False,
            "libcudnn.so.9 is missing",
        ),
        ("raise RuntimeError('CUDA failure 35:\\n driver too old')", False, "CUDA failure 35: driver too old"),
        ("os._exit(139)", False, "exit status 139"),
        ("os.kill(os.getpid(), 11)", False, "exit status -11"),
    ],
)
def test_gpu_providers_are_tried_in_a_child_that_keeps_quiet(
    mode: str, works: bool, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    (tmp_path / "onnxruntime.py").write_text(FAKE_ORT.replace("MODE", mode))
    monkeypatch.setattr(probe.device, "nvidia_driver", lambda: True)
    monkeypatch.setattr(probe, "onnxruntime", lambda: FakeRuntime)
    monkeypatch.syspath_prepend(str(tmp_path))
    status = probe.status("cuda")
    assert (status.works, bool(status.fix)) == (works, not works)
    assert reason in status.reason
    assert "\n" not in status.reason
    assert capfd.readouterr() == ("", "")


def test_the_child_imports_nothing_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "onnxruntime.py").write_text("open('ran', 'w')")
    (tmp_path / "json.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    status = probe._ask_child("CUDAExecutionProvider", "fix")
    assert not status.works
    assert not (tmp_path / "ran").exists()


def test_a_child_that_cannot_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    assert "trying it failed" in probe._ask_child("CUDAExecutionProvider", "fix").reason


def test_explicit_wish_without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe.device, "nvidia_driver", lambda: False)
    for wish in ("cuda", "tensorrt"):
        with pytest.raises(DeviceError, match=r"no NVIDIA driver .*; fix: install"):
            select(wish)


def test_info_is_json_and_complete() -> None:
    report = json.loads(json.dumps(info()))
    assert [row["name"] for row in report["providers"]] == list(PROVIDERS)
    for row in report["providers"]:
        assert row["reason"]
        assert row["works"] or row["fix"]
        assert ("not run on a GPU" in row["note"]) == (row["device"] == "cuda")
    assert report["auto"]["provider"] in PROVIDERS
    assert report["cpu"]["threads"] >= 1
    assert report["versions"]["numpy"] == np.__version__


def test_info_prints_nothing_and_calls_nobody() -> None:
    """In a process of its own, with sockets that report every use."""
    code = (
        "import socket\n"
        "def refuse(*a, **k): raise SystemExit('network use')\n"
        "socket.socket.connect = socket.getaddrinfo = socket.create_connection = refuse\n"
        "from pixelpriv_fast.runtime import info, create_session\n"
        "from pixelpriv_fast.runtime.probe_model import PROBE_MODEL\n"
        "info(); create_session(PROBE_MODEL)\n"
        "import sys\n"
        "assert 'openvino_telemetry' not in sys.modules\n"
        "assert not any(name.startswith('openvino_telemetry') for name in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(not os.path.exists("/usr/bin/strace"), reason="needs strace")
def test_no_process_of_ours_opens_a_socket(tmp_path: Path) -> None:
    pytest.importorskip("openvino")
    log = tmp_path / "log"
    code = (
        "from pixelpriv_fast.runtime import create_session\n"
        "from pixelpriv_fast.runtime.probe_model import PROBE_MODEL\n"
        "create_session(PROBE_MODEL)"
    )
    done = subprocess.run(
        ["strace", "-f", "-e", "trace=connect", "-o", str(log), sys.executable, "-c", code],
        capture_output=True,
        check=False,
    )
    if not log.exists() or "exited with" not in log.read_text():
        pytest.skip(f"strace may not trace here: {done.stderr[-200:]!r}")
    assert "AF_INET" not in log.read_text()
