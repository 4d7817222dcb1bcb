"""What ``export/nima.py`` does: checkpoint -> stamped ``.onnx`` beside a report of how far its ratings are from torch's.

``python export/nima.py FILE --out DIR [--precision f32|f16] [--photos FOLDER] [--tensorrt]``. The report goes to stdout,
one line of JSON a provider: the largest and mean difference of the mean ratings (1..10), and the share of photos with the
same rating to one decimal place. A variant that is further than 0.02 from torch is not written. Without photos seeded
inputs are taken, which say whether the graph is right and little about photos.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ..codecs import decode
from ..errors import DeviceError, ModelError, PixelPrivError
from ..files import write_atomic
from ..runtime import SessionOptions, create_session
from ..types import Floats
from .architectures import network
from .build import build, sample, torch_outputs
from .cards import CARDS, Card
from .classifier import softmax
from .export_options import add_options, photo_files, provider_runs
from .onnx_file import StampedModel, load_state_dict, unseal
from .scorer_half import half

Ratings = npt.NDArray[np.float64]

TOLERANCE = 0.02  #: of a mean rating
_ROWS = 16


def main(name: str, arguments: Sequence[str] | None = None) -> int:
    """Exports scorer ``name``; returns the exit code (4 for anything wrong with the model or the device)."""
    card = CARDS[name]
    given = _parser(card).parse_args(arguments)
    try:
        exact = unseal(build(card, given.file, allow_unknown_hash=given.allow_unknown_hash), card.name)
        ready = exact if given.precision == "f32" else half(exact)
        inputs = _inputs(card, given.photos)
        expected = ratings(torch_outputs(network(card, load_state_dict(exact)), inputs))
        away = ratings(_run(ready, "onnxruntime", SessionOptions(), inputs)) - expected
        if not np.abs(away).max() <= TOLERANCE:
            raise ModelError(
                f"{card.name} in {given.precision}: ratings differ by up to {np.abs(away).max():.3f} from torch's, "
                f"{TOLERANCE} is allowed; not written"
            )
        suffix = "" if given.precision == "f32" else f".{given.precision}"
        write_atomic(given.out / f"{card.name}{suffix}.onnx", ready.data)
        for provider, options in provider_runs(given):
            print(json.dumps(report(ready, provider, options, inputs, expected)))
    except PixelPrivError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def ratings(logits: Floats) -> Ratings:
    """The mean rating of every row: logits (n, ratings) -> (n,)."""
    means: Ratings = softmax(logits) @ np.arange(1, logits.shape[1] + 1)
    return means


def report(
    model: StampedModel, provider: str, options: SessionOptions, inputs: Floats, expected: Ratings
) -> dict[str, Any]:
    """How far ``model`` on ``provider`` is from ``expected``; why not, where the provider cannot run."""
    row: dict[str, Any] = {"network": model.stamp.name, "provider": provider, "graph": model.stamp.precision}
    row["arithmetic"] = options.precision
    try:
        found = ratings(_run(model, provider, options, inputs))
    except DeviceError as error:
        return row | {"skipped": str(error)}
    away = np.abs(found - expected)
    agreement = float(np.mean(np.round(found, 1) == np.round(expected, 1)))
    return row | {
        "photos": len(inputs), "maximum": float(away.max()), "mean": float(away.mean()), "agreement": agreement
    }  # fmt: skip


def _run(model: StampedModel, provider: str, options: SessionOptions, inputs: Floats) -> Floats:
    session = create_session(model.data, provider, options)
    rows = [session.run({model.stamp.input: inputs[at : at + _ROWS]})[0] for at in range(0, len(inputs), _ROWS)]
    session.close()
    return np.concatenate(rows)


def _parser(card: Card) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"Exports {card.title} to a stamped .onnx.")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the official checkpoint, or an .npz of the same arrays"
    )
    add_options(parser, "of all but the first layers")
    return parser


def _inputs(card: Card, folder: Path | None) -> Floats:
    """The network's inputs (n, 3, h, w), of photos or seeded."""
    if folder is None or card.preprocess is None:
        return sample(card, _ROWS)
    return np.stack(
        [card.preprocess.rounded(decode(path.read_bytes(), name=path.name).pixels) for path in photo_files(folder)]
    )
