"""What the export scripts share: their options, the file they write, the runs of a report, and its photos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..codecs import decode
from ..errors import ModelError
from ..runtime import SessionOptions, create_session
from ..types import Floats
from .build import sample
from .cards import Card
from .onnx_file import StampedModel

_SUFFIXES = (".png", ".jpg", ".jpeg")


def add_options(parser: argparse.ArgumentParser, half: str) -> None:
    """The options after the network's own; ``half`` says what ``--precision f16`` is the precision of."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--precision", choices=("f32", "f16"), default="f32", help=half)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="photos for the report (PNG, JPEG)")
    parser.add_argument("--tensorrt", action="store_true", help="also build TensorRT's engine, in DIR/engines")
    parser.add_argument("--allow-unknown-hash", action="store_true")


def written_path(given: argparse.Namespace, card: Card) -> Path:
    """The file that the script writes: NAME.onnx, or NAME.f16.onnx, in ``--out``."""
    suffix = "" if given.precision == "f32" else f".{given.precision}"
    out: Path = given.out
    return out / f"{card.name}{suffix}.onnx"


def provider_runs(given: argparse.Namespace) -> Iterator[tuple[str, SessionOptions]]:
    """The providers and precisions that a report tries."""
    yield "onnxruntime", SessionOptions()
    yield "openvino", SessionOptions()
    if given.precision == "f32":
        yield "openvino", SessionOptions(precision="bf16")
    yield "cuda", SessionOptions(precision=given.precision)
    if given.tensorrt:
        yield "tensorrt", SessionOptions(precision=given.precision, engine_cache=given.out / "engines")


def photo_files(folder: Path) -> list[Path]:
    """The photos in ``folder``, sorted. Raises ``ModelError`` where there is none."""
    files = sorted(path for path in folder.iterdir() if path.suffix.lower() in _SUFFIXES) if folder.is_dir() else []
    if not files:
        raise ModelError(f"{folder} has no photos ({', '.join(_SUFFIXES)}) for the report")
    return files


def report_inputs(card: Card, folder: Path | None, rows: int) -> Floats:
    """The network's inputs (n, 3, h, w) for a report: every photo in ``folder``; without one ``rows`` seeded ones."""
    if folder is None or card.preprocess is None:
        return sample(card, rows)
    photos = [decode(path.read_bytes(), name=path.name).pixels for path in photo_files(folder)]
    return np.stack([card.preprocess.rounded(photo) for photo in photos])


def answers(model: StampedModel, provider: str, options: SessionOptions, inputs: Floats, rows: int) -> Floats:
    """What ``model`` computes for ``inputs`` on ``provider``, ``rows`` at a time. Raises ``DeviceError``."""
    session = create_session(model.data, provider, options)
    parts = [session.run({model.stamp.input: inputs[at : at + rows]})[0] for at in range(0, len(inputs), rows)]
    session.close()
    return np.concatenate(parts)
