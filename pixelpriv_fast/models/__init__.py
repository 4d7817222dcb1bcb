"""Networks: cards, the store of ready ``.onnx`` files, and classifiers made from them. Importing this loads no
runtime."""

from __future__ import annotations

from .cards import CARDS, Card
from .cartoongan.generator import Generator, load_generator
from .classifier import Classifier, load_classifier
from .onnx_file import StampedModel, load_state_dict, read, seal, unseal
from .preprocess import Preprocess
from .slots import in_slots, pass_size
from .stamp import Provenance, Stamp
from .store import Entry, Store, load_model

__all__ = [
    "CARDS",
    "Card",
    "Classifier",
    "Entry",
    "Generator",
    "Preprocess",
    "Provenance",
    "Stamp",
    "StampedModel",
    "Store",
    "in_slots",
    "load_classifier",
    "load_generator",
    "load_model",
    "load_state_dict",
    "pass_size",
    "read",
    "seal",
    "unseal",
]
