"""Real forks with real engines in use: in the child nothing hangs, and what cannot work says so and how to mend it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from pixelpriv_fast.runtime import status
from tests.conftest import ROOT
from tests.engines.forked import LIMIT
from tests.engines.onnx_networks import classifier

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

ONNX = [name for name in ("openvino", "onnxruntime") if status(name).works]
ENGINES = [*ONNX, "torch"]
DEEDS = ["use", "close", "drop", "close and use", *(f"new {name}" for name in ENGINES)]
Said = Callable[[str, str], str]
THREADS = "its threads did not come along"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("forked")
    classifier(made)
    return made


@pytest.fixture(scope="module")
def said(folder: Path) -> Callable[[str, str], str]:
    """Asks what came of a deed in a child of the process that made ``what``; one process a ``what``, a child a deed."""

    @cache
    def answers(what: str) -> dict[str, str]:
        if what == "torch":
            pytest.importorskip("torch")
        command = [sys.executable, "-m", "tests.engines.forked", str(folder), what, *DEEDS]
        limit = LIMIT * (1 + len(DEEDS))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=limit)
        answer = json.loads(done.stdout)
        assert answer["after"] is True  # whatever the children did, the parent works on
        return dict(answer["answers"])

    return lambda what, deed: answers(what)[deed]


@pytest.mark.parametrize("what", [*ENGINES, "protector"])
@pytest.mark.parametrize("deed", ["close", "drop"])
def test_what_the_parent_made_is_let_go(said: Said, what: str, deed: str) -> None:
    assert said(what, deed) == "done"


@pytest.mark.parametrize("what", [*ONNX, "protector"])
def test_use_names_a_fix_that_works(said: Said, what: str) -> None:
    answer = said(what, "use")
    assert answer.startswith("DeviceError: ")
    assert f"before a fork, and {THREADS}; create it in the child process, or start processes with 'spawn'" in answer


def test_use_of_torch_names_a_fix_that_works(said: Said) -> None:
    fix = "start processes with 'spawn', or use the engine 'onnx' in the child"
    assert f"before a fork, and {THREADS}; {fix}" in said("torch", "use")


@pytest.mark.parametrize("new", ONNX)
@pytest.mark.parametrize("what", [*ENGINES, "protector"])
def test_new_onnx_engines_work_in_the_child(said: Said, what: str, new: str) -> None:
    assert said(what, f"new {new}") == "done"


def test_a_closed_protector_loads_again_in_the_child(said: Said) -> None:
    assert said("protector", "close and use") == "the same"


def test_a_new_torch_engine_is_refused_where_torch_ran_before(said: Said) -> None:
    answer = said("torch", "new torch")
    assert answer.startswith("DeviceError: PyTorch ran before a fork")
    assert "start processes with 'spawn', or use the engine 'onnx' in the child" in answer


@pytest.mark.parametrize("what", ONNX)
def test_a_new_torch_engine_works_where_it_did_not(said: Said, what: str) -> None:
    pytest.importorskip("torch")
    assert said(what, "new torch") == "done"
