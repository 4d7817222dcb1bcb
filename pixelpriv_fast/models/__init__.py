"""Networks: what is known of them, where ready files are kept, and classifiers and generators made from these.

``cards.py`` says what is known of every network, ``catalogue.py`` finds a card by name. ``importing/`` makes a stamped
``.onnx`` of a checkpoint, ``store/`` keeps it, ``stamped/`` writes and checks the stamp. ``classifier.py``, ``scorer.py`` and
``cartoongan/`` run it; ``architectures/`` holds the torch modules. Importing this loads no runtime.
"""

from __future__ import annotations

from .batches import equal_batch, in_batches
from .card import Card
from .cartoongan.generator import Generator, load_generator
from .catalogue import CARDS
from .classifier import Classifier, load_classifier
from .preprocess import Preprocess
from .stamped.file import StampedModel, add_stamp, load_state_dict, read, read_stamped
from .stamped.stamp import Provenance, Stamp
from .store.status import ModelStatus
from .store.store import Store, load_model

__all__ = [
    "CARDS",
    "Card",
    "Classifier",
    "Generator",
    "ModelStatus",
    "Preprocess",
    "Provenance",
    "Stamp",
    "StampedModel",
    "Store",
    "add_stamp",
    "equal_batch",
    "in_batches",
    "load_classifier",
    "load_generator",
    "load_model",
    "load_state_dict",
    "read",
    "read_stamped",
]
