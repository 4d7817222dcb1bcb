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

from ..errors import DeviceError, ModelError, PixelPrivError
from ..files import write_atomic
from ..logits import softmax
from ..runtime import SessionOptions
from ..types import Floats
from .architectures import network
from .build import build, torch_outputs
from .cards import CARDS, Card
from .export_options import add_options, answers, provider_runs, report_inputs, written_path
from .half import half
from .onnx_file import StampedModel, load_state_dict, unseal

Ratings = npt.NDArray[np.float64]

TOLERANCE = 0.02  #: of a mean rating
#: Layers that keep fp32 in the fp16 variant: the stem and the first three blocks. Their batch norms multiply by up to 30,
#: so that fp16 there moves ratings by up to 0.04; in all other layers together by 0.01.
EXACT_LAYERS = 7
_ROWS = 16


def main(name: str, arguments: Sequence[str] | None = None) -> int:
    """Exports scorer ``name``; returns the exit code (4 for anything wrong with the model or the device)."""
    card = CARDS[name]
    given = _parser(card).parse_args(arguments)
    try:
        exact = unseal(build(card, given.file, allow_unknown_hash=given.allow_unknown_hash), card.name)
        ready = exact if given.precision == "f32" else half(exact, EXACT_LAYERS)
        inputs = report_inputs(card, given.photos, _ROWS)
        expected = ratings(torch_outputs(network(card, load_state_dict(exact)), inputs))
        away = ratings(answers(ready, "onnxruntime", SessionOptions(), inputs, _ROWS)) - expected
        if not np.abs(away).max() <= TOLERANCE:
            raise ModelError(
                f"{card.name} in {given.precision}: ratings differ by up to {np.abs(away).max():.3f} from torch's, "
                f"{TOLERANCE} is allowed; not written"
            )
        write_atomic(written_path(given, card), ready.data)
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
        found = ratings(answers(model, provider, options, inputs, _ROWS))
    except DeviceError as error:
        return row | {"skipped": str(error)}
    away = np.abs(found - expected)
    agreement = float(np.mean(np.round(found, 1) == np.round(expected, 1)))
    return row | {
        "photos": len(inputs), "maximum": float(away.max()), "mean": float(away.mean()), "agreement": agreement
    }  # fmt: skip


def _parser(card: Card) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"Exports {card.title} to a stamped .onnx.")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the official checkpoint, or an .npz of the same arrays"
    )
    add_options(parser, "of all but the first layers")
    return parser
