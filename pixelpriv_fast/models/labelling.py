"""The names of a classifier's classes, by the word that its card gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import resources

from ..errors import ModelError


def labels_of(source: str) -> tuple[str, ...]:
    """The class names of ``source`` in index order. Raises ``ModelError`` for a word without a row."""
    if source not in SOURCES:
        raise ModelError(f"unknown labels {source!r}. Known: {', '.join(SOURCES)}")
    return SOURCES[source]()


def _places365() -> tuple[str, ...]:
    text = resources.files(__package__).joinpath("labels", "places365.txt").read_text(encoding="utf-8")
    return tuple(text.split())


def _imagenet() -> tuple[str, ...]:
    from .architectures import imagenet_labels  # torchvision's; stamped into the file, so needed once

    return imagenet_labels()


SOURCES: Mapping[str, Callable[[], tuple[str, ...]]] = {"places365": _places365, "imagenet": _imagenet}
