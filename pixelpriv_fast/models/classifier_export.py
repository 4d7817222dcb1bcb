"""What a classifier's script in ``export/`` does: checkpoint -> stamped ``.onnx`` beside a report of how it decides.

``python export/NETWORK.py [FILE] --out DIR [--precision f32|f16] [--photos FOLDER] [--tensorrt]``; a network with an
installed data package needs no FILE. The report goes to stdout, one line of JSON a provider: the largest and mean
difference of the logits from torch's, relative to the largest one, that of the probabilities, and the share of photos
with the same top class. A variant that decides otherwise than torch is not written. Without photos seeded inputs are
taken, which say whether the graph is right and little about photos.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import DeviceError, ModelError, PixelPrivError
from ..files import write_atomic
from ..logits import softmax
from ..runtime import SessionOptions
from ..types import Floats, Logits
from .architectures import network
from .build import build, parity, torch_outputs
from .cards import CARDS, Card
from .export_options import add_options, answers, provider_runs, report_inputs, written_path
from .half import half
from .onnx_file import StampedModel, load_state_dict, unseal
from .store import embedded_source

#: Largest change of a probability that an fp16 variant may make. On 62 photos fp16 changed none by more than 0.01.
TOLERANCE = 0.03
_ROWS = 16


def main(name: str, arguments: Sequence[str] | None = None) -> int:
    """Exports classifier ``name``; returns the exit code (4 for anything wrong with the model or the device)."""
    card = CARDS[name]
    given = _parser(card).parse_args(arguments)
    try:
        exact = unseal(build(card, _checkpoint(card, given.file), allow_unknown_hash=given.allow_unknown_hash), name)
        ready = exact if given.precision == "f32" else half(exact)
        inputs = report_inputs(card, given.photos, _ROWS)
        expected = torch_outputs(network(card, load_state_dict(exact)), inputs)
        _check(card, given.precision, expected, answers(ready, "onnxruntime", SessionOptions(), inputs, _ROWS))
        write_atomic(written_path(given, card), ready.data)
        for provider, options in provider_runs(given):
            print(json.dumps(report(ready, provider, options, inputs, expected)))
    except PixelPrivError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def report(
    model: StampedModel, provider: str, options: SessionOptions, inputs: Floats, expected: Logits
) -> dict[str, Any]:
    """How far ``model`` on ``provider`` is from ``expected``; why not, where the provider cannot run."""
    row: dict[str, Any] = {"network": model.stamp.name, "provider": provider, "graph": model.stamp.precision}
    row["arithmetic"] = options.precision
    try:
        found = answers(model, provider, options, inputs, _ROWS)
    except DeviceError as error:
        return row | {"skipped": str(error)}
    away = parity(expected, found)
    return row | {
        "photos": len(inputs), "maximum": away.maximum, "mean": away.mean, "agreement": away.agreement,
        "probability": _largest_change(expected, found),
    }  # fmt: skip


def _check(card: Card, precision: str, expected: Logits, found: Logits) -> None:
    """Choice: equal decisions are asked for wherever the first two probabilities are further apart than rounding may
    move them."""
    change = _largest_change(expected, found)
    ranked = np.sort(softmax(expected), axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 2 * TOLERANCE
    other = int((expected.argmax(1) != found.argmax(1))[clear].sum())
    if not change <= TOLERANCE or other:
        raise ModelError(
            f"{card.name} in {precision}: probabilities differ by up to {change:.3f} from torch's ({TOLERANCE} is allowed), "
            f"and {other} of {len(expected)} decisions; not written"
        )


def _largest_change(expected: Logits, found: Logits) -> float:
    return float(np.abs(softmax(expected) - softmax(found)).max())


def _parser(card: Card) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=f"Exports {card.title} to a stamped .onnx.")
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the official checkpoint, or an .npz")
    add_options(parser, "of weights and arithmetic")
    return parser


def _checkpoint(card: Card, file: Path | None) -> Path:
    found = file or embedded_source(card)
    if found is None:
        raise ModelError(f"{card.name} needs FILE; {card.how_to_get}")
    return found
