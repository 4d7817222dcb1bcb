"""The channel of saving: the very pixels that a reader of the written file gets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import Attack, AttackOutcome, AttackTask
from pixelpriv_fast.channels.saved import saving
from pixelpriv_fast.codecs import EncodeOptions, decode
from pixelpriv_fast.registry import CODECS
from tests.archive.tiny import tiny_classifier, tiny_protector
from tests.codecs import profiles
from tests.scenes import encoded, scene

RNG = np.random.default_rng


@dataclass(frozen=True, slots=True)
class Noisy(Attack):
    """An attack that leaves coarse noise, and keeps its task."""

    seen: list[AttackTask] = field(default_factory=list, compare=False)

    @property
    def budget(self) -> int:
        return 40

    def stronger(self) -> None:
        return None

    def _attack(self, starts: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        self.seen.append(task)
        return [AttackOutcome(noisy(start), 40, 1, None) for start in starts]


def noisy(photo: np.ndarray) -> np.ndarray:
    return np.clip(photo + RNG(3).integers(-40, 41, photo.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


PHOTO = scene(50, 61, 2)
SOURCES = {
    "jpeg": encoded(PHOTO, "JPEG", quality=80),
    "jpeg 98": encoded(PHOTO, "JPEG", quality=98),
    "jpeg of another colour space": encoded(
        PHOTO, "JPEG", quality=90, icc_profile=profiles.shaper_icc(profiles.P3_POINTS, profiles.gamma(1.8))
    ),
    "grey jpeg": encoded(PHOTO[..., 0], "JPEG", quality=85),
    "webp": encoded(PHOTO, "WEBP", quality=70),
    "png": encoded(PHOTO),
    "transparent png": encoded(np.dstack([PHOTO, PHOTO[..., 0]])),
}
CASES = [
    ("jpeg", EncodeOptions()),
    ("jpeg", EncodeOptions(quality=60, subsampling="420")),
    ("jpeg 98", EncodeOptions(subsampling="keep")),
    ("jpeg of another colour space", EncodeOptions()),
    ("grey jpeg", EncodeOptions()),
    ("webp", EncodeOptions()),
    ("webp", EncodeOptions(format="jpeg", metadata="keep")),
    ("png", EncodeOptions(format="webp", lossless=False)),
    ("png", EncodeOptions(format="avif", quality=70)),
    ("transparent png", EncodeOptions(format="webp", lossless=False, quality=80)),
]


@pytest.mark.parametrize(("source", "options"), CASES, ids=lambda value: value if isinstance(value, str) else "")
def test_a_file_holds_the_pixels_that_the_attack_was_told(
    classifier: Path, source: str, options: EncodeOptions
) -> None:
    if options.format == "avif" and not CODECS.load("avif").can_write:
        pytest.skip("this machine writes no AVIF")
    attack = Noisy()
    protector = tiny_protector(classifier, pp.Recipe(attack=attack), encoding=options, retry=False)
    (result,) = protector.stream([SOURCES[source]], encode=True)
    assert result.error is None
    ((told,),) = (task.saved for task in attack.seen)
    assert told is not None
    photo = decode(SOURCES[source]).pixels
    applied = told.at(noisy(photo))
    np.testing.assert_array_equal(applied.photo, result.image)
    assert not np.array_equal(result.image, noisy(photo))
    gradient = RNG(0).normal(size=photo.shape).astype(np.float32)
    np.testing.assert_array_equal(applied.pullback(gradient), gradient)


def test_what_is_saved_without_loss_has_no_channel(classifier: Path) -> None:
    png, jpeg = decode(SOURCES["png"]), decode(SOURCES["jpeg"])
    assert saving(png, EncodeOptions()) is None
    assert saving(jpeg, EncodeOptions(format="png")) is None
    assert saving(png, EncodeOptions(format="webp", lossless=True)) is None
    assert saving(png, EncodeOptions(format="jpeg")) is not None
    attack = Noisy()
    list(tiny_protector(classifier, pp.Recipe(attack=attack)).stream([SOURCES["jpeg"], SOURCES["png"]]))
    assert all(task.saved == () for task in attack.seen), "pixels alone are handed out"
