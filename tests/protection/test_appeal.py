"""Attacks that also raise a photo's rating: the network that they need is loaded, told and missed in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.attacks import Attack, AttackOutcome, AttackTask
from pixelpriv_fast.attacks.cascade import Cascade
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.errors import DeviceError, ModelError, UsageError
from pixelpriv_fast.models import Store
from pixelpriv_fast.registry import METRICS
from tests.archive.tiny import tiny_classifier, tiny_protector
from tests.scenes import scene


@dataclass(frozen=True)
class Liked(Attack):
    """One step of four levels along the rating's gradient."""

    appeal: float = 1.0

    @property
    def budget(self) -> int:
        return 4

    @property
    def wants_appeal(self) -> bool:
        return self.appeal > 0

    def stronger(self) -> Attack | None:
        return None

    def _attack(self, starts: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        if task.scorer is None:
            return [AttackOutcome(start, 0, 0, None) for start in starts]
        photos = []
        for start in starts:
            reading = task.scorer.preprocess.for_size(*start.shape[:2])
            inputs = reading.exact(start, np.zeros(start.shape, np.int8))
            direction = np.zeros(start.shape, np.float32)
            reading.adjoint(task.scorer.gradient(inputs[None], task.batch)[1][0], direction)
            photos.append(np.clip(start + 4 * np.sign(direction), 0, 255).astype(np.uint8))
        return [AttackOutcome(photo, 4, 1, None) for photo in photos]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def protector(classifier: Path, attack: Attack, models: Path, **options: Any) -> pp.Protector:
    return tiny_protector(classifier, pp.Recipe(attack=attack), models=models, **options)


def test_the_attack_gets_a_scorer_and_raises_the_rating(classifier: Path, nima_store: Path) -> None:
    photo = scene(90, 120, 2)
    with protector(classifier, Liked(), nima_store) as liking:
        (result,) = liking.stream([photo])
        assert "appeal on onnx" in liking.device
        assert liking.repeatable
    nima = pp.metrics.NIMA(models=nima_store, device="cpu")
    assert nima(result.image) > nima(photo) + 0.02


def test_records_tell_what_a_service_leaves_of_the_rating(classifier: Path, nima_store: Path) -> None:
    measured = {
        appeal: protector(classifier, Liked(appeal), nima_store, metrics=None)
        .protect(scene(90, 120, 2))
        .verdict.metrics
        for appeal in (0.0, 1.0)
    }
    assert measured[0.0].keys() == measured[1.0].keys() == set(METRICS)
    assert measured[0.0]["nima_shared"] is None
    assert 1 <= (measured[1.0]["nima_shared"] or 0) <= 10
    assert measured[1.0]["nima_technical"] is None, "it is not in the store"


def test_a_metric_that_cannot_rate_a_photo_fails_no_photo(classifier: Path, nima_store: Path) -> None:
    with protector(classifier, Liked(), nima_store, metrics=("psnr", "nima_shared")) as liking:
        result = liking.protect(np.zeros((1, 70000, 3), np.uint8))  # wider than a JPEG
    assert result.verdict.metrics["nima_shared"] is None
    assert result.verdict.metrics["psnr"] is not None


def test_no_scorer_is_loaded_unless_an_attack_asks(classifier: Path, tmp_path: Path) -> None:
    with protector(classifier, Liked(appeal=0), tmp_path) as plain:
        (result,) = plain.stream([scene(40, 50)])
        assert plain.networks().scorer is None
        assert "appeal" not in plain.device
        assert list(plain.settings()["models"]) == ["tiny"]
    assert result.error is None


def test_settings_tell_the_scorer(classifier: Path, nima_store: Path) -> None:
    with protector(classifier, Liked(), nima_store) as liking:
        settings = liking.settings()
    sha256 = Store(nima_store, environment={}).load("nima_mobilenet").sha256
    assert settings["models"]["nima_mobilenet"] == sha256
    assert len(settings["precision"]) == 2


def test_a_missing_scorer_is_an_error_before_any_work(classifier: Path, tmp_path: Path) -> None:
    liking = protector(classifier, Liked(), tmp_path)
    wanted = r"appeal needs a network that rates photos: .*nima_mobilenet is not in the store.*pixelpriv models import"
    with pytest.raises(ModelError, match=wanted) as error, open_job(liking, tmp_path / "out", batch=2):
        pass
    assert error.value.exit_code == 4
    assert not (tmp_path / "out").exists()


def test_closing_frees_the_scorer(classifier: Path, nima_store: Path) -> None:
    liking = protector(classifier, Liked(), nima_store)
    scorer = liking.networks().scorer
    assert scorer is not None
    liking.close()
    with pytest.raises(DeviceError, match="closed"):
        scorer.gradient(np.zeros((1, 3, *scorer.preprocess.size), np.float32), 1)


def test_a_task_without_a_scorer_is_refused(classifier: Path) -> None:
    victim = load_engine(str(classifier), device="cpu")
    photo = scene(40, 50)
    task = AttackTask((victim,), (((0,),),), [0])
    for attack in (Liked(), Cascade((Liked(appeal=0), Liked()))):
        assert attack.wants_appeal
        with pytest.raises(UsageError, match=r"give the task a scorer, as load_score_engine\(\) makes it"):
            attack.run([photo], task)


def test_an_attack_by_itself_finds_its_scorer(
    classifier: Path, nima_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIXELPRIV_MODELS", str(nima_store))
    photo, victim = scene(40, 50), load_engine(str(classifier), device="cpu")
    assert (Liked()(photo, victim) != photo).any()
    np.testing.assert_array_equal(Liked(appeal=0)(photo, victim), photo)
