"""What results survive: measured on what is handed out, never mixed into the status unless that is asked."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import LeastLikely
from pixelpriv_fast.channels.readings import PanelReader
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.errors import PhotoError, UsageError
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.protection.deadline import Abandoned
from pixelpriv_fast.protection.work import Work
from tests.archive.tiny import tiny_classifier, tiny_protector
from tests.scenes import encoded, scene


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def plainly(classifier: Path, original: np.ndarray, result: np.ndarray) -> tuple[list[str], list[str]]:
    """Treatment by treatment, the names of those that failed and of those that say nothing."""
    network = load_classifier(str(classifier), device="cpu")
    top = int(network([original], 1)[0].argmax())
    failed, unread = [], []
    for treatment in SHARING.treatments:
        before, after = (
            int(network([treated], 1)[0].argmax()) == top
            for photo in (original, result)
            if (treated := treatment.treated(photo)) is not None
        )
        if not before:
            unread.append(treatment.name)
        elif after:
            failed.append(treatment.name)
    return failed, unread


@pytest.mark.parametrize("encode", [False, True])
def test_a_result_says_what_it_survives(classifier: Path, encode: bool) -> None:
    photos = [scene(40 + 3 * i, 52, i) for i in range(6)]
    protector = tiny_protector(classifier, survival=True)
    found = list(protector.stream(photos, batch=4, encode=encode))
    for photo, result in zip(photos, found, strict=True):
        survival = result.survival
        assert survival is not None
        assert (list(survival.failed), list(survival.unread)) == plainly(classifier, photo, result.image)
        assert (survival.panel, survival.of, survival.not_applied) == ("sharing", 12, ())
        assert survival.passed == 12 - len(survival.failed)
        assert result.status == "protected"
        kept = {k: list(v) if isinstance(v, tuple) else v for k, v in asdict(survival).items()}
        assert result.record()["survival"] == kept
        assert result.survival == pp.survive(result.image, photo, str(classifier), device="cpu")
    assert any(not r.survival.complete for r in found if r.survival), "or nothing was shown"


def test_it_is_measured_where_it_is_asked_or_worked_for(classifier: Path) -> None:
    assert tiny_protector(classifier).protect(scene(40, 50)).survival is None
    assert tiny_protector(classifier).protect(scene(40, 50)).record()["survival"] is None

    @dataclass(frozen=True, slots=True)
    class Lasting(LeastLikely):
        survives: ClassVar[bool] = True

    recipe = pp.Recipe(attack=Lasting())
    for options, asked in (({}, True), ({"survival": False}, False)):
        steps = [step.name for step in tiny_protector(classifier, recipe, **options).steps(1)]
        assert ("survive" in steps) is asked
        assert not asked or steps.index("verify") < steps.index("survive") < steps.index("measure")


def test_what_must_survive_and_does_not_is_unprotected(classifier: Path) -> None:
    photos = [scene(40 + 3 * i, 52, i) for i in range(6)]
    (plain, required) = (
        list(tiny_protector(classifier, survival=True, **more).stream(photos, encode=True))
        for more in ({}, {"require_survival": True})
    )
    assert {result.status for result in plain} == {"protected"}
    assert {result.status for result in required} == {"protected", "unprotected"}
    for one, other in zip(plain, required, strict=True):
        assert one.survival == other.survival
        assert one.encoded == other.encoded, "measuring changes no file"
        assert other.verdict.protected, "the verdict is the file's"
        assert (other.status == "protected") == (one.survival is not None and one.survival.complete)
        assert not other.reason or other.reason == f"read again after {', '.join(other.survival.failed)}"  # type: ignore[union-attr]


def test_settings_name_what_is_required_and_not_what_is_measured(classifier: Path) -> None:
    plain, measured, required = (
        tiny_protector(classifier, **more).settings() for more in ({}, {"survival": True}, {"require_survival": True})
    )
    assert plain == measured
    assert required == plain | {"require_survival": "sharing"}


def test_saving_in_another_format_measures_that_file(classifier: Path, tmp_path: Path) -> None:
    photo = scene(64, 64, 3)
    result = tiny_protector(classifier, survival=True).protect(photo)
    result.save(tmp_path / "x.jpg")
    assert result.survival == pp.survive(tmp_path / "x.jpg", photo, str(classifier), device="cpu")
    assert result.survival is not None
    assert result.survival.of == 12


def test_known_labels_must_not_be_read_either(classifier: Path) -> None:
    photo, result = scene(50, 50, 1), scene(50, 50, 2)
    alone = pp.survive(result, photo, str(classifier), device="cpu")
    shown = int(load_classifier(str(classifier), device="cpu")([result])[0].argmax())
    labelled = pp.survive(result, photo, str(classifier), label=shown, device="cpu")
    assert "file" not in alone.failed
    assert "file" in labelled.failed


def test_a_photo_with_transparency_is_asked_over_both_backgrounds(classifier: Path) -> None:
    pixels = np.dstack([scene(48, 48, 5), np.full((48, 48), 160, np.uint8)])
    source = encoded(pixels)
    (result,) = tiny_protector(classifier, survival=True).stream([source], encode=True)
    assert result.survival is not None
    assert result.survival == pp.survive(result.encoded, source, str(classifier), device="cpu")
    assert "file" not in result.survival.failed
    white = pp.survive(result.encoded, scene(48, 48, 5), str(classifier), device="cpu")
    assert white.of == 12, "one of the two may be opaque"


@pytest.mark.parametrize(
    "photo",
    [
        scene(1, 1),
        scene(1, 16),
        scene(16, 16),
        scene(2, 300),
        np.repeat(scene(40, 40)[..., :1], 3, axis=2),
        np.full((50, 60, 3), 128, np.uint8),
        np.zeros((30, 30, 3), np.uint8),
    ],
    ids=lambda photo: "x".join(map(str, photo.shape[:2])),
)
def test_odd_photos_get_an_honest_answer(classifier: Path, photo: np.ndarray) -> None:
    (result,) = tiny_protector(classifier, survival=True).stream([encoded(photo)], encode=True)
    assert result.error is None
    assert result.survival is not None
    assert result.survival.of == 12
    assert result.status in ("protected", "unprotected")
    assert ("file" in result.survival.failed) == (result.status == "unprotected")


def test_what_webp_cannot_hold_is_not_applied(classifier: Path) -> None:
    (result,) = tiny_protector(classifier, survival=True).stream([scene(20, 17000)])
    assert result.survival is not None
    assert result.survival.not_applied == ("webp 80",)
    assert result.survival.of == 11


def test_a_failed_photo_has_no_survival(classifier: Path) -> None:
    (result,) = tiny_protector(classifier, survival=True).stream([b"no photo"])
    assert result.record()["survival"] is None
    with pytest.raises(PhotoError):
        _ = result.survival


def test_sources_of_every_kind(classifier: Path, tmp_path: Path) -> None:
    photo, result = scene(50, 60, 1), scene(50, 60, 2)
    (tmp_path / "a.png").write_bytes(encoded(photo))
    sources = (photo, tmp_path / "a.png", str(tmp_path / "a.png"), encoded(photo), Image.fromarray(photo))
    found = {pp.survive(result, source, [str(classifier)], device="cpu") for source in sources}
    assert len(found) == 1


def test_mistakes_are_named_before_work_starts(classifier: Path) -> None:
    with pytest.raises(UsageError, match="unknown panel 'sharring'; did you mean 'sharing'"):
        tiny_protector(classifier, panel="sharring")
    with pytest.raises(UsageError, match="unknown panel"):
        pp.survive(scene(8, 8), scene(8, 8), str(classifier), panel="nothing")
    with pytest.raises(UsageError, match="survival is required and is not to be measured"):
        tiny_protector(classifier, survival=False, require_survival=True)
    with pytest.raises(PhotoError):
        pp.survive(b"no photo", scene(8, 8), str(classifier), device="cpu")


def test_nobody_waits_for_a_panel_once_results_are_not_wanted(classifier: Path) -> None:
    protector = tiny_protector(classifier, survival=True)
    (step,) = [step for step in protector.steps(1) if step.name == "survive"]
    works = [Work(f"photo {number}", None) for number in range(3)]
    works[0].deadline.cancelled.set()
    with pytest.raises(Abandoned):
        step.run(works)


def test_pixels_are_let_go_with_the_rest() -> None:
    from pixelpriv_fast.channels.readings import PanelReadings

    work = Work("photo", None)
    work.readings = PanelReadings(scene(8, 8), ((0,),))
    work.drop_pixels()
    assert not hasattr(work, "readings")


def test_a_file_that_was_judged_is_not_read_again(classifier: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, treat = list[str](), PanelReader._inputs

    def noted(self, treatment, pictures):
        made.append(treatment.name)
        return treat(self, treatment, pictures)

    monkeypatch.setattr(PanelReader, "_inputs", noted)
    (result,) = tiny_protector(classifier, survival=True).stream([scene(40, 52)])
    assert result.survival.of == 12
    assert sorted(made) == sorted(2 * [treatment.name for treatment in SHARING.treatments[1:]])
