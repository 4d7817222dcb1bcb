"""Rough answers beside gradients: made for attacks that ask, told in the settings, and freed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import AttackTask, Robust
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.errors import DeviceError, UsageError
from pixelpriv_fast.runtime import precisions
from tests.archive.tiny import SIDE, tiny_classifier, tiny_protector
from tests.scenes import scene


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if "bf16" not in precisions("openvino"):
        pytest.skip("this processor computes no 16 bits")
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


def protector(classifier: Path, recipe: str = "robust", **options: Any) -> pp.Protector:
    return tiny_protector(classifier, recipe, engine="onnx", **{"precision": "bf16", "survival": False} | options)


def test_the_panel_is_asked_roughly_and_settings_tell(classifier: Path) -> None:
    with protector(classifier) as robust:
        (ranker,) = robust.networks().rankers
        asked: list[int] = []
        robust_logits = ranker.logits
        ranker.logits = lambda inputs, batch=None: asked.append(len(inputs)) or robust_logits(inputs, batch)  # type: ignore[method-assign,func-returns-value]
        assert robust.settings()["rough_precision"] == ["bf16"]
        assert robust.protect(scene(40, 50)).error is None
        assert asked


@pytest.mark.parametrize(("recipe", "precision"), [("robust", "fp32"), ("least_likely", "bf16"), ("euclidean", "auto")])
def test_nothing_changes_where_none_is_asked_or_faster(classifier: Path, recipe: str, precision: str) -> None:
    with protector(classifier, recipe, precision=precision) as plain:
        assert plain.networks().rankers == ()
        assert "rough_precision" not in plain.settings()


def test_a_photos_result_is_the_same_in_any_batch(classifier: Path) -> None:
    photos = [scene(40 + i, 50, i) for i in range(5)]
    with protector(classifier) as robust:
        together = [result.image for result in robust.stream(photos, batch=4)]
        alone = [robust.protect(photo).image for photo in photos]
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one, other)


def test_closing_frees_what_answers_roughly(classifier: Path) -> None:
    robust = protector(classifier)
    (ranker,) = robust.networks().rankers
    robust.close()
    with pytest.raises(DeviceError, match="closed"):
        ranker.logits(np.zeros((1, 3, SIDE, SIDE), np.float32))


def test_a_ranker_for_each_victim_or_none(classifier: Path) -> None:
    with protector(classifier) as robust:
        (ranker,) = robust.networks().rankers
        victim = load_engine(str(classifier), device="cpu")
        task = AttackTask((victim,), (((0,),),), [0], rankers=(ranker, ranker))
        with pytest.raises(UsageError, match="2 rankers for 1 classifiers"):
            Robust().run([scene(40, 50)], task)
        victim.close()
