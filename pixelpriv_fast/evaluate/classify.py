"""The classes that classifiers see in photo files: the answers behind ``pixelpriv classify``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..codecs import Limits
from ..codecs.sources import load
from ..codecs.transparency import shown
from ..errors import PhotoError
from ..logits import softmax
from ..models import load_classifier


def classify_files(
    paths: Sequence[Path], names: Sequence[str], *, models: Path | None = None, device: str = "auto", top: int = 5
) -> Iterator[dict[str, Any] | PhotoError]:
    """Classify photo files, those with transparency as they are over white.

    Parameters
    ----------
    paths : sequence of Path
        The photos.
    names : sequence of str
        Classifiers: names or paths of stamped ``.onnx`` files.
    models : Path, optional
        Folder of models that is searched first.
    device : str
        A word of ``words.Device``.
    top : int
        Number of classes to return, 1 or more.

    Yields
    ------
    dict or PhotoError
        For every photo and classifier ``{source, classifier, top: [[label, probability], ...]}``, most probable class
        first; for a photo that cannot be read, its error.

    Raises
    ------
    ModelError
        If a classifier cannot be loaded.
    """
    classifiers = [load_classifier(name, models=models, device=device) for name in names]
    for path in paths:
        try:
            pixels = shown(load(path, Limits()))
        except PhotoError as error:
            yield error
            continue
        for classifier in classifiers:
            probabilities = softmax(classifier([pixels]))[0]
            best = np.argsort(-probabilities, kind="stable")[:top]
            yield {
                "source": str(path),
                "classifier": classifier.name,
                "top": [[classifier.labels[i], float(probabilities[i])] for i in best],
            }
