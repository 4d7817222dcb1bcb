"""NIMA on MobileNet: the official .hdf5 or .npz -> a stamped ``.onnx`` beside a report of its ratings.

``python export/nima.py FILE --out DIR [--network nima_mobilenet|nima_technical] [--precision fp32|fp16] [--photos FOLDER]
[--tensorrt]``. The report's figures are the largest and mean difference of the mean ratings (1..10) from PyTorch's, and
the share of photos with the same rating to one decimal place. A variant that is further than 0.02 from PyTorch is not
written.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from exporting import Comparison, Figures, add_options, export, options, preprocessed
from fp16 import half

from pixelpriv_fast.logits import mean_ratings
from pixelpriv_fast.registry import SCORERS
from pixelpriv_fast.types import Floats

TOLERANCE = 0.02  #: of a mean rating
#: Layers that keep fp32 in the fp16 variant: the stem and the first three blocks. Their batch norms multiply by up to 30,
#: so that fp16 there moves ratings by up to 0.04; in all other layers together by 0.01.
EXACT_LAYERS = 7


def main(arguments: Sequence[str] | None = None) -> int:
    """Export NIMA; ``arguments`` None reads the process's own. Returns the exit code."""
    parser = options("a NIMA on MobileNet")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the official checkpoint, or an .npz of the same arrays"
    )
    parser.add_argument("--network", choices=[*SCORERS], default=next(iter(SCORERS)))
    add_options(parser, "of all but the first layers")
    comparison = Comparison(partial(half, exact_layers=EXACT_LAYERS), preprocessed, figures, objection)
    given = parser.parse_args(arguments)
    return export(given.network, comparison, given)


def figures(expected: Floats, found: Floats) -> Figures:
    """Return how far ratings by logits (n, ratings) lie from PyTorch's."""
    reference, rated = mean_ratings(expected), mean_ratings(found)
    away = np.abs(rated - reference)
    agreement = float(np.mean(np.round(rated, 1) == np.round(reference, 1)))
    return {"maximum": float(away.max()), "mean": float(away.mean()), "agreement": agreement}


def objection(expected: Floats, found: Floats) -> str:
    """Return why these logits (n, ratings) are too far from PyTorch's, or ""."""
    away = float(np.abs(mean_ratings(found) - mean_ratings(expected)).max())
    return "" if away <= TOLERANCE else f"ratings differ by up to {away:.3f} from torch's, {TOLERANCE} is allowed"


if __name__ == "__main__":
    raise SystemExit(main())
