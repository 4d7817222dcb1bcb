"""One line says how a user's network reads photos."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.models.cards import EFFICIENTNET_LITE0, RESNET50_PLACES365, SQUEEZENET_PLACES365
from pixelpriv_fast.models.importing.label_file import read_class_names
from pixelpriv_fast.models.importing.preprocess_spec import preprocess_of
from pixelpriv_fast.models.preprocess import Preprocess
from pixelpriv_fast.words import PREPROCESS_EXAMPLE


@pytest.mark.parametrize(
    ("text", "card"),
    [
        ("squash=256,scale=imagenet", RESNET50_PLACES365),
        ("bgr, squash=256, crop=224, bilinear, scale=unit", SQUEEZENET_PLACES365),
        ("rgb,short=256,crop=224,bicubic,mean=127,std=128", EFFICIENTNET_LITE0),
    ],
)
def test_the_cards_in_one_line_each(text: str, card: object) -> None:
    assert preprocess_of(text) == card.preprocess  # type: ignore[attr-defined]


def test_orders_and_sizes() -> None:
    found = preprocess_of("bgr,crop=10x20,scale=imagenet")
    assert (found.size, found.resize, found.order) == ((10, 20), "none", "BGR")
    assert found.mean == preprocess_of("crop=10,scale=imagenet").mean[::-1], "the numbers follow the channels"
    assert preprocess_of("crop=9,mean=104/117/123").std == (1.0, 1.0, 1.0)
    assert isinstance(preprocess_of(PREPROCESS_EXAMPLE), Preprocess)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rgb,sqash=256", "did you mean 'squash'"),
        ("rbg,squash=9,scale=raw", "did you mean 'rgb'"),
        ("squash=256,short=256,scale=raw", "exclude each other"),
        ("short=256,scale=raw", "needs crop"),
        ("scale=raw", "input size is missing"),
        ("squash=256", "how grey levels become numbers"),
        ("squash=256,scale=raw,mean=1", "stands in place"),
        ("squash=256,scale=imagnet", "did you mean 'imagenet'"),
        ("squash=big,scale=raw", "'big' is not a size"),
        ("squash=256,mean=1/2", "not one number or three"),
        ("squash=256,std=0", "must be positive"),
        ("rgb,bgr,squash=9,scale=raw", "only one of"),
        ("squash=9,squash=8,scale=raw", "squash is given twice"),
        ("squash=100,crop=224,scale=raw", "smaller than its crop"),
        ("", "input size is missing"),
    ],
)
def test_what_cannot_be_read_is_named(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        preprocess_of(text)


@pytest.mark.parametrize(
    "text",
    [
        "beach\nforest path\nkitchen\n",
        "\ufeffbeach\r\nforest path\r\nkitchen",
        "beach 0\nforest path 1\nkitchen 2\n",
        "2 kitchen\n0 beach\n1 forest path\n",
        '["beach", "forest path", "kitchen"]',
        '{"0": "beach", "2": "kitchen", "1": ["n01", "forest path"]}',
    ],
)
def test_class_names_in_every_form(tmp_path: Path, text: str) -> None:
    file = tmp_path / "labels"
    file.write_text(text, encoding="utf-8", newline="")
    assert read_class_names(file) == ("beach", "forest path", "kitchen")


@pytest.mark.parametrize("text", ["", "one\n", "a\n\nb\n", '{"0": "a", "2": "b"}', "[1, 2]", '{"x": "a"}'])
def test_class_names_that_leave_a_class_out(tmp_path: Path, text: str) -> None:
    file = tmp_path / "labels"
    file.write_text(text)
    with pytest.raises(UsageError, match="labels"):
        read_class_names(file)
    with pytest.raises(UsageError, match="cannot be read"):
        read_class_names(tmp_path / "none")
