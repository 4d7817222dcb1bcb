"""Recipes of several attacks through the whole pipeline: records, retries, journals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.attacks import Attack, AttackOutcome, AttackTask
from tests.archive.tiny import fill, tiny_classifier, tiny_protector
from tests.scenes import scene

WORD = "fgsm(epsilon=1/255)+pgd(epsilon=12/255,steps=20)"


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def test_a_photo_bears_the_first_attack_that_fools_it(classifier: Path) -> None:
    photos = [scene(40 + i, 50, i) for i in range(6)]
    first, second, both = (
        list(tiny_protector(classifier, word).stream(photos, batch=4))
        for word in ("fgsm(epsilon=1/255)", "pgd(epsilon=12/255,steps=20)", WORD)
    )
    assert {result.status for result in first} == {"protected", "unprotected"}, "the weak attack does for some"
    for weak, strong, result in zip(first, second, both, strict=True):
        used = weak if weak.status == "protected" else strong
        assert (result.status, result.recipe) == ("protected", WORD)
        np.testing.assert_array_equal(result.image, used.image)
        assert result.verdict.linf == used.verdict.linf
        assert result.record()["edit"] is None


def test_an_edit_is_told_apart_from_noise(classifier: Path) -> None:
    word = "euclidean(k=3,degrees=1,shift_x=0.01,shift_y=0.01)"
    protector = tiny_protector(classifier, f"{word}+pgd(epsilon=12/255,steps=20)")
    records = [result.record() for result in protector.stream([scene(40 + i, 50, i) for i in range(10)])]
    edits = [record["edit"] for record in records if record["linf"] <= 12 and record["edit"] is not None]
    assert edits, "noise on top of a rotation that did not fool"
    assert all(edit["name"] == "euclidean" and edit["linf"] > 12 for edit in edits)
    (alone,) = tiny_protector(classifier, word).stream([scene(42, 50, 2)])
    assert alone.record()["edit"] == {"name": "euclidean", "linf": alone.record()["linf"]}


@dataclass(frozen=True)
class Undone(Attack):
    """An attack that changes nothing; its stronger form is another one."""

    harder: Attack | None = None

    @property
    def budget(self) -> int:
        return 0

    def stronger(self) -> Attack | None:
        return self.harder

    def _attack(self, starts: Sequence[np.ndarray], task: AttackTask) -> list[AttackOutcome]:
        return [AttackOutcome(start, 0, 0, False if task.judged else None) for start in starts]


@pytest.mark.parametrize(
    ("attacks", "attempts", "status"),
    [
        ((Undone(pp.attacks.Euclidean()), Undone()), 2, "protected"),
        ((Undone(Undone()), Undone(pp.attacks.Euclidean())), 3, "protected"),
        ((Undone(), Undone()), 1, "unprotected"),
        ((Undone(Undone()), Undone(Undone())), 5, "unprotected"),  # two attacks, two higher qualities
    ],
)
def test_each_attack_has_a_retry_of_its_own(
    classifier: Path, attacks: tuple[Attack, ...], attempts: int, status: str
) -> None:
    protector = tiny_protector(classifier, pp.Recipe(attack=attacks), encoding=pp.EncodeOptions(format="jpeg"))
    (result,) = protector.stream([scene(48, 50, 4)], encode=True)
    assert (result.attempts, result.status) == (attempts, status)


def test_journals_know_every_attack(classifier: Path, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    fill(tmp_path / "in", 3)
    items = plan([tmp_path / "in"], tmp_path / "out")

    def statuses(word: str) -> set[str]:
        with tiny_protector(classifier, word) as protector, open_job(protector, tmp_path / "out", batch=2) as job:
            return {record["status"] for record in job.run(items)}

    assert statuses(WORD) == {"protected"}
    assert statuses(WORD) == {"skipped"}
    assert statuses("fgsm(epsilon=1/255,lift=true)+pgd(steps=20,epsilon=12/255)") == {"skipped"}, "the same recipe"
    assert statuses(f"{WORD}+euclidean") == {"protected"}
    assert statuses(WORD.replace("steps=20", "steps=21")) == {"protected"}
