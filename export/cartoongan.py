"""CartoonGAN: a style's official .pth or .npz -> a stamped ``.onnx`` beside a report of how far photos are from PyTorch's.

``python export/cartoongan.py FILE --style hayao --out DIR [--precision fp32|fp16] [--photos FOLDER] [--tensorrt]``. The
report's figures are the distance from PyTorch in fp32, in units of the output's range and of the 8-bit photo. Photos are
cut to multiples of 4; without any a seeded pattern is taken, which says whether the graph is right and little about what
one sees.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from exporting import Batch, Comparison, Figures, add_options, decoded, export, options

from pixelpriv_fast.models import Card, StampedModel, add_stamp, load_state_dict, read_stamped
from pixelpriv_fast.models.cartoongan.graph import folded_graph
from pixelpriv_fast.models.cartoongan.planes import planar, rounded_photo
from pixelpriv_fast.models.importing.build import sample
from pixelpriv_fast.registry import GENERATORS
from pixelpriv_fast.types import Floats, Pixels

_LARGEST_SIDE = 768  # of a photo in the report: PyTorch takes 2 s a megapixel and core, and 1 GB


def main(arguments: Sequence[str] | None = None) -> int:
    """Export one style; ``arguments`` None reads the process's own. Returns the exit code."""
    parser = options("a style of CartoonGAN")
    styles = [name.removeprefix("cartoongan_") for name in GENERATORS]
    parser.add_argument("file", type=Path, metavar="FILE", help="the official .pth, or an .npz of the same arrays")
    parser.add_argument("--style", choices=styles, default=styles[0])
    add_options(parser, "of weights and convolutions")
    given = parser.parse_args(arguments)
    return export(f"cartoongan_{given.style}", Comparison(half, batches, figures), given)


def half(model: StampedModel) -> StampedModel:
    """Return a generator with its weights and convolutions in fp16, stamped as such."""
    data = add_stamp(folded_graph(load_state_dict(model), "fp16"), replace(model.stamp, precision="fp16"))
    return read_stamped(data, model.stamp.name)


def batches(card: Card, folder: Path | None) -> list[Batch]:
    """Return the photos in ``folder``, or a seeded pattern, as batches of one photo."""
    if folder is None:
        photos = {"pattern": np.ascontiguousarray(sample(card, 1)[0].transpose(1, 2, 0)).astype(np.uint8)}
    else:
        photos = {name: _cut(photo) for name, photo in decoded(folder).items()}
    return [({"photo": name}, planar(photo)) for name, photo in photos.items()]


def figures(expected: Floats, found: Floats) -> Figures:
    """Return how far one photo, (1, 3, h, w) in 0..1, lies from PyTorch's."""
    away = np.abs(found.astype(np.float64) - expected)
    levels = np.abs(rounded_photo(found).astype(np.float64) - rounded_photo(expected))
    return {
        "maximum": float(away.max()),
        "mean": float(away.mean()),
        "identical_bytes": float((levels == 0).mean()),
        "psnr": 10 * math.log10(255**2 / max(float((levels**2).mean()), 1e-12)),
    }


def _cut(photo: Pixels) -> Pixels:
    height, width = (min(side, _LARGEST_SIDE) // 4 * 4 for side in photo.shape[:2])
    return np.ascontiguousarray(photo[:height, :width])


if __name__ == "__main__":
    raise SystemExit(main())
