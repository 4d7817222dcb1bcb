"""Enhancements: a photo in, a nicer photo out, before it is attacked.

An enhancement is a frozen dataclass that is called with uint8 pixels and returns uint8 pixels of the same shape. Every row of
``registry.ENHANCEMENTS`` is an attribute of this package by its class name, loaded when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..registry import ENHANCEMENTS

if TYPE_CHECKING:  # so that editors find them; nothing needs a line here
    from .cartoon_filter import CartoonFilter as CartoonFilter
    from .cartoongan import CartoonGAN as CartoonGAN
    from .contrast import Contrast as Contrast
    from .identity import Identity as Identity

__all__ = [*ENHANCEMENTS.by_attribute()]


def __getattr__(name: str) -> Any:
    return ENHANCEMENTS.load_attribute(name, __name__)


def __dir__() -> list[str]:
    return sorted(__all__)
