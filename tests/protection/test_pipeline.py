"""The pipeline is what its tuple says: steps run in its order, at the places it names, and steps of others fit in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.errors import ModelError, PhotoError
from pixelpriv_fast.protection.protector import Protector
from pixelpriv_fast.protection.step_kinds import Alone, Aside, Together, Where
from pixelpriv_fast.protection.work import Work
from tests.archive.tiny import tiny_classifier, tiny_protector
from tests.scenes import scene


@pytest.fixture(scope="module")
def protector(tmp_path_factory: pytest.TempPathFactory) -> Protector:
    return tiny_protector(tiny_classifier(tmp_path_factory.mktemp("classifier")))


def test_steps_are_listed_in_the_order_of_their_places(protector: Protector, tmp_path: Path) -> None:
    order = {where: number for number, where in enumerate(get_args(Where))}
    with open_job(protector, tmp_path / "out", report=True) as job:
        for steps in (protector.steps(4), protector.steps(4, encode=False), job.steps):
            places = [order[step.where] for step in steps]
            assert places == sorted(places)


def test_an_archives_list_is_the_protectors_with_its_own_steps(protector: Protector, tmp_path: Path) -> None:
    with open_job(protector, tmp_path / "out", report=True) as job:
        listed = [step.name for step in job.steps]
    own = [name for name in listed if name not in {step.name for step in protector.steps(16)}]
    assert own == ["ask", "take", "drop_pixels", "write"]
    assert [name for name in listed if name not in own] == [step.name for step in protector.steps(16)]
    assert listed.index("ask") < listed.index("decode_source"), "what is done is not decoded"


def test_what_is_listed_is_what_runs(protector: Protector) -> None:
    """Every step is told by a step of the test's own behind it; one that is left out is missed by the next."""
    seen: list[str] = []

    def spied(name: str, where: Where) -> Aside[Work]:
        return Aside(where, lambda works: seen.append(name))

    steps = [one for step in protector.steps(2) for one in (step, spied(step.name, step.where))]
    (work,) = protector.run([Work("photo", scene(40, 50))], steps, 2)
    assert seen == [step.name for step in protector.steps(2)]
    assert work.status == "protected"
    without = [step for step in protector.steps(2) if step.name != "decode_source"]
    (work,) = protector.run([Work("photo", scene(40, 50))], without, 2)
    assert work.status == "failed"
    assert "AttributeError" in work.reason


def works(count: int) -> list[Work]:
    return [Work(f"photo {number}", None) for number in range(count)]


def test_a_batch_that_fails_is_taken_one_by_one() -> None:
    calls: list[list[str]] = []

    def classify(batch: Sequence[Work]) -> None:
        calls.append([work.name[-1] for work in batch])
        if any(work.name.endswith("1") for work in batch):
            raise ValueError("a bug")

    photos = works(4)
    photos[3].skipped = "known"
    Together("together", classify).run(photos)
    assert calls == [["0", "1", "2"], ["0"], ["1"], ["2"]]
    assert [work.error is None for work in photos] == [True, False, True, True]
    assert isinstance(photos[1].error, PhotoError)
    assert str(photos[1].error) == "photo 1: ValueError: a bug"


def test_what_no_photo_could_survive_is_passed_on() -> None:
    def gone(_: Work) -> None:
        raise ModelError("no network")

    with pytest.raises(ModelError):
        Alone("ahead", gone).run(works(2))


def test_what_a_metric_cannot_rate_is_null_and_fails_no_photo(tmp_path: Path) -> None:
    protector = tiny_protector(tiny_classifier(tmp_path), metrics=["ssim", "ssimulacra2"])
    narrow, wide = protector.stream([scene(7, 40), scene(40, 50)])
    assert narrow.status == wide.status == "protected"
    assert narrow.verdict.metrics["ssimulacra2"] is None
    assert narrow.verdict.metrics["ssim"] < 1
    assert wide.verdict.metrics["ssimulacra2"] < 100


def test_a_result_shares_the_works_pixels(protector: Protector) -> None:
    (result,) = protector.stream([scene(40, 50)])
    assert result.image is result.image
    assert result.image is result._work.pixels
    with pytest.raises(AttributeError):
        result.status = "failed"  # type: ignore[misc]
    assert isinstance(result.image, np.ndarray)
