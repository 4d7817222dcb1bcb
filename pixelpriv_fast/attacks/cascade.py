"""Several attacks as one: a later attack runs only on the photos that the earlier ones left it something to do on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..types import Alpha, Edit, Pixels
from .contract import Attack
from .task import AttackOutcome, AttackTask


@dataclass(frozen=True, slots=True)
class Cascade(Attack):
    """Attacks in order, each for the photos that are still recognised, or that survive less than it works for.

    What an edit did stays, and later attacks start from it. Noise that was not enough is taken away again: a photo never bears
    more than one attack's noise, and its change is within that attack's epsilon. It comes back only where the later attack does
    not even fool.

    Parameters
    ----------
    attacks : tuple of Attack
        The attacks, at least one.
    every : bool
        Whether every attack runs on every photo, as a retry needs it: there the file is recognised, not the photo.
    """

    attacks: tuple[Attack, ...]
    every: bool = False

    @property
    def ends_early(self) -> bool:
        """True: a photo is done once an attack has fooled."""
        return True

    @property
    def wants_appeal(self) -> bool:
        """Whether one of the attacks does."""
        return any(attack.wants_appeal for attack in self.attacks)

    @property
    def budget(self) -> int:
        """The largest of the attacks' budgets."""
        return max(attack.budget for attack in self.attacks)

    def stronger(self) -> Attack | None:
        """Return the last of ``retries_of`` the attacks."""
        return next(reversed(retries_of(self.attacks)), None)

    def _attack(self, starts: Sequence[Pixels], task: AttackTask) -> list[AttackOutcome]:
        if not task.originals:
            task = replace(task, originals=tuple(starts))
        bases, edits, moved = list(starts), dict[int, Edit](), dict[int, Alpha]()
        outcomes: dict[int, AttackOutcome] = {}
        for number, attack in enumerate(self.attacks, 1):
            pending = self._pending(attack, outcomes, task)
            if not pending:
                continue
            fooled = {i for i in pending if i in outcomes and outcomes[i].fooled and not self.every}
            asked = task.judged or bool(fooled) if number == len(self.attacks) else not self.every
            part = replace(_part(task, pending, moved), judged=asked)
            for i, outcome in zip(pending, attack.run([bases[i] for i in pending], part), strict=True):
                taken = outcomes[i].steps if i in outcomes else 0
                if i in fooled and not outcome.fooled:
                    outcomes[i] = replace(outcomes[i], steps=taken + outcome.steps)
                    continue
                if outcome.edit is not None:  # told by the change since the photo came in, whatever changed it
                    bases[i], names = outcome.photo, [edits[i].name] if i in edits else []
                    edits[i] = Edit("+".join([*names, outcome.edit.name]), _largest_change(starts[i], outcome.photo))
                    outcome = replace(outcome, linf=edits[i].linf)
                if outcome.alpha is not None:
                    moved[i] = outcome.alpha
                outcomes[i] = replace(outcome, edit=edits.get(i), steps=taken + outcome.steps, alpha=moved.get(i))
        return [outcomes[i] for i in range(len(starts))]

    def _pending(self, attack: Attack, outcomes: Mapping[int, AttackOutcome], task: AttackTask) -> list[int]:
        """List the photos that an attack is to run on, after what the earlier ones made of them."""
        everybody = range(len(task.seeds))
        fooled = [i for i, outcome in outcomes.items() if outcome.fooled and not self.every]
        if not fooled:
            return list(everybody)
        moved = {i: outcome.alpha for i, outcome in outcomes.items() if outcome.alpha is not None}
        content = attack.content([outcomes[i].photo for i in fooled], _part(task, fooled, moved))
        done = {i for i, good in zip(fooled, content, strict=True) if good}
        return [i for i in everybody if i not in done]


def _part(task: AttackTask, photos: Sequence[int], moved: Mapping[int, Alpha]) -> AttackTask:
    """Return the task for some of its photos, with the transparency that moved along."""
    part = task.only(photos)
    return replace(part, alphas=tuple(moved.get(i, task.alphas[i]) for i in photos)) if part.alphas else part


def retries_of(attacks: Sequence[Attack]) -> tuple[Attack, ...]:
    """List what is tried on a photo whose file brought back the class to hide, the least change first.

    Parameters
    ----------
    attacks : sequence of Attack
        A recipe's attacks, in their order.

    Returns
    -------
    tuple of Attack
        Each attack's stronger form, where there is one, on top of the edits before it.
    """
    tried: list[Attack] = []
    for number, attack in enumerate(attacks):
        stronger = attack.stronger()
        if stronger is not None:
            edits = tuple(earlier for earlier in attacks[:number] if earlier.edits)
            tried.append(Cascade((*edits, stronger), every=True) if edits else stronger)
    return tuple(tried)


def _largest_change(before: Pixels, after: Pixels) -> int:
    return int((np.maximum(before, after) - np.minimum(before, after)).max(initial=0))
