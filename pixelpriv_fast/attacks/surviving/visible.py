"""How visible a change is, and which way that falls: SSIMULACRA 2's weighted difference, of which each round has a budget.

The figure that people read falls with it (``metrics/ssimulacra2.py``): 0.25 is a figure of 93, 0.9 of 85, and 2.6 of 70.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from ... import kernels
from ...kernels.reference.ssimulacra2 import NORMS, SCALES, SMALLEST, WEIGHTS, scales_of
from ...logits import Doubles
from ...types import Floats, Pixels

#: The largest number of finest scales that are left out for a photo whose change will be enlarged. Choice: two; a photo of many
#: megapixels is looked at on a screen of one or two.
COARSEST: Final = 2
#: How many times the weights of colour, of planes X and B, count there. Choice by eye and by S-CIELAB
#: (``benchmarks/decisions/lift_visibility.py``): the eye sees large patches of colour that the figure forgives.
COLOUR: Final = 6.0
#: What a mean square of one grey level counts in a photo too small for the figure.
SQUARE: Final = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Visible:
    """Says how visible changes of one photo are.

    Attributes
    ----------
    photo : uint8 array of shape (h, w, 3), RGB
        The photo as it is seen.
    weights : float64 array of shape (108,)
        The weights of SSIMULACRA 2's norms.
    """

    photo: Pixels
    weights: Doubles

    @classmethod
    def enlarged(cls, photo: Pixels, factor: float) -> Visible:
        """Make the measure of a photo whose change will be enlarged.

        Parameters
        ----------
        photo : uint8 array of shape (h, w, 3), RGB
            The photo, reduced.
        factor : float
            How many times larger its sides will be, 1 or more: each doubling leaves out one of the finest scales.

        Returns
        -------
        Visible
            The measure.
        """
        coarser = min(COARSEST, round(math.log2(factor)))
        if not coarser:
            return cls(photo, WEIGHTS)
        shifted = np.zeros(NORMS)
        shifted[:, : SCALES - coarser] = WEIGHTS.reshape(NORMS)[:, coarser:]
        shifted[[0, 2]] *= COLOUR
        weights = np.zeros(WEIGHTS.size)
        used = shifted[:, : scales_of(*photo.shape[:2])].ravel()  # a photo with fewer scales takes the first weights
        weights[: used.size] = used
        return cls(photo, weights)

    def of(self, change: Floats) -> tuple[float, Floats]:
        """Measure a change.

        Parameters
        ----------
        change : float32 array of shape (h, w, 3)
            The change in grey levels.

        Returns
        -------
        float
            The weighted difference, 0 or more.
        float32 array of shape (h, w, 3)
            Its gradient by the change.
        """
        slope = np.empty(change.shape, np.float32)
        if min(change.shape[:2]) >= SMALLEST:
            return kernels.ssimulacra2_slope(self.photo, change, self.weights, slope), slope
        np.multiply(change, np.float32(2 * SQUARE / change.size), out=slope)
        return SQUARE * float(np.square(change).mean()), slope
