"""Many photos' questions in shared network calls: the right answers, full calls, no thread that outlives them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from pixelpriv_fast.attacks.surviving.questions import FEW, Answers, Asking, Question, run_together
from pixelpriv_fast.attacks.task import AttackTask
from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models import Preprocess

SHAPE = (3, 2, 2)
CLASSES = 4


@dataclass
class Echo:
    """A network whose answers tell its inputs: logits are the input's first number, times this network's."""

    factor: float = 1.0
    repeatable: bool = True
    broken: bool = False
    name: str = "echo"
    classes: int = CLASSES
    preprocess: Preprocess = field(default_factory=lambda: Preprocess(SHAPE[1:]))
    max_batch: int | None = None
    calls: list[tuple[tuple[float, ...], int]] = field(default_factory=list)

    def logits(self, inputs, batch=None):
        self.calls.append((tuple(inputs[:, 0, 0, 0]), batch))
        if self.broken:
            raise ModelError("the network broke")
        return np.repeat(inputs[:, :1, 0, 0] * self.factor, self.classes, axis=1)

    def gradient(self, inputs, *rest):
        """Logits and the set's number in every place of the gradient; without a set, the rating and the input."""
        *sets, batch = rest
        answers = self.logits(inputs, batch)
        if not sets:
            return answers[:, 0], inputs
        return answers, inputs * 0 + (sets[0] @ (1 << np.arange(self.classes)))[:, None, None, None]


def task_of(*victims: Echo, batch: int = 4, scorer: Echo | None = None) -> AttackTask:
    return AttackTask(victims, tuple(() for _ in victims), (), batch=batch, scorer=scorer)


def values(*numbers: float) -> list[np.ndarray]:
    return [np.full(SHAPE, number, np.float32) for number in numbers]


def asker(number: int, questions: int, victim: int = 0, pause: float = 0.0) -> Asking[list[float]]:
    """Ask the network now for more, now for fewer inputs, and return what it said."""
    heard: list[float] = []
    for turn in range(questions):
        time.sleep(pause)
        inputs = values(*(1000 * number + 10 * turn + j for j in range(1 + (number + turn) % 6)))
        answers: Answers = yield Question("logits", inputs, victim)
        assert len(answers) == len(inputs)
        heard += [float(answer[0]) for answer in answers]
    return heard


def expected(number: int, questions: int, factor: float = 1.0) -> list[float]:
    return [
        factor * (1000 * number + 10 * turn + j) for turn in range(questions) for j in range(1 + (number + turn) % 6)
    ]


def ours() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("pixelpriv-attack")]


@pytest.mark.parametrize("repeatable", [True, False])
def test_every_answer_goes_to_who_asked(repeatable: bool) -> None:
    first, second = Echo(1.0, repeatable), Echo(-1.0, repeatable)
    attacks = (asker(number, number % 5, number % 2) for number in range(17))
    found = run_together(attacks, task_of(first, second))
    assert found == [expected(number, number % 5, (1.0, -1.0)[number % 2]) for number in range(17)]
    assert {len(seen) for seen, _ in first.calls} <= {1, 2, 3, 4}
    assert max(len(seen) for seen, _ in first.calls) == 4, "questions of several photos share a call"


def test_what_is_asked_decides_which_answers_come() -> None:
    victim, scorer = Echo(2.0), Echo(3.0)
    sets = [np.array(bits, bool) for bits in ((1, 0, 0, 0), (0, 1, 1, 0))]

    def attack(flee: np.ndarray) -> Asking[list[float]]:
        (plain,) = yield Question("logits", values(7))
        ((logits, gradient), _) = yield Question("gradient", values(5, 6), 0, flee)
        ((rating, slope),) = yield Question("score", values(4))
        assert (plain.shape, gradient.shape, slope.shape) == ((CLASSES,), SHAPE, SHAPE)
        return [float(plain[0]), float(logits[0]), float(gradient[0, 0, 0]), float(rating), float(slope[0, 0, 0])]

    found = run_together((attack(flee) for flee in sets), task_of(victim, scorer=scorer))
    assert found == [[14, 10, 1, 12, 4], [14, 10, 6, 12, 4]]


def test_few_questions_take_a_small_call() -> None:
    def sizes(inputs: int, batch: int, repeatable: bool = True) -> list[tuple[int, int]]:
        victim = Echo(repeatable=repeatable)

        def attack() -> Asking[None]:
            yield Question("logits", values(*range(inputs)))

        run_together(iter([attack()]), task_of(victim, batch=batch))
        return [(len(seen), size) for seen, size in victim.calls]

    assert sizes(2, 16) == [(2, FEW)]
    assert sizes(FEW + 1, 16) == [(FEW + 1, 16)]
    assert sizes(2, 3) == [(2, 3)]
    assert sizes(18, 16) == [(16, 16), (2, FEW)]
    assert sizes(2, 16, repeatable=False) == [(2, 16)], "there answers may depend on the size of the call"


def test_where_answers_depend_on_neighbours_timing_decides_nothing() -> None:
    def calls(pauses: list[float], scorer: Echo | None = None, *, repeatable: bool = False) -> list[object]:
        victim = Echo(repeatable=repeatable)
        run_together((asker(n, 1 + n % 4, pause=pauses[n]) for n in range(11)), task_of(victim, batch=3, scorer=scorer))
        return victim.calls

    slow_last = [0.002 * n for n in range(11)]
    assert calls(slow_last) == calls(slow_last[::-1])
    sensitive = Echo(repeatable=False)
    by_scorer = [calls(pauses, sensitive, repeatable=True) for pauses in (slow_last, slow_last[::-1])]
    assert by_scorer[0] == by_scorer[1], "the scorer's answers count as well"
    assert sum(len(seen) for seen, _ in by_scorer[0]) == sum(len(expected(n, 1 + n % 4)) for n in range(11))


def test_photos_are_begun_when_there_is_room() -> None:
    begun = ended = most = 0

    def attacks() -> Iterator[Asking[int]]:
        nonlocal begun, most
        for number in range(40):
            begun += 1
            most = max(most, begun - ended)
            yield attack(number)

    def attack(number: int) -> Asking[int]:
        nonlocal ended
        for _ in range(1 + number % 7):
            yield Question("logits", values(number))
        ended += 1
        return number

    victim = Echo()
    assert run_together(attacks(), task_of(victim, batch=2)) == list(range(40))
    assert 2 < most <= 5, "twice the batch, and the one that is being begun"
    assert np.mean([len(seen) for seen, _ in victim.calls]) > 1.5, "calls stay full to the end but for the last"


def test_attacks_that_ask_nothing() -> None:
    def silent(number: int) -> Asking[int]:
        return number
        yield

    victim = Echo()
    assert run_together((silent(number) for number in range(20)), task_of(victim)) == list(range(20))
    assert run_together(iter(()), task_of(victim)) == []
    assert victim.calls == []


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_failing_network_or_attack_ends_all_and_leaves_no_thread(repeatable: bool) -> None:
    def failing() -> Asking[list[float]]:
        yield Question("logits", values(1))
        raise ValueError("the attack broke")

    attacks = (asker(number, 3, pause=0.001) if number != 4 else failing() for number in range(9))
    with pytest.raises(ValueError, match="the attack broke"):
        run_together(attacks, task_of(Echo(repeatable=repeatable)))
    assert ours() == []
    with pytest.raises(ModelError, match="the network broke"):
        run_together((asker(number, 3, 1) for number in range(9)), task_of(Echo(), Echo(broken=True)))
    assert ours() == []
    with pytest.raises(RuntimeError, match="without a scorer"):
        run_together(iter([ask_for_a_score()]), task_of(Echo()))
    assert ours() == []


def ask_for_a_score() -> Asking[None]:
    yield Question("score", values(1))


def test_an_interrupt_in_an_attack_reaches_the_caller() -> None:
    def interrupted() -> Asking[None]:
        raise KeyboardInterrupt
        yield

    with pytest.raises(KeyboardInterrupt):
        run_together(iter([interrupted()]), task_of(Echo()))
    assert ours() == []
