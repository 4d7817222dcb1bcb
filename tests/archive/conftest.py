from __future__ import annotations

from pathlib import Path

import pytest

from tests.archive.tiny import tiny_classifier


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))
