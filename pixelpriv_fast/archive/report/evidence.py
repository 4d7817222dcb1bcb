"""What the report shows of one photo: it before and after, and where it was changed, each as a small WebP picture.

They are made while the photo is at hand and kept beside the journal, so that a report needs neither originals nor
outputs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...codecs import picture
from ...codecs.transparency import over, shown
from ...kernels import resized
from ...protection.work import Work
from ...types import Pixels

#: The longest side, and the quality of the pictures: three of them take about 20 kB, a thousand photos' less than 50 MB.
SIDE = 272
_QUALITY = 72
#: What a grey level of difference is multiplied by. The paper's 8 levels then are a third of full white.
MAGNIFIED = 10


@dataclass(frozen=True, slots=True)
class Evidence:
    """Three WebP files of one size.

    Attributes
    ----------
    before, after : bytes
        The original and the result.
    difference : bytes
        The absolute change of every channel by the attack, ``MAGNIFIED`` times.
    """

    before: bytes
    after: bytes
    difference: bytes

    @property
    def size(self) -> int:
        """Number of bytes of all three."""
        return len(self.before) + len(self.after) + len(self.difference)


def evidence_of(work: Work) -> Evidence:
    """Make the pictures of a finished photo.

    Choice: the difference is to the enhanced photo, whose own change to the original is many times the attack's and would
    hide it; where nothing was attacked, to the original. All are shown as they are over white.
    """
    before, after = shown(work.photo), over(work.pixels, work.alpha)
    return evidence(before, after, over(work.enhanced, work.photo.alpha) if work.verdict.linf else before)


def evidence(before: Pixels, after: Pixels, unattacked: Pixels) -> Evidence:
    """Make the pictures of one photo.

    Parameters
    ----------
    before, after, unattacked : uint8 arrays of shape (height, width, 3)
        The original, the result, and the photo that the difference is to; all of one size.

    Returns
    -------
    Evidence
        The pictures.
    """
    change = np.maximum(unattacked, after) - np.minimum(unattacked, after)
    magnified = np.minimum(change, 255 // MAGNIFIED) * np.uint8(MAGNIFIED)
    # Averaged after the absolute value: the sign of an attack's grain would cancel itself out of a small picture.
    return Evidence(_picture(before), _picture(after), _picture(magnified))


def _picture(pixels: Pixels) -> bytes:
    height, width = pixels.shape[:2]
    shrink = min(1.0, SIDE / max(height, width))
    shape = max(1, round(height * shrink)), max(1, round(width * shrink))
    return picture(resized(pixels, shape, "box"), _QUALITY)
