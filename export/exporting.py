"""What every export script does: checkpoint -> stamped ``.onnx`` beside a report of how far it is from PyTorch.

The report goes to stdout, one line of JSON a provider (for CartoonGAN: a provider and photo). Without photos seeded
inputs are taken, which say whether the graph is right and little about photos. What differs between kinds of networks
is a ``Comparison``: see ``classifier.py``, ``nima.py`` and ``cartoongan.py``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pixelpriv_fast.codecs import decode
from pixelpriv_fast.errors import DeviceError, ModelError, PixelPrivError
from pixelpriv_fast.files import write_atomic
from pixelpriv_fast.models import CARDS, Card, StampedModel, read_stamped
from pixelpriv_fast.models.architectures import convert, network
from pixelpriv_fast.models.importing.build import build, sample, torch_outputs
from pixelpriv_fast.models.importing.checkpoint import read_checkpoint
from pixelpriv_fast.models.store.store import embedded_source
from pixelpriv_fast.runtime import SessionOptions, create_session
from pixelpriv_fast.types import Floats, Pixels
from pixelpriv_fast.words import OLD_PRECISIONS

Figures = dict[str, Any]  #: the entries of a report's line
Batch = tuple[Figures, Floats]  #: what a line says of its photos, and the network's inputs (n, 3, h, w)

ROWS = 16  #: photos in one call of a session
_SUFFIXES = (".png", ".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one kind of network is converted to fp16 and held against PyTorch.

    Attributes
    ----------
    half : callable
        The stamped model in fp32 -> the one in fp16.
    batches : callable
        Card and folder of photos (or None) -> the inputs that are compared, one report line each.
    figures : callable
        PyTorch's outputs and those of a provider -> the figures of a line.
    objection : callable
        The same -> why the network must not be written, or "" (the default: whatever it is, the report says it).
    """

    half: Callable[[StampedModel], StampedModel]
    batches: Callable[[Card, Path | None], list[Batch]]
    figures: Callable[[Floats, Floats], Figures]
    objection: Callable[[Floats, Floats], str] = lambda expected, found: ""


def options(title: str) -> argparse.ArgumentParser:
    """Return a parser for the network ``title``, without options yet."""
    return argparse.ArgumentParser(description=f"Exports {title} to a stamped .onnx.")


def add_options(parser: argparse.ArgumentParser, half: str) -> None:
    """Add the options that all scripts share.

    Parameters
    ----------
    parser : argparse.ArgumentParser
        Receives the options.
    half : str
        Help text: what ``--precision fp16`` is the precision of.
    """
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--precision", type=_precision, choices=("fp32", "fp16"), default="fp32", help=half)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="photos for the report (PNG, JPEG)")
    parser.add_argument("--tensorrt", action="store_true", help="also build TensorRT's engine, in DIR/engines")
    parser.add_argument("--allow-unknown-hash", action="store_true")


def _precision(word: str) -> str:
    """Return the present spelling of ``word``."""
    return OLD_PRECISIONS.get(word, word)


def export(name: str, comparison: Comparison, given: argparse.Namespace) -> int:
    """Write the network ``name`` and print its report.

    Parameters
    ----------
    name : str
        Name of the network's card.
    comparison : Comparison
        What its kind needs.
    given : argparse.Namespace
        ``file`` (None: the installed data package) and what ``add_options`` adds.

    Returns
    -------
    int
        The exit code: 0, or 4 for anything wrong with the model or the device.
    """
    card = CARDS[name]
    try:
        for line in _exported(card, comparison, given):
            print(json.dumps(line))
    except PixelPrivError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _exported(card: Card, comparison: Comparison, given: argparse.Namespace) -> Iterator[Figures]:
    checkpoint = given.file or embedded_source(card)
    if checkpoint is None:
        raise ModelError(f"{card.name} needs FILE; {card.how_to_get}")
    model = read_stamped(build(card, checkpoint, allow_unknown_hash=given.allow_unknown_hash), card.name)
    if given.precision != "fp32":
        model = comparison.half(model)
    tensors, _ = read_checkpoint(checkpoint, card, allow_unknown_hash=given.allow_unknown_hash)
    module = network(card, convert(card, tensors))
    batches = comparison.batches(card, given.photos)
    expected = [torch_outputs(module, inputs) for _, inputs in batches]
    found = _answers(model, "onnxruntime", SessionOptions(), batches)
    for reference, outputs in zip(expected, found, strict=True):
        if objection := comparison.objection(reference, outputs):
            raise ModelError(f"{card.name} in {given.precision}: {objection}; not written")
    suffix = "" if given.precision == "fp32" else f".{given.precision}"
    write_atomic(given.out / f"{card.name}{suffix}.onnx", model.data)
    for provider, session_options in _provider_runs(given):
        yield from report(comparison, model, provider, session_options, batches, expected)


def report(
    comparison: Comparison,
    model: StampedModel,
    provider: str,
    session_options: SessionOptions,
    batches: list[Batch],
    expected: list[Floats],
) -> list[Figures]:
    """Compare ``model`` on one provider with PyTorch.

    Parameters
    ----------
    comparison : Comparison
        Gives the figures.
    model : StampedModel
        The network.
    provider : str
        Name of a provider.
    session_options : SessionOptions
        Precision of the arithmetic, and where engines are kept.
    batches : list of Batch
        The inputs.
    expected : list of ndarray
        PyTorch's outputs for each batch.

    Returns
    -------
    list of dict
        One line a batch; one line that says why, if the provider cannot run.
    """
    line: Figures = {"network": model.stamp.name, "provider": provider, "graph": model.stamp.precision}
    line["arithmetic"] = session_options.precision
    try:
        found = _answers(model, provider, session_options, batches)
    except DeviceError as error:
        return [line | {"skipped": str(error)}]
    return [
        line | photos | comparison.figures(reference, outputs)
        for (photos, _), reference, outputs in zip(batches, expected, found, strict=True)
    ]


def preprocessed(card: Card, folder: Path | None) -> list[Batch]:
    """Return all photos in ``folder`` as one batch, preprocessed as ``card`` says; without a folder 16 seeded inputs."""
    if folder is None or card.preprocess is None:
        inputs = sample(card, ROWS)
    else:
        inputs = np.stack([card.preprocess.rounded(photo) for photo in decoded(folder).values()])
    return [({"photos": len(inputs)}, inputs)]


def decoded(folder: Path) -> dict[str, Pixels]:
    """Return the photos in ``folder`` by name, sorted. Raises ``ModelError`` if there is none."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else []
    if not files:
        raise ModelError(f"{folder} has no photos ({', '.join(_SUFFIXES)}) for the report")
    return {path.name: decode(path.read_bytes(), name=path.name).pixels for path in files}


def _provider_runs(given: argparse.Namespace) -> Iterator[tuple[str, SessionOptions]]:
    """Yield the providers and precisions that a report tries."""
    yield "onnxruntime", SessionOptions()
    yield "openvino", SessionOptions()
    if given.precision == "fp32":
        yield "openvino", SessionOptions(precision="bf16")
    yield "cuda", SessionOptions(precision=given.precision)
    if given.tensorrt:
        yield "tensorrt", SessionOptions(precision=given.precision, engine_cache=given.out / "engines")


def _answers(model: StampedModel, provider: str, session_options: SessionOptions, batches: list[Batch]) -> list[Floats]:
    """Return the first output for every batch, computed by one session, ``ROWS`` inputs at a time."""
    session = create_session(model.data, provider, session_options)
    answers = []
    for _, inputs in batches:
        starts = range(0, len(inputs), ROWS)
        parts = [session.run({model.stamp.input: inputs[at : at + ROWS]})[0] for at in starts]
        answers.append(np.concatenate(parts))
    session.close()
    return answers
