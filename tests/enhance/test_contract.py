"""What every row of ENHANCEMENTS promises: type, shape, purity, live fields, and the photos that it refuses."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import enhance
from pixelpriv_fast.enhance.contract import Enhancement
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import ENHANCEMENTS
from tests.enhance.test_cartoon_filter import landscape
from tests.enhance.test_contrast import dim_photo
from tests.examples import examples_of


@pytest.fixture(params=list(ENHANCEMENTS))
def kind(request: pytest.FixtureRequest) -> type:
    return ENHANCEMENTS.load(request.param)


def made(kind: type, folder: Path, **fields: Any) -> Enhancement:
    """An enhancement, where it runs filled in."""
    known = {field.name for field in dataclasses.fields(kind)}
    where = {"models": folder, "device": "cpu"}
    return kind(**{name: value for name, value in where.items() if name in known}, **fields)


def test_the_package_has_it_by_its_class_name(kind: type) -> None:
    assert getattr(enhance, kind.__name__) is kind
    assert kind.__name__ in enhance.__all__


def test_a_photo_of_the_same_shape_comes_out_and_the_given_one_stays(kind: type, styles_folder: Path) -> None:
    enhancement, photo = made(kind, styles_folder), dim_photo()
    kept = photo.copy()
    photo.flags.writeable = False
    result = enhancement(photo)
    assert (result.dtype, result.shape, result.flags.c_contiguous) == (np.uint8, photo.shape, True)
    np.testing.assert_array_equal(photo, kept)
    np.testing.assert_array_equal(enhancement(np.repeat(photo, 2, axis=1)[:, ::2]), result)  # of any strides


def test_every_field_changes_the_output(kind: type, styles_folder: Path) -> None:
    photos = [dim_photo(), landscape()]
    for field, example in examples_of(kind).items():
        if example is None:
            continue
        value, setting = example
        base, changed = made(kind, styles_folder, **setting), made(kind, styles_folder, **{**setting, field: value})
        assert any(not np.array_equal(base(photo), changed(photo)) for photo in photos), field


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        [[1, 2, 3]],
    ],
    ids=["grey", "rgba", "empty", "float", "list"],
)
def test_what_is_not_a_photo_is_refused(kind: type, styles_folder: Path, image: Any) -> None:
    with pytest.raises(UsageError, match=r"photo is .*expected uint8 of shape"):
        made(kind, styles_folder)(image)
