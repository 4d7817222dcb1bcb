"""The names of a classifier's classes, in index order. A card names one of these functions, or one of its own file."""

from __future__ import annotations

from importlib import resources


def places365() -> tuple[str, ...]:
    """Return the 365 scenes of Places365."""
    text = resources.files(__package__).joinpath("labels", "places365.txt").read_text(encoding="utf-8")
    return tuple(text.split())


def imagenet() -> tuple[str, ...]:
    """Return the 1000 objects of ILSVRC 2012, as torchvision spells them. Needs torchvision."""
    from .architectures import imagenet_labels  # stamped into the file, so needed once

    return imagenet_labels()
