"""Enhancements: a photo in, a nicer photo out, before it is attacked."""

from .cartoongan import CartoonGAN
from .contrast import Contrast
from .identity import Identity

__all__ = ["CartoonGAN", "Contrast", "Identity"]
