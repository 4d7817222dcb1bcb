"""Which implementation runs."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.kernels import examples, table
from tests.kernels.calls import Noise


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


def test_examples_are_the_tables():
    """One function a kernel, and no other; a test of every kernel (``test_arrays``) calls it."""
    made_there = {
        name for name, value in vars(examples).items() if getattr(value, "__module__", "") == examples.__name__
    }
    assert made_there - {"Inputs", "example"} == table.KERNELS.keys()


def test_a_missing_example_says_where_it_belongs():
    with pytest.raises(UsageError, match=r"kernel 'dither' has no example call; add .* kernels/examples.py"):
        examples.example("dither", Noise(2, 2, "dither"))


def test_a_row_must_say_its_tolerance():
    with pytest.raises(TypeError, match="tolerance"):
        table.Kernel("dither", "a row without a tolerance", (1, 1))


def test_an_unknown_kernel_is_named_with_its_neighbour():
    with pytest.raises(UsageError, match="unknown kernel 'simm'; did you mean 'ssim'"):
        kernels.get("simm")
