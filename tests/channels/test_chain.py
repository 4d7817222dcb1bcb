"""Chains: what one channel makes, the next one reads; gradients take the same way back."""

from __future__ import annotations

import numpy as np

from pixelpriv_fast.attacks.copies import OverBackground
from pixelpriv_fast.channels import Chain, Channel, Crop, Gamma, Recompress, Resize
from tests.scenes import scene

SCREENSHOT = Chain((Resize(0.8, filter="lanczos"), Gamma(1.06), Crop(0.03), Recompress(quality=80)))


def gradient_for(photo: np.ndarray) -> np.ndarray:
    return np.random.default_rng(1).standard_normal(photo.shape).astype(np.float32)


def test_a_chain_is_its_channels_in_order() -> None:
    photo = scene(64, 90)
    applied, single = SCREENSHOT.at(photo), photo
    steps = []
    for channel in SCREENSHOT.channels:
        steps.append(channel.at(single))
        single = steps[-1].photo
    np.testing.assert_array_equal(applied.photo, single)
    gradient = back = gradient_for(single)
    for step in reversed(steps):
        back = step.pullback(back)
    np.testing.assert_array_equal(applied.pullback(gradient), back)
    assert back.shape == photo.shape


def test_the_order_matters() -> None:
    photo = scene(64, 90)
    turned = Chain(SCREENSHOT.channels[::-1]).forward(photo)
    assert not np.array_equal(turned, SCREENSHOT.forward(photo))


def test_a_chain_of_nothing_is_the_photo() -> None:
    photo = scene(8, 9)
    applied = Chain().at(photo)
    np.testing.assert_array_equal(applied.photo, photo)
    gradient = gradient_for(photo)
    np.testing.assert_array_equal(applied.pullback(gradient), gradient)


def test_chains_stand_in_chains() -> None:
    photo = scene(40, 50)
    nested = Chain((Chain(SCREENSHOT.channels[:2]), Chain(SCREENSHOT.channels[2:])))
    np.testing.assert_array_equal(nested.forward(photo), SCREENSHOT.forward(photo))
    gradient = gradient_for(nested.forward(photo))
    np.testing.assert_array_equal(nested.at(photo).pullback(gradient), SCREENSHOT.at(photo).pullback(gradient))


def test_what_a_network_reads_of_a_photo_with_transparency_is_a_channel_too() -> None:
    photo = scene(24, 20)
    alpha = np.linspace(0, 255, 24 * 20).reshape(24, 20).astype(np.uint8)
    seen = OverBackground(alpha, 255)
    assert isinstance(seen, Channel)
    shared = Chain((seen, Recompress("webp")))
    np.testing.assert_array_equal(shared.forward(photo), Recompress("webp").forward(seen.forward(photo)))
    gradient = gradient_for(photo)
    back = shared.at(photo).pullback(gradient)
    np.testing.assert_array_equal(back, seen.pullback(Recompress("webp").at(photo).pullback(gradient)))
    assert not back[alpha == 0].any()
