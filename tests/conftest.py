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
