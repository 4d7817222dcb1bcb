"""Photos that one can see through: what is hidden is gone, and they are protected over white and over black."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.verify import Verification
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.attacks import Attack, AttackOutcome, AttackTask
from pixelpriv_fast.codecs import EncodeOptions, decode
from pixelpriv_fast.codecs.transparency import BACKGROUNDS, over
from pixelpriv_fast.errors import PhotoError
from pixelpriv_fast.models import Classifier, load_classifier
from tests.archive.tiny import tiny_classifier, tiny_protector
from tests.scenes import scene

#: Recipes of every kind: noise towards a class and away from one, and geometry.
RECIPES = ("pgd", "contrast+least_likely", "p_fgsm", "euclidean")
#: Format -> options; both of WebP's codings.
FORMATS = {"png": {}, "webp": {}, "tiff": {}, "avif": {}, "lossless webp": {"lossless": True}}


def veil(height: int, width: int) -> np.ndarray:
    """A round sprite with a soft edge; the corners are hidden."""
    rows, columns = np.mgrid[0:height, 0:width]
    far = np.hypot((rows + 0.5) / height - 0.5, (columns + 0.5) / width - 0.5)
    return np.clip(255 * (4.5 - 10 * far), 0, 255).astype(np.uint8)


def sprite(height: int = 48, width: int = 60, hidden: int = 0, seed: int = 0) -> Image.Image:
    """A photo with transparency whose hidden pixels hold a pattern that ``hidden`` numbers."""
    pixels, alpha = scene(height, width, seed), veil(height, width)
    secret = np.random.default_rng(hidden + 100).integers(0, 256, pixels.shape, np.uint8)
    pixels = np.where((alpha == 0)[..., None], secret, pixels)
    return Image.fromarray(np.dstack([pixels, alpha]))


def saved(image: Image.Image, name: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, name, **options)
    return out.getvalue()


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def protected(classifier: Path, recipe: str, source: bytes, name: str = "png") -> pp.Result:
    encoding = EncodeOptions(format=name.split()[-1], **FORMATS[name])
    (result,) = tiny_protector(classifier, recipe, encoding=encoding).stream([source], encode=True)
    assert result.error is None
    return result


@pytest.mark.parametrize(("recipe", "name"), [*((r, "png") for r in RECIPES), *(("contrast+pgd", f) for f in FORMATS)])
def test_nothing_hidden_has_any_influence(classifier: Path, recipe: str, name: str) -> None:
    """Not on a byte of the file, not on the verdict: what cannot influence the result cannot be in it."""
    one, other = (protected(classifier, recipe, saved(sprite(hidden=number)), name) for number in (0, 1))
    assert one.encoded == other.encoded
    assert one.verdict == other.verdict
    np.testing.assert_array_equal(one.image, other.image)


@pytest.mark.parametrize("name", ["png", "tiff", "lossless webp"])
def test_hidden_pixels_have_one_colour(classifier: Path, name: str) -> None:
    result = protected(classifier, "contrast+least_likely", saved(sprite()), name)
    again = np.asarray(Image.open(io.BytesIO(result.encoded or b"")))
    np.testing.assert_array_equal(result.alpha, again[..., 3])
    np.testing.assert_array_equal(result.image, again[..., :3])
    hidden = result.image[veil(48, 60) == 0]
    assert len(hidden) > 100
    assert (hidden == hidden[0]).all()


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_verdict_is_true_over_white_and_over_black(classifier: Path, recipe: str) -> None:
    source = saved(sprite(seed=3))
    result, judge = protected(classifier, recipe, source, "webp"), load_classifier(str(classifier), device="cpu")
    verdict, original, file = result.verdict, decode(source), decode(result.encoded or b"")
    found = [*verdict.judgements, *verdict.over_black]
    assert len(found) == 2
    for judgement, background in zip(found, BACKGROUNDS, strict=True):
        pictures = [over(photo.pixels, photo.alpha, background) for photo in (original, file)]
        before, after = judge(pictures).argmax(1)
        assert (judgement.before.index, judgement.after.index) == (before, after)
    assert verdict.protected == all(judgement.before.index != judgement.after.index for judgement in found)
    assert result.record()["over_black"]["before"]["index"] == verdict.over_black[0].before.index


@dataclass(frozen=True, slots=True)
class Given(Attack):
    """An "attack" whose result is a given photo."""

    photo: np.ndarray = field(default_factory=lambda: np.zeros((48, 60, 3), np.uint8))
    needs_gradient = False

    @property
    def budget(self) -> int:
        return 255

    def stronger(self) -> None:
        return None

    def _attack(self, starts: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        return [AttackOutcome(self.photo, 255, 1, None) for _ in starts]


def given(judge: Classifier, source: bytes, fooled: list[bool]) -> pp.Recipe:
    """A recipe whose result for a sprite fools over white and over black as ``fooled`` says."""

    def tops(pixels: np.ndarray) -> np.ndarray:
        return judge([over(pixels, veil(48, 60), background) for background in BACKGROUNDS]).argmax(1)

    original, rng = tops(decode(source).pixels), np.random.default_rng(0)
    found = (rng.integers(0, 256, (6, 6, 3), np.uint8).repeat(8, axis=0).repeat(10, axis=1) for _ in range(2000))
    return pp.Recipe(attack=Given(next(pixels for pixels in found if (tops(pixels) != original).tolist() == fooled)))


@pytest.mark.parametrize("fooled", [[True, False], [False, True], [True, True]])
def test_both_backgrounds_must_be_fooled(classifier: Path, fooled: list[bool]) -> None:
    judge, source = load_classifier(str(classifier), device="cpu"), saved(sprite())
    (made,) = tiny_protector(classifier, given(judge, source, fooled)).stream([source])
    verdict = made.verdict
    assert [j.before.index != j.after.index for j in (*verdict.judgements, *verdict.over_black)] == fooled
    assert made.status == ("protected" if all(fooled) else "unprotected")
    seen = verdict.after if not fooled[0] else verdict.over_black[0].after
    where = " over black" if fooled[0] else ""
    reason = f"{judge.name} still says {seen.label} ({seen.probability:.2f}){where}"
    assert made.reason == ("" if all(fooled) else reason)


def test_accepted_labels_count_over_black_too(classifier: Path) -> None:
    result = protected(classifier, "pgd", saved(sprite()))
    shown = result.verdict.over_black[0].after.index
    (labelled,) = tiny_protector(classifier, "pgd").stream([saved(sprite())], labels=[shown], encode=True)
    flee = labelled._work.subject.flee
    assert [rows[0] for rows in flee] == [shown, shown]


def test_a_photo_does_not_depend_on_those_beside_it(classifier: Path) -> None:
    sources = [saved(sprite()), saved(sprite(90, 70, seed=1).convert("RGB")), saved(sprite(64, 64, seed=2))]
    protector = tiny_protector(classifier, "least_likely")
    together = [result.encoded for result in protector.stream(sources, batch=3, encode=True)]
    for source, encoded in zip(sources, together, strict=True):
        (alone,) = protector.stream([source], batch=3, encode=True)
        assert alone.encoded == encoded


@pytest.mark.parametrize("recipe", RECIPES)
def test_an_opaque_alpha_channel_costs_nothing(classifier: Path, recipe: str) -> None:
    image = Image.fromarray(scene(48, 60))
    plain = protected(classifier, recipe, saved(image))
    image.putalpha(255)
    opaque = protected(classifier, recipe, saved(image))
    assert opaque.verdict == plain.verdict
    assert opaque.verdict.over_black == ()
    assert "over_black" not in opaque.record()
    np.testing.assert_array_equal(opaque.image, plain.image)
    assert decode(opaque.encoded or b"").alpha is not None


def test_a_wholly_transparent_picture_is_told_apart(classifier: Path) -> None:
    image = sprite()
    image.putalpha(0)
    with pytest.raises(PhotoError, match="wholly transparent, so that nothing of it is seen"):
        tiny_protector(classifier).protect(saved(image))


def test_a_moved_photo_moves_its_transparency(classifier: Path) -> None:
    result = protected(classifier, "euclidean", saved(sprite()))
    assert result.verdict.linf > 0
    assert not np.array_equal(result.alpha, veil(48, 60))


def test_metrics_compare_what_is_seen_over_white(classifier: Path) -> None:
    protector = tiny_protector(classifier, "pgd", metrics=("psnr",))
    (result,) = protector.stream([saved(sprite())], encode=True)
    original, file = decode(saved(sprite())), decode(result.encoded or b"")
    difference = over(file.pixels, file.alpha).astype(float) - over(original.pixels, original.alpha)
    want = 10 * np.log10(255**2 / (difference**2).mean())
    assert result.verdict.metrics["psnr"] == pytest.approx(want, abs=1e-4)


@pytest.mark.parametrize("fooled", [[True, False], [False, True], [True, True]])
def test_verify_looks_at_both_backgrounds(classifier: Path, tmp_path: Path, fooled: list[bool]) -> None:
    judge, source = load_classifier(str(classifier), device="cpu"), saved(sprite())
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(source)
    with open_job(tiny_protector(classifier, given(judge, source, fooled)), tmp_path / "out") as job:
        (written,) = job.run(plan([tmp_path / "in"], tmp_path / "out"))
    (found,) = Verification(tmp_path / "out", device="cpu").records()
    assert found["status"] == written["status"] == ("protected" if all(fooled) else "unprotected")
    assert str(found["reason"]).endswith("over black") == (fooled == [True, False])
