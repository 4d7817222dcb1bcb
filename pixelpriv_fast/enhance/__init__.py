"""Enhancements: a photo in, a nicer photo out, before it is attacked."""

from .contrast import Contrast
from .identity import Identity

__all__ = ["Contrast", "Identity"]
