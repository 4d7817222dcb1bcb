"""What the export scripts of generators and scorers share: their options, the runs of a report, and its photos."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from ..errors import ModelError
from ..runtime import SessionOptions

_SUFFIXES = (".png", ".jpg", ".jpeg")


def add_options(parser: argparse.ArgumentParser, half: str) -> None:
    """The options after the network's own; ``half`` says what ``--precision f16`` is the precision of."""
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--precision", choices=("f32", "f16"), default="f32", help=half)
    parser.add_argument("--photos", type=Path, metavar="FOLDER", help="photos for the report (PNG, JPEG)")
    parser.add_argument("--tensorrt", action="store_true", help="also build TensorRT's engine, in DIR/engines")
    parser.add_argument("--allow-unknown-hash", action="store_true")


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
