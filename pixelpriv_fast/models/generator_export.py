"""What ``export/cartoongan.py`` does: checkpoint -> stamped ``.onnx`` beside a report of how far it is from torch.

``python export/cartoongan.py FILE --style hayao --out DIR [--precision f32|f16] [--photos FOLDER] [--tensorrt]``. The report
goes to stdout, one line of JSON a provider and photo. Photos are cut to multiples of 4; without any a seeded pattern is
taken, which says whether the graph is right and little about what one sees.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ..codecs import decode
from ..errors import DeviceError, PixelPrivError
from ..files import write_atomic
from ..runtime import SessionOptions, create_session
from ..types import Floats, Pixels
from .architectures import network
from .build import build, sample, torch_outputs
from .cards import CARDS, CARTOONGANS, Card
from .cartoongan.graph import folded_graph
from .cartoongan.planes import planar, rounded_photo
from .export_options import add_options, photo_files, provider_runs, written_path
from .importers import read_checkpoint
from .onnx_file import StampedModel, load_state_dict, seal, unseal

_LARGEST_SIDE = 768  # of a photo in the report: torch takes 2 s a megapixel and core, and 1 GB


def main(arguments: Sequence[str] | None = None) -> int:
    """Exports one style; returns the exit code (4 for anything wrong with the model or the device)."""
    given = _parser().parse_args(arguments)
    card = CARDS[f"cartoongan_{given.style}"]
    try:
        model = build(card, given.file, allow_unknown_hash=given.allow_unknown_hash)
        ready = unseal(in_precision(model, given.precision), card.name)
        write_atomic(written_path(given, card), ready.data)
        reference = network(card, read_checkpoint(given.file, card, allow_unknown_hash=given.allow_unknown_hash)[0])
        photos = _photos(card, given.photos)
        expected = {name: torch_outputs(reference, planar(photo)) for name, photo in photos.items()}
        for provider, options in provider_runs(given):
            for row in report(ready, provider, options, photos, expected):
                print(json.dumps(row))
    except PixelPrivError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def in_precision(model: bytes, precision: str) -> bytes:
    """A stamped generator with its weights and convolutions in ``precision``, "f32" or "f16", stamped as such."""
    if precision == "f32":
        return model
    read = unseal(model, "the built model")
    return seal(folded_graph(load_state_dict(read), precision), replace(read.stamp, precision=precision))


def report(
    model: StampedModel, provider: str, options: SessionOptions, photos: dict[str, Pixels], expected: dict[str, Floats]
) -> Iterator[dict[str, Any]]:
    """Per photo the distance from torch in fp32: in units of the output's range, and of the 8-bit photo.

    A provider that cannot run yields one row that says why.
    """
    row: dict[str, Any] = {"network": model.stamp.name, "provider": provider, "graph": model.stamp.precision}
    row["arithmetic"] = options.precision
    try:
        session = create_session(model.data, provider, options)
    except DeviceError as error:
        yield row | {"skipped": str(error)}
        return
    for name, photo in photos.items():
        made = session.run({model.stamp.input: planar(photo)})[0]
        away = np.abs(made.astype(np.float64) - expected[name])
        levels = np.abs(rounded_photo(made).astype(np.float64) - rounded_photo(expected[name]))
        yield row | {
            "photo": name,
            "maximum": float(away.max()),
            "mean": float(away.mean()),
            "identical_bytes": float((levels == 0).mean()),
            "psnr": 10 * math.log10(255**2 / max(float((levels**2).mean()), 1e-12)),
        }
    session.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Exports a style of CartoonGAN to a stamped .onnx.")
    styles = [card.name.removeprefix("cartoongan_") for card in CARTOONGANS]
    parser.add_argument("file", type=Path, metavar="FILE", help="the official .pth, or an .npz of the same arrays")
    parser.add_argument("--style", choices=styles, default=styles[0])
    add_options(parser, "of weights and convolutions")
    return parser


def _photos(card: Card, folder: Path | None) -> dict[str, Pixels]:
    if folder is None:
        return {"pattern": np.ascontiguousarray(sample(card, 1)[0].transpose(1, 2, 0)).astype(np.uint8)}
    return {path.name: _cut(decode(path.read_bytes()).pixels) for path in photo_files(folder)}


def _cut(photo: Pixels) -> Pixels:
    height, width = (min(side, _LARGEST_SIDE) // 4 * 4 for side in photo.shape[:2])
    return np.ascontiguousarray(photo[:height, :width])
