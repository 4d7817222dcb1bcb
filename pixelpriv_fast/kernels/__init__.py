"""Hot loops: a numpy definition each, and compiled twins. See ``table`` for what exists and what runs."""

from .resizing import resized
from .table import KERNELS, get, implementations

__all__ = ["KERNELS", "get", "implementations", "resized"]
