"""What a ready ``.onnx`` says of itself: everything that belongs to the checkpoint, as JSON inside the file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, cast

from ...errors import ModelError, UsageError, checked_word
from ...words import OLD_PRECISIONS, Precision
from ..card import Card, Kind, load_part
from ..preprocess import Preprocess

VERSION = 1
#: Version 1 keeps the spelling that its first files had: a file's hash covers its stamp, and journals know networks by it.
_WRITTEN = {word: old for old, word in OLD_PRECISIONS.items()}


@dataclass(frozen=True, slots=True)
class Provenance:
    """The file that the weights were read from.

    Attributes
    ----------
    file : str
        Its name.
    sha256 : str
        Its hash.
    verified : bool
        Whether the hash is the one that the card pins.
    """

    file: str
    sha256: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """The stamp of one file.

    Attributes
    ----------
    name, kind, title, dataset, licence, origin, input, output : str
        As in ``card.Card``.
    preprocess : Preprocess or None
        As in ``card.Card``.
    labels : tuple of str or None
        The names of the classes, in index order.
    source : Provenance
        The file that the weights were read from.
    precision : {"fp32", "bf16", "fp16"}
        Number format of the weights.
    """

    name: str
    kind: Kind
    title: str
    dataset: str
    licence: str
    origin: str
    input: str
    output: str
    preprocess: Preprocess | None
    labels: tuple[str, ...] | None
    source: Provenance
    precision: Precision = "fp32"

    def to_json(self) -> str:
        """Return one line of JSON with sorted keys, so that equal stamps are equal bytes."""
        data = asdict(self)
        data["version"] = VERSION
        data["precision"] = _WRITTEN.get(self.precision, self.precision)
        data["preprocess"] = None if self.preprocess is None else self.preprocess.to_json()
        return json.dumps(data, sort_keys=True, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Stamp:
        """Return the stamp that ``to_json`` wrote. Raises ``ModelError`` for another version or a field that does not fit."""
        try:
            data: dict[str, Any] = json.loads(text)
            version = data.pop("version")
            if version != VERSION:
                raise ModelError(
                    f"the model file has stamp version {version!r}, this release reads {VERSION}: "
                    "import the model again, or install the release that wrote it"
                )
            labels, preprocess = data.pop("labels"), data.pop("preprocess")
            return cls(
                preprocess=None if preprocess is None else Preprocess.from_json(preprocess),
                labels=None if labels is None else tuple(map(str, labels)),
                source=Provenance(**data.pop("source")),
                precision=_precision(data.pop("precision", "fp32")),
                kind=cast(Kind, checked_word("kind of network", data.pop("kind"), Kind)),
                **_texts(data),
            )
        except (ValueError, TypeError, KeyError, AttributeError, UsageError) as error:
            raise ModelError(f"the model file's stamp cannot be read ({error}); import the model again") from error


def stamp_of(card: Card, source: Provenance) -> Stamp:
    """Return the stamp of weights.

    Parameters
    ----------
    card : Card
        The network.
    source : Provenance
        The file that the weights were read from.

    Returns
    -------
    Stamp
        What the card says, with the names of the classes.
    """
    return Stamp(
        name=card.name,
        kind=card.kind,
        title=card.title,
        dataset=card.dataset,
        licence=card.licence,
        origin=card.origin,
        input=card.input,
        output=card.output,
        preprocess=card.preprocess,
        labels=None if card.labels is None else tuple(load_part(card.labels)()),
        source=source,
    )


def _precision(word: str) -> Precision:
    return cast(Precision, checked_word("precision", OLD_PRECISIONS.get(word, word), Precision))


def _texts(data: Mapping[str, Any]) -> dict[str, str]:
    wrong = [name for name, value in data.items() if not isinstance(value, str)]
    if wrong:
        raise TypeError(f"{wrong[0]} is not text")
    return dict(data)
