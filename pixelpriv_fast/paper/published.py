"""The paper's own figures (M. B. Sakha, MediaEval 2019, Table 1), to be shown beside what is measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Published:
    """One line of the paper's Table 1.

    Attributes
    ----------
    top1_accuracy : float
        Accuracy as a fraction.
    nima : float
        Mean NIMA score.
    """

    top1_accuracy: float
    nima: float


ORIGINALS: Final = Published(1.0, 4.64)

#: Run number -> its line. Runs 1 to 4 on 600 photos, run 5 on 60.
PUBLISHED: Final[dict[int, Published]] = {
    1: Published(0.00167, 4.37),
    2: Published(0.14, 4.77),
    3: Published(0.0, 4.47),
    4: Published(0.0, 4.49),
    5: Published(0.06667, 4.42),
}
