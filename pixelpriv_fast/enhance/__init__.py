"""Enhancements: a photo in, a nicer photo out, before it is attacked."""

from .cartoon_filter import CartoonFilter
from .cartoongan import CartoonGAN
from .contrast import Contrast
from .identity import Identity

__all__ = ["CartoonFilter", "CartoonGAN", "Contrast", "Identity"]
