"""A lattice attack, spelled out: what its fields mean in terms of the one loop that all of them run."""

from __future__ import annotations

from dataclasses import dataclass

from .goals import Goal
from .linf import Ball
from .rules import Assessment, Keep, StopRule


@dataclass(frozen=True, slots=True)
class Descent:
    """The plan of an attack by steps inside an L-infinity ball; ``reference.attack_one`` says what each field means.

    Attributes
    ----------
    goal : Goal
        Chooses each photo's aim before the first step: away from a set of classes, or towards one.
    ball : Ball
        All photos that the attack may reach.
    step : int
        Length of one step, in the ball's units, above 0.
    steps : int
        Maximum number of steps, at least 1.
    stop : function of an Assessment to bool, optional
        Asked before each step, of the 8-bit iterate; True ends the photo's attack. None never stops.
    keep : str
        Which iterate is returned: "last"; "best_loss", the one with the best rank (fooled before not fooled, then by loss);
        "first_success", which stops at the first iterate that fools.
    random_start : bool
        Whether the first iterate is drawn uniformly from the ball; otherwise it is the photo itself.
    """

    goal: Goal
    ball: Ball
    step: int
    steps: int
    stop: StopRule | None = None
    keep: Keep = "last"
    random_start: bool = False

    @property
    def judges(self) -> bool:
        """Whether iterates must be judged before the attack's end."""
        return self.stop is not None or self.keep != "last"

    @property
    def ends_early(self) -> bool:
        """Whether a photo's attack may end before its last step."""
        return self.stop is not None or self.keep == "first_success"

    def over(self, assessment: Assessment) -> bool:
        """Return whether a photo's attack ends at an iterate with this assessment."""
        succeeded = self.keep == "first_success" and assessment.fooled
        return succeeded or (self.stop is not None and self.stop(assessment))
