"""Many photos' attacks at once. Each is a generator that asks the networks; questions of all photos share network calls.

An attack of one photo can then be read from top to bottom, and no photo waits for another: one that has its answers goes on, in a
thread beside the networks, and a photo that is done makes room for the next one.
"""

from __future__ import annotations

import queue
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np

from ...runtime.device import threads
from ...types import Floats
from ..goals import ClassSet
from ..task import AttackTask, with_gradient

#: The number of inputs in a call where no more than that are asked; a full batch would be padding for the larger part.
FEW: Final = 4

T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """What one photo's attack wants to know of a network.

    Attributes
    ----------
    what : {"logits", "rough", "gradient", "score"}
        The logits in fp32, or by the victim's ranker; logits and the gradient of leaving ``flee``; the scorer's rating and its
        gradient.
    inputs : sequence of float32 arrays of shape (3, h, w)
        The network's inputs, at least one.
    victim : int
        The network's place among the victims; 0 for the scorer.
    flee : bool array of shape (classes,), optional
        For "gradient", the classes to leave.
    """

    what: Literal["logits", "rough", "gradient", "score"]
    inputs: Sequence[Floats]
    victim: int = 0
    flee: ClassSet | None = None


#: Of each input what the network says, in order: for "logits" and "rough" an array, else a pair of logits or rating, and
#: gradient.
Answers: TypeAlias = list[Any]
Asking: TypeAlias = Generator[Question, Answers, T]

_Key: TypeAlias = tuple[str, int]


@dataclass(slots=True, eq=False)
class _Attack:
    """One photo's attack while it waits for answers."""

    index: int
    asking: Asking[Any]
    answers: Answers = field(default_factory=list)
    left: int = 0  #: answers still to come


def run_together(attacks: Iterator[Asking[T]], task: AttackTask) -> list[T]:
    """Run attacks to their ends.

    Parameters
    ----------
    attacks : iterator of generators
        One a photo, begun when there is room. Each yields ``Question`` and is sent ``Answers``.
    task : AttackTask
        The networks, and the batch size of their calls.

    Returns
    -------
    list
        What each generator returned, in their order.
    """
    return _Exchange(task).run(attacks)


class _Exchange:
    """The questions that wait, and the threads in which attacks go on."""

    def __init__(self, task: AttackTask) -> None:
        self._task = task
        self._batch = max(1, task.batch)
        # Where bits depend on a call's other inputs, questions are asked once all are there: timing must decide nothing.
        networks = (*task.victims, *(() if task.scorer is None else (task.scorer,)))
        self._free = all(network.repeatable for network in networks)
        self._waiting: dict[_Key, deque[tuple[_Attack, int, Question]]] = {}
        self._moved: queue.SimpleQueue[tuple[_Attack, Question | None, Any, BaseException | None]] = queue.SimpleQueue()
        self._going = 0  #: attacks in threads

    def run(self, attacks: Iterator[Asking[T]]) -> list[T]:
        results: dict[int, T] = {}
        numbered = enumerate(attacks)
        active = 0
        with ThreadPoolExecutor(threads(), thread_name_prefix="pixelpriv-attack") as pool:
            while True:
                while active < 2 * self._batch and (entry := next(numbered, None)) is not None:
                    self._go_on(pool, _Attack(*entry))
                    active += 1
                if not active:
                    return [results[index] for index in range(len(results))]
                active -= self._collect(results)
                for attack in self._answer():
                    self._go_on(pool, attack)

    def _go_on(self, pool: ThreadPoolExecutor, attack: _Attack) -> None:
        self._going += 1
        pool.submit(self._resume, attack)

    def _resume(self, attack: _Attack) -> None:
        """Let one attack go on to its next question, or to its end; runs in a thread."""
        try:
            given, attack.answers = attack.answers, []
            question = attack.asking.send(given) if given else next(attack.asking)
            attack.answers, attack.left = [None] * len(question.inputs), len(question.inputs)
            self._moved.put((attack, question, None, None))
        except StopIteration as end:
            self._moved.put((attack, None, end.value, None))
        except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
            self._moved.put((attack, None, None, error))

    def _collect(self, results: dict[int, Any]) -> int:
        """Take what attacks in threads have come to, waiting until a call can be made; return how many ended."""
        ended = 0
        while self._going and not (self._free and self._full()):
            attack, question, result, error = self._moved.get()
            self._going -= 1
            if error is not None:
                raise error
            if question is None:
                results[attack.index] = result
                ended += 1
                if self._free:
                    return ended  # its place can be taken
                continue
            asked = self._waiting.setdefault((question.what, question.victim), deque())
            asked.extend((attack, place, question) for place in range(len(question.inputs)))
        return ended

    def _full(self) -> bool:
        return any(len(asked) >= self._batch for asked in self._waiting.values())

    def _answer(self) -> list[_Attack]:
        """Make one network call, of the longest list of questions; return the attacks that have all their answers."""
        if not any(self._waiting.values()) or (self._going and not self._full()):
            return []
        # The order of a call's inputs is that of the photos, so that where bits depend on it timing does not.
        key = max(self._waiting, key=lambda k: (len(self._waiting[k]), k))
        asked = self._waiting[key]
        if not self._free:
            asked = self._waiting[key] = deque(sorted(asked, key=lambda entry: (entry[0].index, entry[1])))
        part = [asked.popleft() for _ in range(min(self._batch, len(asked)))]
        ready = []
        for (attack, place, _), answer in zip(
            part, self._call(*key, [entry[2:] + entry[1:2] for entry in part]), strict=True
        ):
            attack.answers[place] = answer
            attack.left -= 1
            if not attack.left:
                ready.append(attack)
        return ready

    def _call(self, what: str, v: int, entries: Sequence[tuple[Question, int]]) -> Answers:
        inputs = np.stack([question.inputs[place] for question, place in entries])
        size = FEW if self._free and len(inputs) <= FEW < self._batch else self._batch
        if what == "logits":
            return list(self._task.victims[v].logits(inputs, size))
        if what == "rough":
            return list(self._task.rankers[v].logits(inputs, size))
        if what == "score":
            if self._task.scorer is None:
                raise RuntimeError("a score was asked for without a scorer")
            return list(zip(*self._task.scorer.gradient(inputs, size), strict=True))
        sets = np.stack([question.flee for question, _ in entries if question.flee is not None])
        return list(zip(*with_gradient(self._task.victims[v]).gradient(inputs, sets, size), strict=True))
