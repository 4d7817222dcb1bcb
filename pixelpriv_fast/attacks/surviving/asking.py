"""The panel, asked of a photo under attack: it decides when the attack is over."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from ...channels import Channel
from ...channels.panel import Panel, Reads, Treatment
from ...codecs.transparency import over
from ...logits import Doubles, leads
from ...runtime.device import threads
from ...types import Floats, Pixels
from ..goals import ClassSet
from ..task import AttackTask
from .questions import Answers, Asking, Question

#: How far another class must lead, in logits, for a treatment to count as passed. Treatments that the panel does not have come
#: close to it, and the verdict reads the file by the same networks: Choice by ``benchmarks/decisions/robust_constants.py``.
MARGIN: Final = 2.25
#: The number of treatments that are asked first: where one of them fails, the others need no answer.
FIRST: Final = 4
#: Samples from which on the treatments of one photo run in threads.
LARGE: Final = 3_000_000
#: How many errors of a rough lead its distance from the margin must be for the rough answer to stand. Choice: the error is a
#: standard deviation, and a wrong answer here costs a round or half the margin, never a wrong verdict.
SURE: Final = 3.0
#: From which lead on, either way, an answer in fp32 stands for a verdict's own network. Choice: a tenth of a logit, far above the
#: last bits in which that one and a network with gradients differ.
CLEAR: Final = 0.1


@dataclass(slots=True, eq=False)
class PanelAsked:
    """The panel of one photo: what it says of the attacked photo, and what the original shows.

    Attributes
    ----------
    panel : Panel
        The treatments.
    task : AttackTask
        The victims.
    index : int
        The photo's place in ``task``.
    flee : sequence of bool arrays of shape (classes,)
        For each victim the classes to hide.
    saved : Channel or None
        What saving does to the photo; None for nothing.
    original : uint8 array of shape (height, width, 3), RGB
        The photo before the attack and the enhancement.
    known : dict of Treatment to Reads
        What is known of the original, see ``PanelReadings.reads``; what is found out and clear joins it.
    leads : dict of int to tuple of float
        Of each treatment that was asked last, by its place, each victim's lead.
    """

    panel: Panel
    task: AttackTask
    index: int
    flee: Sequence[ClassSet]
    saved: Channel | None
    original: Pixels
    known: dict[Treatment, Reads] = field(default_factory=dict)
    leads: dict[int, tuple[float, ...]] = field(default_factory=dict)
    _reads: dict[int, tuple[bool, ...]] = field(default_factory=dict)
    _short: float = 0.0

    @classmethod
    def of(cls, panel: Panel, task: AttackTask, index: int, photo: Pixels) -> PanelAsked:
        """Make the panel of a task's photo.

        Parameters
        ----------
        panel : Panel
            The treatments.
        task : AttackTask
            The victims, what saving does, and the originals.
        index : int
            The photo's place in ``task``.
        photo : uint8 array of shape (height, width, 3), RGB
            The photo that is attacked: the original where the task has none.

        Returns
        -------
        PanelAsked
            The panel; nothing is known yet.
        """
        flee = tuple(
            np.isin(np.arange(victim.classes), rows[index])
            for victim, rows in zip(task.victims, task.flee, strict=True)
        )
        saved = task.saved[index] if task.saved else None
        original = task.originals[index] if task.originals else photo
        return cls(panel, task, index, flee, saved, original, _known(task, index))

    def failed(self, photo: Pixels, margin: float = MARGIN) -> Asking[tuple[str, ...]]:
        """Ask the treatments, those that came closest to failing first, and go on only if these pass.

        Parameters
        ----------
        photo : uint8 array of shape (height, width, 3), RGB
            The attacked photo, before it is saved.
        margin : float
            How far another class must lead, in logits.

        Returns
        -------
        tuple of str
            Names of treatments that fail, in the panel's order; () if all pass.
        """
        file = photo if self.saved is None else self.saved.forward(photo)
        places = sorted(range(len(self.panel.treatments)), key=self._promise)
        for part in (places[:FIRST], places[FIRST:]):
            failed = yield from self._failed_of(file, part, margin)
            if failed:
                return tuple(self.panel.treatments[place].name for place in sorted(failed))
        return ()

    def _promise(self, place: int) -> tuple[float, int]:
        """Order treatments by how well they passed last; before that, from the panel's end, where the long chains are."""
        return min(self.leads.get(place, (-math.inf,))), -place

    def _failed_of(self, file: Pixels, places: Sequence[int], margin: float) -> Asking[list[int]]:
        found = yield from self._ask(file, places, margin if self.task.rankers else None)
        self.leads.update(found)
        close = [place for place, ahead in found.items() if min(ahead) < margin]
        read = (yield from self._read_before(close)) if close else {}
        failed = [p for p in close if any(known and a < margin for known, a in zip(read[p], found[p], strict=True))]
        self._short = max((margin - min(found[place]) for place in failed), default=0.0)
        return failed

    def short(self) -> float:
        """Return by how much the worst of the treatments that failed last is short of the margin, in logits."""
        return self._short

    def _read_before(self, places: Sequence[int]) -> Asking[dict[int, tuple[bool, ...]]]:
        """Find out after which treatments each victim reads the original."""
        treatments, nobody = self.panel.treatments, (False,) * len(self.flee)
        for place in places:
            if place not in self._reads and treatments[place] in self.known:
                self._reads[place] = self.known[treatments[place]] or nobody
        unknown = [place for place in places if place not in self._reads]
        if unknown:
            found = yield from self._ask(self.original, unknown)
            for place in unknown:
                ahead = found.get(place)
                reads = None if ahead is None else tuple(a <= 0 for a in ahead)
                self._reads[place] = reads or nobody
                if all(abs(a) >= CLEAR for a in ahead or ()):
                    self.known[treatments[place]] = reads
        return {place: self._reads[place] for place in places}

    def _ask(
        self, file: Pixels, places: Sequence[int], roughly: float | None = None
    ) -> Asking[dict[int, tuple[float, ...]]]:
        """Return each victim's lead after some treatments, roughly where it is clear of a margin; None for all in fp32.

        Treatments that cannot be applied are left out.
        """
        views = self._views(file)
        treat = partial(self._inputs, views)
        if file.size < LARGE:
            found = list(map(treat, places))
        else:  # one photo alone must not leave the other cores idle
            with ThreadPoolExecutor(threads(), thread_name_prefix="pixelpriv-panel") as pool:
                found = list(pool.map(treat, places))
        inputs = {place: made for place, made in zip(places, found, strict=True) if made is not None}
        ahead: dict[int, tuple[float, ...]] = dict.fromkeys(inputs, ())
        for v, flee in enumerate(self.flee if inputs else ()):
            seen = [made[v] for made in inputs.values()]
            asked = _leads(v, seen, flee) if roughly is None else _rough_leads(self.task, v, seen, flee, roughly)
            found_leads = yield from asked
            ahead = {p: (*known, float(lead)) for (p, known), lead in zip(ahead.items(), found_leads, strict=True)}
        return ahead

    def _views(self, file: Pixels) -> list[tuple[Pixels, Pixels]]:
        """Return for each background the file as it is seen, and what treatments start from."""
        alpha, backgrounds = self.task.alpha(self.index), dict.fromkeys(self.task.backgrounds)
        seen = [file] if alpha is None else [over(file, alpha, background) for background in backgrounds]
        return [(view, self.panel.shared(view)) for view in seen]

    def _inputs(self, views: Sequence[tuple[Pixels, Pixels]], place: int) -> list[Floats] | None:
        """Return each victim's input after one treatment; None if it cannot be applied."""
        treatment = self.panel.treatments[place]
        made: list[Floats] = []
        victims = len(self.task.victims) // len(views)  # all networks over one background after the other
        for number, (view, shared) in enumerate(views):
            treated = treatment.treated(view if treatment.channel is None else shared)
            if treated is None:
                return None
            part = self.task.victims[number * victims : (number + 1) * victims]
            made += [victim.preprocess.rounded(treated) for victim in part]
        return made


def _known(task: AttackTask, index: int) -> dict[Treatment, Reads]:
    """Return what is known of a photo's original, to be added to; apart from it where an edit moved its transparency along."""
    if not task.readings:
        return {}
    readings, alpha = task.readings[index], task.alpha(index)
    return readings.reads if alpha is None or alpha is readings.alpha else {}


def _leads(v: int, inputs: Sequence[Floats], flee: ClassSet) -> Asking[Doubles]:
    """Return how far another class leads on each input, in fp32."""
    answers: Answers = yield Question("logits", inputs, v)
    return _leads_of(answers, flee)


def _rough_leads(task: AttackTask, v: int, inputs: Sequence[Floats], flee: ClassSet, margin: float) -> Asking[Doubles]:
    """Return how far another class leads on each input: roughly where that is clear of the margin, else in fp32."""
    answers: Answers = yield Question("rough", inputs, v)
    found = _leads_of(answers, flee)
    close = np.flatnonzero(np.abs(found - margin) < SURE * task.rankers[v].error).tolist()
    if close:
        found[close] = yield from _leads(v, [inputs[place] for place in close], flee)
    return found


def _leads_of(answers: Answers, flee: ClassSet) -> Doubles:
    rows = np.stack(answers)
    return leads(rows, np.broadcast_to(flee, rows.shape))[1]
