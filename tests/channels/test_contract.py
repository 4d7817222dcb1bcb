"""What every row of CHANNELS promises: type, purity, any size, live fields, and a pullback that fits."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast import channels
from pixelpriv_fast.channels import Channel
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.registry import CHANNELS
from tests.examples import examples_of
from tests.scenes import scene

SIZES = [(1, 1), (1, 9), (9, 1), (2, 3), (5, 4), (16, 16), (33, 47), (64, 96)]


@pytest.fixture(params=list(CHANNELS))
def kind(request: pytest.FixtureRequest) -> type:
    return CHANNELS.load(request.param)


def variants(kind: type) -> list[Channel]:
    """The channel as it is made without arguments, and with each of its fields changed alone."""
    changed = [(field, *example) for field, example in examples_of(kind).items() if example is not None]
    return [kind(), *(kind(**{**setting, field: value}) for field, value, setting in changed)]


def gradient_for(photo: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(photo.shape).astype(np.float32)


def test_the_package_has_it_by_its_class_name(kind: type) -> None:
    assert issubclass(kind, Channel)
    assert getattr(channels, kind.__name__) is kind
    assert kind.__name__ in channels.__all__
    with pytest.raises(AttributeError, match="channels' has no attribute 'Pigeon'"):
        _ = channels.Pigeon


def test_it_is_a_frozen_value(kind: type) -> None:
    assert kind() == kind()
    assert hash(kind()) == hash(kind())
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(kind(), dataclasses.fields(kind)[0].name, None)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("grey", [False, True], ids=["colour", "grey"])
def test_photos_of_any_size_come_out_and_gradients_come_back(kind: type, size: tuple[int, int], grey: bool) -> None:
    photo = scene(*size)
    if grey:
        photo[...] = photo[..., :1]
    kept = photo.copy()
    photo.flags.writeable = False
    for channel in variants(kind):
        applied = channel.at(photo)
        treated = applied.photo
        assert (treated.dtype, treated.ndim, treated.shape[2], treated.flags.c_contiguous) == (np.uint8, 3, 3, True)
        assert treated.size > 0
        gradient = gradient_for(treated)
        gradient.flags.writeable = False
        back = applied.pullback(gradient)
        assert (back.dtype, back.shape) == (np.float32, photo.shape)
        assert np.isfinite(back).all()
    np.testing.assert_array_equal(photo, kept)


def test_the_same_photo_gives_the_same_of_any_strides(kind: type) -> None:
    photo = scene(40, 30)
    for channel in variants(kind):
        first, again = channel.at(photo), channel.at(np.repeat(photo, 2, axis=1)[:, ::2])
        np.testing.assert_array_equal(channel.forward(photo), first.photo)
        np.testing.assert_array_equal(again.photo, first.photo)
        gradient = gradient_for(first.photo)
        turned = np.ascontiguousarray(gradient.transpose(1, 0, 2)).transpose(1, 0, 2)
        np.testing.assert_array_equal(again.pullback(turned), first.pullback(gradient))
        np.testing.assert_array_equal(first.pullback(gradient), first.pullback(gradient))


def test_the_pullback_is_linear(kind: type) -> None:
    photo = scene(40, 30)
    for channel in variants(kind):
        applied = channel.at(photo)
        a, b = gradient_for(applied.photo, 1), gradient_for(applied.photo, 2)
        both = applied.pullback(2 * a - b)
        np.testing.assert_allclose(both, 2 * applied.pullback(a) - applied.pullback(b), atol=1e-5)


def test_every_field_changes_the_output(kind: type) -> None:
    photo = scene(64, 96)
    for field, example in examples_of(kind).items():
        if example is None:
            continue
        value, setting = example
        base, changed = kind(**setting), kind(**{**setting, field: value})
        assert not np.array_equal(base.forward(photo), changed.forward(photo)), field


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
def test_what_is_not_a_photo_is_refused(kind: type, image: Any) -> None:
    with pytest.raises(UsageError, match=r"photo is .*expected uint8 of shape"):
        kind().at(image)


def test_a_gradient_of_another_shape_is_refused(kind: type) -> None:
    applied = kind().at(scene(12, 10))
    height, width, _ = applied.photo.shape
    with pytest.raises(UsageError, match="the gradient has shape"):
        applied.pullback(np.zeros((height + 1, width, 3), np.float32))
