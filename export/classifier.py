"""Any classifier: checkpoint -> stamped ``.onnx`` beside a report of how it decides.

``python export/classifier.py NAME [FILE] --out DIR [--precision fp32|fp16] [--photos FOLDER] [--tensorrt]``; a network with
an installed data package needs no FILE. The report's figures are the largest and mean difference of the logits from
PyTorch's, relative to the largest one, that of the probabilities, and the share of photos with the same top class. A
variant that decides otherwise than PyTorch is not written.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from exporting import Comparison, Figures, add_options, export, options, preprocessed
from fp16 import half

from pixelpriv_fast.logits import softmax
from pixelpriv_fast.models import CARDS
from pixelpriv_fast.models.importing.build import parity
from pixelpriv_fast.registry import CLASSIFIERS
from pixelpriv_fast.types import Logits

#: Largest change of a probability that an fp16 variant may make. On 62 photos fp16 changed none by more than 0.01.
TOLERANCE = 0.03


def main(name: str | None = None, arguments: Sequence[str] | None = None) -> int:
    """Export a classifier.

    Parameters
    ----------
    name : str, optional
        A row of CLASSIFIERS; None reads it from the arguments.
    arguments : sequence of str, optional
        The command line; None reads the process's own.

    Returns
    -------
    int
        The exit code.
    """
    parser = options("a classifier" if name is None else CARDS[name].title)
    if name is None:
        parser.add_argument("name", choices=list(CLASSIFIERS), metavar="NAME", help=", ".join(CLASSIFIERS))
    parser.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the official checkpoint, or an .npz")
    add_options(parser, "of weights and arithmetic")
    given = parser.parse_args(arguments)
    return export(name or given.name, Comparison(half, preprocessed, figures, objection), given)


def figures(expected: Logits, found: Logits) -> Figures:
    """Return how far logits (n, classes) lie from PyTorch's."""
    away = parity(expected, found)
    return {
        "maximum": away.maximum, "mean": away.mean, "agreement": away.agreement,
        "probability": _largest_change(expected, found),
    }  # fmt: skip


def objection(expected: Logits, found: Logits) -> str:
    """Return why these logits (n, classes) are too far from PyTorch's, or "".

    Choice: equal decisions are asked for wherever the first two probabilities are further apart than rounding may move
    them.
    """
    change = _largest_change(expected, found)
    ranked = np.sort(softmax(expected), axis=1)
    clear = ranked[:, -1] - ranked[:, -2] > 2 * TOLERANCE
    other = int((expected.argmax(1) != found.argmax(1))[clear].sum())
    if change <= TOLERANCE and not other:
        return ""
    return (
        f"probabilities differ by up to {change:.3f} from torch's ({TOLERANCE} is allowed), "
        f"and {other} of {len(expected)} decisions"
    )


def _largest_change(expected: Logits, found: Logits) -> float:
    return float(np.abs(softmax(expected) - softmax(found)).max())


if __name__ == "__main__":
    raise SystemExit(main())
