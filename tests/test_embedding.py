"""A ``Protector`` inside somebody else's program: shared by threads, in child processes, and touching nothing global."""

from __future__ import annotations

import json
import locale
import logging
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import PGD, LeastLikely
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.protection.recipes import Recipe
from pixelpriv_fast.runtime import precisions, status
from tests.conftest import ROOT
from tests.scenes import scene

PHOTOS = [scene(180 + 8 * i, 240 - 8 * i, i) for i in range(6)]
ENGINES = [("onnx", "fp32"), ("torch", "fp32"), ("torch", "bf16")]
if status("openvino").works and "bf16" in precisions("openvino"):
    ENGINES.append(("onnx", "bf16"))


def digests(protector: pp.Protector, order: list[int], batch: int) -> dict[int, bytes]:
    results = protector.stream([PHOTOS[i] for i in order], batch=batch)
    return {index: result.image.tobytes() for index, result in zip(order, results, strict=True)}


@pytest.mark.parametrize(("engine", "precision"), ENGINES)
@pytest.mark.parametrize("attack", [LeastLikely(steps=3), PGD(steps=3, stop="fooled", margin=1.0)], ids=["ll", "pgd"])
def test_a_photo_does_not_depend_on_its_neighbours(
    places_store: Path, engine: str, precision: str, attack: Any
) -> None:
    """Shuffled, alone, and with photos that stop at other times: the same bytes from passes of the same size."""
    protector = pp.Protector(
        Recipe(attack=attack),
        classifier="squeezenet_places365",
        models=places_store,
        device="cpu",
        engine=engine,
        precision=precision,
        metrics=(),
    )
    assert precision in protector.device
    want = digests(protector, [0, 1, 2, 3, 4, 5], 3)
    assert digests(protector, [4, 1, 5, 0], 3) == {i: want[i] for i in (4, 1, 5, 0)}
    assert digests(protector, [2], 3) == {2: want[2]}
    protector.close()


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_eight_threads_give_what_one_gives(store_folder: Path, engine: str) -> None:
    recipe = Recipe(attack=LeastLikely(steps=2))
    with pp.Protector(recipe, models=store_folder, device="cpu", engine=engine, metrics=()) as protector:
        want = [protector.protect(photo).image for photo in PHOTOS]
        with ThreadPoolExecutor(8) as pool:
            got = list(pool.map(lambda i: protector.protect(PHOTOS[i % 6]).image, range(24)))
        for index, image in enumerate(got):
            np.testing.assert_array_equal(image, want[index % 6])


def snapshot() -> dict[str, Any]:
    """What belongs to the host."""
    import torch

    root = logging.getLogger()
    return {
        "torch threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "torch precision": (
            torch.backends.cuda.matmul.allow_tf32,
            torch.backends.cudnn.allow_tf32,
            torch.backends.cudnn.benchmark,
            torch.backends.cudnn.deterministic,
            torch.get_float32_matmul_precision(),
            torch.backends.mkldnn.enabled,
        ),
        "torch state": (torch.is_grad_enabled(), torch.get_default_dtype(), torch.initial_seed()),
        "torch random": torch.get_rng_state().numpy().tobytes(),
        "numpy errors": np.geterr(),
        "numpy random": str(np.random.get_state()),  # noqa: NPY002  # the old global one is what a host may use
        "random": random.getstate(),
        "environment": dict(os.environ),
        "logging": (root.level, list(root.handlers), logging.root.manager.disable),
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "warnings": list(warnings.filters),
        "folder": os.getcwd(),
        "locale": locale.setlocale(locale.LC_ALL),
        "path": list(sys.path),
        "streams": (sys.stdout, sys.stderr, sys.excepthook, threading.excepthook),
    }


@pytest.mark.parametrize("engine", ["onnx", "torch"])
def test_nothing_of_the_host_is_touched(places_store: Path, engine: str) -> None:
    load_engine("squeezenet_places365", engine, "cpu", places_store)  # the libraries' own imports are not ours
    before = snapshot()
    recipe = Recipe(attack=LeastLikely(steps=2))
    with pp.Protector(recipe, models=places_store, device="cpu", engine=engine, metrics=()) as protector:
        protector.warm_up((64, 64), batch=2)
        for _ in protector.stream(PHOTOS[:2], batch=2, encode=True):
            pass
    after = snapshot()
    for name, value in before.items():
        assert after[name] == value, name


def in_a_child(folder: Path) -> bytes:
    protector = pp.Protector(Recipe(attack=LeastLikely(steps=1)), models=folder, device="cpu", metrics=())
    return protector.protect(PHOTOS[0]).image.tobytes()


def test_works_in_spawned_processes(store_folder: Path) -> None:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(in_a_child, store_folder).result(timeout=300) == in_a_child(store_folder)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_pool_is_told_what_to_do(store_folder: Path) -> None:
    """What a user of ``ProcessPoolExecutor`` meets, whose default is fork on Linux before Python 3.14."""
    code = f"""
import multiprocessing, numpy as np, pixelpriv_fast as pp
from concurrent.futures import ProcessPoolExecutor
protector = pp.Protector("least_likely", models={str(store_folder)!r}, device="cpu", metrics=())
photo = np.zeros((64, 64, 3), np.uint8)
def work(_): return protector.protect(photo).status
work(0)
with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
    try:
        print(pool.submit(work, 0).result(timeout=60))
    except pp.errors.DeviceError as error:
        print(error)
    finally:
        for process in pool._processes.values():
            process.kill()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT, timeout=300
    )
    assert "before a fork" in done.stdout
    assert "'spawn'" in done.stdout


def test_closed_protectors_load_again(store_folder: Path) -> None:
    protector = pp.Protector(Recipe(attack=LeastLikely(steps=1)), models=store_folder, device="cpu", metrics=())
    first = protector.protect(PHOTOS[0]).image
    protector.close()
    protector.close()
    np.testing.assert_array_equal(protector.protect(PHOTOS[0]).image, first)


def test_without_torch_numba_and_openvino(store_folder: Path, tmp_path: Path) -> None:
    """The base package: ready ``.onnx`` files, ONNX Runtime and the compiled kernels."""
    np.save(tmp_path / "photo.npy", PHOTOS[0])
    code = f"""
import sys, json
for name in ("torch", "torchvision", "numba", "openvino"):
    sys.modules[name] = None  # Python's own mark for "may not be imported"
import numpy as np, pixelpriv_fast as pp
result = pp.protect(np.load({str(tmp_path / "photo.npy")!r}), "least_likely", models={str(store_folder)!r}, metrics=())
print(json.dumps([result.status, result.device, result.record()["device"]]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=ROOT)
    status_, device, recorded = json.loads(done.stdout)
    assert status_ == "protected"
    assert device == recorded == "verdict on cpu (ONNX Runtime), attack on onnx ONNX Runtime fp32"
