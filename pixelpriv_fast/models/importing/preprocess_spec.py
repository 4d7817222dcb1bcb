"""A network's preprocessing as one line of text: what ``pixelpriv models import --preprocess`` takes.

Words and assignments, parted by commas::

    rgb,short=256,crop=224,bilinear,scale=imagenet
    bgr,squash=256,crop=227,mean=104/117/123,std=1

========================== ==========================================================================================
``rgb``, ``bgr``           order of the channels; rgb unless it is said
``short=N``                brings the short side to N
``squash=N``, ``=HxW``     brings the photo to N x N, or height H and width W, whatever its shape
``crop=N``, ``=HxW``       the network's input, cut out of the middle; without it the whole of ``squash``
``bilinear`` and so on     the filter of the resize, antialiased: bilinear (the default), bicubic, box, lanczos
``scale=WORD``             raw: 0..255; unit: 0..1; signed: -1..1; imagenet: torchvision's mean and deviation
``mean=R/G/B``, ``std=``   in grey levels, in the channels' order, or one number for all; in place of ``scale``
========================== ==========================================================================================
"""

from __future__ import annotations

from typing import Final, cast

from ...errors import UsageError, known_words, unknown_word
from ...kernels.filters import FilterName
from ...words import PREPROCESS_EXAMPLE
from ..geometry import Resize
from ..preprocess import IMAGENET_MEAN, IMAGENET_STD, Order, Preprocess

_Triple = tuple[float, float, float]
#: Word -> (mean, std) in grey levels, for channels in the order red, green, blue.
_SCALES: Final[dict[str, tuple[_Triple, _Triple]]] = {
    "raw": ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "unit": ((0.0, 0.0, 0.0), (255.0, 255.0, 255.0)),
    "signed": ((127.5, 127.5, 127.5), (127.5, 127.5, 127.5)),
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
}
_ORDERS: Final[dict[str, Order]] = {"rgb": "RGB", "bgr": "BGR"}
_KEYS: Final = ("short", "squash", "crop", "scale", "mean", "std")


def preprocess_of(text: str) -> Preprocess:
    """Read a line of preprocessing.

    Parameters
    ----------
    text : str
        The line, see the module.

    Returns
    -------
    Preprocess
        What it says.

    Raises
    ------
    UsageError
        For an unknown or doubled word, a value that cannot be read, or values that do not fit together.
    """
    words, values = _parts(text)
    order: Order = next((_ORDERS[word] for word in words if word in _ORDERS), "RGB")
    filter_name = next((word for word in words if word in known_words(FilterName)), "bilinear")
    if "short" in values and "squash" in values:
        raise _wrong(text, "short and squash exclude each other")
    if "short" in values and "crop" not in values:
        raise _wrong(text, "short leaves the photo's shape, so it needs crop")
    resize: Resize = "squash" if "squash" in values else "short_side" if "short" in values else "none"
    target = values.get("squash", values.get("short"))
    resize_to = None if target is None else _size(text, target)
    crop = values.get("crop", values.get("squash"))
    if crop is None:
        raise _wrong(text, "the network's input size is missing: crop=N, or squash=N")
    mean, std = _levels(text, values, order)
    return Preprocess(
        size=_size(text, crop),
        resize=resize,
        resize_to=resize_to,
        filter=cast(FilterName, filter_name),
        order=order,
        mean=mean,
        std=std,
    )


def _parts(text: str) -> tuple[list[str], dict[str, str]]:
    known = (*_ORDERS, *known_words(FilterName))
    words: list[str] = []
    values: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if equals and key not in _KEYS:
            raise unknown_word("preprocess value", key, _KEYS, advice=f"Example: {PREPROCESS_EXAMPLE}")
        if not equals and part.lower() not in known:
            raise unknown_word("preprocess word", part, (*known, *(f"{key}=" for key in _KEYS)))
        if key in values:
            raise _wrong(text, f"{key} is given twice")
        if equals:
            values[key] = value
        else:
            words.append(part.lower())
    for kind in (_ORDERS, known_words(FilterName)):
        if sum(word in kind for word in words) > 1:
            raise _wrong(text, f"only one of {', '.join(kind)} can hold")
    return words, values


def _levels(text: str, values: dict[str, str], order: Order) -> tuple[_Triple, _Triple]:
    if "scale" in values:
        if "mean" in values or "std" in values:
            raise _wrong(text, "scale stands in place of mean and std")
        if values["scale"] not in _SCALES:
            raise unknown_word("preprocess scale", values["scale"], _SCALES)
        mean, std = _SCALES[values["scale"]]
        return (mean, std) if order == "RGB" else (_reversed(mean), _reversed(std))
    if "mean" not in values and "std" not in values:
        raise _wrong(text, f"how grey levels become numbers is missing: scale={'|'.join(_SCALES)}, or mean= and std=")
    return _triple(text, values.get("mean", "0")), _triple(text, values.get("std", "1"))


def _reversed(values: _Triple) -> _Triple:
    return values[2], values[1], values[0]


def _triple(text: str, value: str) -> _Triple:
    try:
        numbers = [float(number) for number in value.split("/")]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 3):
        raise _wrong(text, f"{value!r} is not one number or three parted by /")
    first, second, third = numbers * (3 // len(numbers))
    return first, second, third


def _size(text: str, value: str) -> tuple[int, int]:
    sides = value.lower().split("x")
    if len(sides) > 2 or not all(side.isdecimal() and int(side) > 0 for side in sides):
        raise _wrong(text, f"{value!r} is not a size; write 224, or HEIGHTxWIDTH")
    return int(sides[0]), int(sides[-1])


def _wrong(text: str, why: str) -> UsageError:
    return UsageError(f"preprocess {text!r}: {why}. Example: {PREPROCESS_EXAMPLE}")
