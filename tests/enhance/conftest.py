"""Weights for the enhancement that needs some."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def styles_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two CartoonGAN styles of random weights."""
    pytest.importorskip("torch", reason="building networks: [full]")
    from pixelpriv_fast.models import Store
    from tests.models.cartoongan.generators import random_generator, save_npz

    folder = tmp_path_factory.mktemp("styles")
    store = Store(folder, environment={})
    for seed, style in enumerate(("hayao", "paprika")):
        path = save_npz(folder / f"{style}.npz", random_generator(seed)[1])
        store.import_model(f"cartoongan_{style}", path, allow_unknown_hash=True)
    return folder
