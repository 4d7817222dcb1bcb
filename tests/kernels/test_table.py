"""Which implementation runs."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels import table


@pytest.fixture
def older_extension(monkeypatch):
    """An extension that was built before the kernel ``ssim`` was written."""
    others = {name: len for name in table.KERNELS if name != "ssim"}
    monkeypatch.setattr(table, "native_module", lambda: (SimpleNamespace(**others), ""))
    table.get.cache_clear()
    yield
    table.get.cache_clear()


def test_a_kernel_that_an_older_extension_lacks_runs_on_its_twin(older_extension, caplog):
    assert table.implementations("ssim") == ("reference",)
    with caplog.at_level(logging.WARNING):
        assert table.get("ssim") is table.get("ssim", "reference")
    assert "older than this source" in caplog.text
    with pytest.raises(UsageError, match="build it again"):
        table.get("ssim", "native")
    assert table.get("lattice_photo") is len
