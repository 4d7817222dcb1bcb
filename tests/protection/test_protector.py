"""The pipeline on the real embedded classifier: verdicts that are true, failures that stay with their photo, results
that do not depend on neighbours, and originals that nobody touches."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import PGD, AttackOutcome, AttackTask, LatticeAttack, LeastLikely
from pixelpriv_fast.attacks.plan import Descent
from pixelpriv_fast.codecs import jpeg
from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.runtime.device import threads
from tests.scenes import encoded, scene


@pytest.fixture(scope="module")
def protector(store_folder: Path) -> pp.Protector:
    return pp.Protector("least_likely", models=store_folder, device="cpu")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("photos")
    (place / "wide.png").write_bytes(encoded(scene(180, 260, 1)))
    (place / "tall.jpg").write_bytes(encoded(scene(300, 200, 2), "JPEG", quality=92, subsampling=2))
    (place / "broken.jpg").write_bytes(encoded(scene(64, 64, 3), "JPEG")[:400])
    (place / "text.jpg").write_bytes(b"not a photo\n")
    return place


def test_verdict_is_true_of_the_saved_bytes(protector: pp.Protector, folder: Path, store_folder: Path) -> None:
    names = ["wide.png", "tall.jpg"]
    results = list(protector.stream([folder / name for name in names], encode=True))
    judge = load_classifier("efficientnet_lite0", store_folder, "cpu")
    for name, result in zip(names, results, strict=True):
        original = np.asarray(Image.open(folder / name))
        saved = np.asarray(Image.open(io.BytesIO(result.encoded or b"")))
        assert saved.shape == original.shape
        before, after = judge([original, saved]).argmax(1)
        assert (before, after) == (result.verdict.before.index, result.verdict.after.index)
        assert result.verdict.protected == (before != after) == (result.status == "protected")
        assert result.verdict.measured_on == "file"
        assert 1 <= result.verdict.linf <= 8
    assert [r.status for r in results] == ["protected", "protected"]


def test_a_header_is_parsed_once_in_and_once_out(
    protector: pp.Protector, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, sizes = jpeg.read_segments, []

    def counted(data: bytes) -> object:
        sizes.append(len(data))
        return read(data)

    monkeypatch.setattr(jpeg, "read_segments", counted)
    (result,) = protector.stream([folder / "tall.jpg"], encode=True)
    assert result.status == "protected"
    assert result.encoded is not None
    assert sizes == [(folder / "tall.jpg").stat().st_size, len(result.encoded)]


def test_png_holds_the_attacked_pixels_within_epsilon(protector: pp.Protector, folder: Path) -> None:
    (result,) = protector.stream([folder / "wide.png"], encode=True)
    difference = result.image.astype(int) - np.asarray(Image.open(folder / "wide.png"), int)
    assert np.abs(difference).max() == result.verdict.linf <= 8


def test_one_bad_photo_never_stops_the_rest(protector: pp.Protector, folder: Path) -> None:
    paths = [folder / name for name in ("broken.jpg", "wide.png", "text.jpg", "missing.png", "tall.jpg")]
    results = list(protector.stream(paths, batch=3, encode=True))
    assert [r.status for r in results] == ["failed", "protected", "failed", "failed", "protected"]
    for path, result in zip(paths, results, strict=True):
        if result.status == "failed":
            assert path.name in result.reason
            assert "\n" not in result.reason
            assert isinstance(result.error, PhotoError)
            with pytest.raises(PhotoError):
                _ = result.image


def test_a_photo_does_not_depend_on_its_neighbours(protector: pp.Protector) -> None:
    photos = [scene(120 + 16 * i, 150, i) for i in range(5)]
    alone = [protector.protect(photo) for photo in photos]
    together = list(protector.stream(photos[::-1], batch=5))[::-1]
    for one, other in zip(alone, together, strict=True):
        assert one.verdict.after.index == other.verdict.after.index
        assert np.mean(one.image != other.image) < 0.01


def test_a_cpus_passes_are_small_whatever_the_batch(protector: pp.Protector) -> None:
    photos = [scene(120 + 16 * i, 150, i) for i in range(6)]
    base = 4 * -(-threads() // 4)  # fills passes, and every thread where photos have threads of their own
    few, many = (list(protector.stream(photos, batch=batch)) for batch in (base, 4 * base))
    for one, other in zip(few, many, strict=True):
        np.testing.assert_array_equal(one.image, other.image)


def test_sources_of_every_kind_give_one_result(protector: pp.Protector, folder: Path) -> None:
    path = folder / "wide.png"
    image = Image.open(path)
    sources = [path, str(path), path.read_bytes(), image, np.asarray(image)]
    images = [protector.protect(source).image for source in sources]
    for other in images[1:]:
        np.testing.assert_array_equal(images[0], other)


@pytest.mark.parametrize(
    "source", [np.zeros((4, 4)), np.zeros((4, 4, 3), np.float32), 7, np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_photo_is_refused(protector: pp.Protector, source: object) -> None:
    with pytest.raises(PhotoError, match=r"expected|cannot read"):
        protector.protect(source)


def test_originals_and_arguments_are_not_written_to(protector: pp.Protector, folder: Path) -> None:
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    photo = scene(90, 130, 5)
    kept = photo.copy()
    photo.flags.writeable = False
    list(protector.stream([*sorted(folder.iterdir()), photo], encode=True))
    np.testing.assert_array_equal(photo, kept)
    assert {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before


def test_save_verifies_the_file_and_spares_the_original(protector: pp.Protector, folder: Path, tmp_path: Path) -> None:
    result = protector.protect(folder / "tall.jpg")
    assert result.verdict.measured_on == "pixels"
    assert result.save(tmp_path / "x.jpg") is result
    assert result.verdict.measured_on == "file"
    assert (tmp_path / "x.jpg").read_bytes() == result.encoded
    with pytest.raises(UsageError, match="never overwritten"):
        result.save(folder / "tall.jpg")
    with pytest.raises(UsageError, match="suffix"):
        result.save(tmp_path / "x.docx")


def test_a_saved_file_is_open_to_no_more_people_than_its_source(protector: pp.Protector, tmp_path: Path) -> None:
    source, saved = tmp_path / "source.png", tmp_path / "saved.png"
    source.write_bytes(encoded(scene(40, 40)))
    before = os.umask(0o022)
    try:
        for mode in (0o600, 0o664):
            source.chmod(mode)
            protector.protect(source).save(saved)
            assert oct(saved.stat().st_mode & 0o777) == oct(mode & 0o644)
        protector.protect(source.read_bytes()).save(saved)
        assert oct(saved.stat().st_mode & 0o777) == oct(0o644), "pixels in memory have no source: the umask decides"
    finally:
        os.umask(before)


def test_a_save_that_fails_writes_nothing(protector: pp.Protector, tmp_path: Path) -> None:
    result = protector.protect(Image.fromarray(np.dstack([scene(60, 70), scene(60, 70)[..., :1]]), "RGBA"))
    result.save(tmp_path / "x.png")
    with pytest.raises(UsageError, match="transparency"):
        result.save(tmp_path / "x.jpg")
    assert not (tmp_path / "x.jpg").exists()


def test_known_labels_are_fled_too(protector: pp.Protector) -> None:
    photo = scene(224, 224, 8)
    top = protector.protect(photo).verdict.before.index
    other = (top + 1) % 1000
    (result,) = protector.stream([photo], labels=[[other]])
    assert result.verdict.after.index not in (top, other)


def test_an_enhancement_alone_is_honest(store_folder: Path) -> None:
    result = pp.protect(scene(100, 100, 4), "identity", models=store_folder, device="cpu")
    assert (result.status, result.verdict.linf) == ("unprotected", 0)
    assert "still says" in result.reason


def test_several_classifiers_must_all_be_fooled(places_store: Path) -> None:
    names = ("efficientnet_lite0", "squeezenet_places365")
    result = pp.protect(scene(256, 256, 6), "least_likely", classifier=names, models=places_store, device="cpu")
    record = result.record()
    assert record["classifier"] == "efficientnet_lite0,squeezenet_places365"
    assert [other["classifier"] for other in record["others"]] == ["squeezenet_places365"]
    fooled = [j.before.index != j.after.index for j in result.verdict.judgements]
    assert result.verdict.protected == all(fooled)
    assert all(fooled)


@dataclass(frozen=True)
class Sabotage:
    """An enhancement with a bug that one photo in the batch meets."""

    def __call__(self, image: np.ndarray) -> np.ndarray:
        if image.shape[0] == 77:
            raise RuntimeError("a bug")
        return image


def test_a_bug_in_one_photos_path_stays_there(store_folder: Path) -> None:
    from pixelpriv_fast.attacks import FGSM

    protector = pp.Protector(pp.Recipe(Sabotage(), FGSM()), models=store_folder, device="cpu")
    results = list(protector.stream([scene(77, 80), scene(78, 80)]))
    assert results[0].status == "failed"
    assert "RuntimeError: a bug" in results[0].reason
    assert results[1].status in ("protected", "unprotected")


@dataclass(frozen=True)
class Fragile(LatticeAttack):
    """An attack whose whole batch fails when one photo in it does."""

    def plan(self) -> Descent:
        return PGD().plan()

    def run(self, photos: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        if any(photo.shape[0] == 77 for photo in photos):
            raise MemoryError("too large")
        return LeastLikely().run(photos, task)

    def stronger(self) -> LatticeAttack:
        return self


def test_a_failing_batch_is_taken_one_by_one(store_folder: Path) -> None:
    protector = pp.Protector(pp.Recipe(attack=Fragile()), models=store_folder, device="cpu", metrics=())
    results = list(protector.stream([scene(78, 80), scene(77, 80), scene(79, 80)], encode=True))
    assert [r.status for r in results] == ["protected", "failed", "protected"]
    assert "MemoryError: too large" in results[1].reason


def test_results_are_freed_without_the_garbage_collector(protector: pp.Protector) -> None:
    import gc
    import weakref

    gc.disable()
    try:
        result = protector.protect(scene(64, 64))
        kept = weakref.ref(result.image)
        del result
        assert kept() is None, "a cycle keeps photos alive"
    finally:
        gc.enable()


@dataclass(frozen=True)
class Timid(LatticeAttack):
    """An attack that does nothing until it is asked for a stronger one: what a file that undid it looks like."""

    courage: int = 1  #: how many times ``stronger`` still answers with a timid one

    def plan(self) -> Descent:
        return PGD().plan()

    def run(self, photos: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        return [AttackOutcome(photo, 0, 0, False) for photo in photos]

    def stronger(self) -> LatticeAttack:
        return LeastLikely() if self.courage else self


@pytest.mark.parametrize(
    ("courage", "encoding", "retry", "attempts", "status"),
    [
        (1, pp.EncodeOptions(format="jpeg"), True, 2, "protected"),
        (1, pp.EncodeOptions(format="png"), True, 2, "protected"),
        (1, pp.EncodeOptions(format="jpeg"), False, 1, "unprotected"),
        (0, pp.EncodeOptions(format="jpeg"), True, 4, "unprotected"),  # two higher qualities were tried
        (0, pp.EncodeOptions(format="jpeg", quality=90), True, 2, "unprotected"),  # the user's quality is kept
        (0, pp.EncodeOptions(format="png"), True, 2, "unprotected"),  # a lossless file gains nothing from quality
    ],
)
def test_a_file_that_is_not_protected_goes_up_the_ladder(
    store_folder: Path, courage: int, encoding: pp.EncodeOptions, retry: bool, attempts: int, status: str
) -> None:
    recipe = pp.Recipe(attack=Timid(courage))
    protector = pp.Protector(recipe, models=store_folder, device="cpu", encoding=encoding, retry=retry, metrics=())
    (result,) = protector.stream([scene(224, 224, 4)], encode=True)
    assert (result.attempts, result.status) == (attempts, status)


def test_a_notebook_shows_before_and_after(protector: pp.Protector, folder: Path) -> None:
    result = protector.protect(folder / "wide.png")
    shown = result._repr_html_()
    assert shown.count("data:image/png;base64,") == 2
    assert result.verdict.before.label in shown
    assert "http" not in shown, "nothing from elsewhere"
    (failed,) = protector.stream([folder / "<b>.png"])
    assert "&lt;b&gt;" in failed._repr_html_()


def test_wrong_words_are_named(store_folder: Path) -> None:
    for arguments, message in [
        ({"recipe": "contrats+pgd"}, "contrats"),
        ({"recipe": "pgd", "metrics": ("pnsr",)}, "did you mean 'psnr'"),
        ({"recipe": "pgd", "encoding": pp.EncodeOptions(quality=0)}, "quality 0"),
        ({"recipe": "pgd", "classifier": ()}, "no classifier"),
    ]:
        with pytest.raises(UsageError, match=message):
            pp.Protector(**arguments, models=store_folder)
