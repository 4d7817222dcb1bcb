from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from pixelpriv_fast.errors import DeviceError, ModelError, UsageError
from pixelpriv_fast.logits import softmax
from pixelpriv_fast.models import Classifier, load_classifier, read_stamped
from pixelpriv_fast.models.stamped.file import add_stamp
from pixelpriv_fast.runtime import create_session
from tests.models.stamped.test_file import STAMP, plain


def tiny(device: str = "onnxruntime") -> Classifier:
    model = read_stamped(add_stamp(plain(), STAMP), "tiny")
    return Classifier(model, create_session(model.data, device))


def photos(n: int, size: tuple[int, int] = (9, 7)) -> list[np.ndarray]:
    return list(np.random.default_rng(n).integers(0, 256, (n, *size, 3), np.uint8))


@pytest.mark.parametrize("n", [1, 2, 16, 17, 40])
def test_any_number_of_photos_of_any_size(n: int) -> None:
    classifier = tiny()
    mixed = [*photos(n - 1), *photos(1, (31, 5))]
    logits = classifier(mixed)
    assert logits.shape == (n, 2)
    assert logits.dtype == np.float32
    assert np.allclose(logits, np.concatenate([classifier([photo]) for photo in mixed]), atol=1e-5)


def test_an_array_of_photos_and_none_at_all() -> None:
    classifier = tiny()
    assert np.array_equal(classifier(np.stack(photos(3))), classifier(photos(3)))
    assert classifier([]).shape == (0, 2)
    assert classifier.predictions(classifier([])) == []


def test_what_it_says_of_itself() -> None:
    classifier = tiny()
    assert (classifier.name, classifier.classes, classifier.labels) == ("tiny", 2, STAMP.labels)
    assert classifier.preprocess == STAMP.preprocess
    assert classifier.stamp == STAMP
    assert classifier.device == "cpu (ONNX Runtime)"


def test_predictions_are_the_softmax_in_order() -> None:
    (made,) = tiny().predictions(np.array([[1.0, 3.0]], np.float32))
    assert (made.index, made.label) == (1, "beta/outdoor")
    assert made.probability == pytest.approx(1 / (1 + np.exp(-2.0)), rel=1e-12)
    assert [label for label, _ in made.top5] == ["beta/outdoor", "naïve"]
    assert sum(p for _, p in made.top5) == pytest.approx(1.0, rel=1e-12)


def test_softmax_of_large_and_equal_logits() -> None:
    assert softmax(np.array([[1e4, -1e4, 1e4]], np.float32)).tolist() == [[0.5, 0.0, 0.5]]
    (tie,) = tiny().predictions(np.array([[2.0, 2.0]], np.float32))
    assert tie.index == 0


@pytest.mark.parametrize(
    "photo",
    [np.zeros((4, 4, 3), np.float32), np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8)],
)
def test_what_is_no_photo(photo: np.ndarray) -> None:
    with pytest.raises(UsageError, match=r"photo is .*; expected uint8 of shape \(height, width, 3\)"):
        tiny()([photo])


@pytest.mark.parametrize("device", ["onnxruntime", "openvino"])
def test_threads_share_one_classifier(device: str) -> None:
    if device == "openvino":
        pytest.importorskip("openvino")
    classifier = tiny(device)
    batches = [photos(n) for n in range(1, 9)]
    expected = [classifier(batch) for batch in batches]
    wrong: list[int] = []

    def work(index: int) -> None:
        for _ in range(20):
            if not np.array_equal(classifier(batches[index]), expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_load_classifier_takes_a_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.onnx"
    path.write_bytes(add_stamp(plain(), STAMP))
    assert load_classifier(str(path), device="onnxruntime").name == "tiny"


def test_load_classifier_refuses_unknown_words(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown model 'vgg'"):
        load_classifier("vgg", tmp_path)
    path = tmp_path / "mine.onnx"
    path.write_bytes(add_stamp(plain(), STAMP))
    with pytest.raises(UsageError, match="unknown device 'gpu'"):
        load_classifier(str(path), device="gpu")


def test_another_kind_or_another_number_of_classes() -> None:
    import dataclasses

    for change, message in (
        ({"kind": "scorer"}, "is a scorer, not a classifier"),
        ({"labels": ("a", "b", "c")}, r"not \(photos, 3\)"),
    ):
        model = read_stamped(add_stamp(plain(), dataclasses.replace(STAMP, **change)), "tiny")  # type: ignore[arg-type]
        with pytest.raises(ModelError, match=message):
            Classifier(model, create_session(model.data, "onnxruntime"))


def test_a_closed_session_says_so() -> None:
    classifier = tiny()
    classifier.session.close()
    with pytest.raises(DeviceError, match="closed"):
        classifier(photos(1))
