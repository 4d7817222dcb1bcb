"""The attack of one photo: what the panel said of it holds for what is handed back, at any size and shape."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from pixelpriv_fast.attacks import AttackTask, Robust
from pixelpriv_fast.attacks.surviving.asking import PanelAsked
from pixelpriv_fast.attacks.surviving.photo import HALVINGS
from pixelpriv_fast.channels import Chain, Recompress
from pixelpriv_fast.channels.panel import Panel, Treatment
from pixelpriv_fast.channels.readings import PanelReader, PanelReadings
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.codecs.transparency import BACKGROUNDS, WHITE
from pixelpriv_fast.errors import PhotoError
from tests.attacks.conftest import SHORT_SIDE, SQUASHED, LinearScorer, engine, photo
from tests.attacks.test_contract import linf, task_for
from tests.attacks.test_transparency import task_over, veil

SIZES = [(24, 24), (40, 31), (17, 50), (33, 33), (90, 120), (120, 61)]
SAVED = Recompress("jpeg", 92, "444")


Said = list[tuple[np.ndarray, bool]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> Said:
    """Every photo that a panel was asked of, and whether it passed."""
    heard: Said = []
    ask = PanelAsked.failed

    def listened(self, shown, margin):
        failed = yield from ask(self, shown, margin)
        heard.append((shown.copy(), not failed))
        return failed

    monkeypatch.setattr(PanelAsked, "failed", listened)
    return heard


def survives(task: AttackTask, index: int, original: np.ndarray, result: np.ndarray, saved=None) -> bool:
    """What a result's own panel says of it: of other code than the attack's."""
    alpha, networks = task.alpha(index), list(dict.fromkeys(task.victims))
    backgrounds = (WHITE,) if alpha is None else BACKGROUNDS
    readings = PanelReadings(original, tuple(rows[index] for rows in task.flee), alpha, backgrounds)
    file = result if saved is None else saved.forward(result)
    (found,) = PanelReader(SHARING, networks).survival([readings], [file], [alpha])
    return found.complete


@pytest.mark.parametrize("saved", [None, SAVED], ids=["pixels", "jpeg"])
@pytest.mark.parametrize("networks", [1, 2])
def test_what_is_handed_back_passes_the_panel_if_any_round_did(said: Said, saved, networks: int) -> None:
    victims = [engine(SQUASHED, gain=40), engine(SHORT_SIDE, 1, gain=40)][:networks]
    attack, passed = Robust(steps=4), 0
    for seed, size in enumerate(SIZES):
        start = photo(*size, seed=seed)
        task = task_for(victims, [start], saved=(saved,))
        said.clear()
        (outcome,) = attack.run([start], task)
        assert outcome.linf == linf(outcome.photo, start)
        passing = [place for place, (_, good) in enumerate(said) if good]
        if not passing:
            assert len(said) == attack.rounds
            continue
        assert len(said) == passing[0] + 1 + HALVINGS, "the first round that passes is the last one"
        np.testing.assert_array_equal(outcome.photo, said[passing[-1]][0])
        assert outcome.fooled
        assert survives(task, 0, start, outcome.photo, saved)
        passed += 1
    assert passed


@pytest.mark.parametrize("size", [(33, 33), (90, 120)])
def test_transparent_photos_survive_over_white_and_over_black(said: Said, size: tuple[int, int]) -> None:
    victim, passed = engine(SQUASHED, gain=40), 0
    for seed in range(5):
        start, alpha = photo(*size, seed=seed), veil(*size, seed=seed)
        task = task_over([victim], [start], [alpha], saved=(None,))
        (outcome,) = Robust(epsilon=24 / 255).run([start], task)
        np.testing.assert_array_equal(outcome.photo[alpha == 0], start[alpha == 0])
        assert 0 < outcome.linf <= 24
        good = any(good for _, good in said)
        assert not good or survives(task, 0, start, outcome.photo)
        passed += good
        said.clear()
    assert passed


def test_a_transparent_photo_is_trained_on_as_its_file_shows_it() -> None:
    start, alpha = photo(33, 33), veil(33, 33)
    outcomes = [
        Robust(steps=4, rounds=1).run(
            [start], task_over([engine(SQUASHED, gain=40)], [start], [alpha], saved=(saved,))
        )[0]
        for saved in (None, Recompress("jpeg", 40, "444"))
    ]
    assert not np.array_equal(outcomes[0].photo, outcomes[1].photo)


def test_what_is_not_needed_is_given_back(said: Said) -> None:
    given = 0
    for seed in range(8):
        start = photo(33, 33, seed=seed)
        said.clear()
        (outcome,) = Robust(epsilon=24 / 255).run([start], task_for([engine(SQUASHED, gain=40)], [start]))
        full = next((shown for shown, good in said if good), None)
        if full is not None:
            spent, kept = (np.abs(p.astype(int) - start).sum() for p in (full, outcome.photo))
            assert kept <= spent
            given += kept < 0.95 * spent
    assert given


def test_a_photo_whose_time_is_over_ends_with_what_it_has(said: Said) -> None:
    start, asked = photo(24, 24), []

    def expired(index: int) -> bool:
        asked.append(index)
        return len(asked) > 3

    (outcome,) = Robust(copies=1, steps=50).run(
        [start], task_for([engine(SQUASHED, gain=40)], [start], expired=expired)
    )
    assert outcome.steps == 3
    assert said == []
    assert 0 < outcome.linf <= 8


def test_appeal_raises_the_rating_and_still_fools() -> None:
    scorer, starts = LinearScorer.of(3), [photo(24, 24, seed=1), photo(90, 120, seed=2), photo(31, 40, seed=3)]
    alphas = [None, None, veil(31, 40)]
    for start, alpha in zip(starts, alphas, strict=True):
        victims = [engine(SQUASHED, gain=8)]
        task = task_for(victims, [start]) if alpha is None else task_over(victims, [start], [alpha])
        ratings = []
        for appeal in (0.0, 1.0):
            attack = Robust(steps=4, rounds=3, appeal=appeal)
            (outcome,) = attack.run([start], dataclasses.replace(task, scorer=scorer))
            seen = scorer.preprocess.rounded(outcome.photo)
            ratings.append(float(scorer.gradient(seen[None])[0][0]))
        assert ratings[1] > ratings[0]
        assert outcome.fooled


@pytest.mark.parametrize("channels", ["webp", "chain", "jpeg"])
def test_what_a_format_cannot_hold_ends_no_photo(monkeypatch: pytest.MonkeyPatch, channels: str) -> None:
    at = Recompress.at

    def limited(self, shown):
        if max(shown.shape) > 60:
            raise PhotoError("too large")
        return at(self, shown)

    monkeypatch.setattr(Recompress, "at", limited)
    start = photo(20, 70)
    (outcome,) = Robust(steps=2, rounds=2, channels=channels).run(
        [start], task_for([engine(SQUASHED, gain=40)], [start])
    )
    assert outcome.linf > 0


def test_a_format_really_has_its_limit() -> None:
    start = photo(3, 16400)
    with pytest.raises(PhotoError, match="16,383 a side"):
        Recompress("webp", 60).forward(start)
    (outcome,) = Robust(steps=1, rounds=1, channels="webp").run([start], task_for([engine(SQUASHED, gain=40)], [start]))
    assert outcome.steps > 0


def odd_photos() -> list[np.ndarray]:
    tiny = [photo(*size) for size in ((1, 1), (1, 16), (16, 1), (2, 3), (7, 5), (16, 16))]
    plain = [np.full((40, 50, 3), level, np.uint8) for level in (0, 128, 255)]
    return [*tiny, *plain, np.repeat(photo(30, 30)[..., :1], 3, axis=2), photo(3, 700), photo(700, 3)]


@pytest.mark.parametrize("start", odd_photos(), ids=lambda start: "x".join(map(str, start.shape[:2])))
def test_odd_photos_get_an_honest_outcome(start: np.ndarray) -> None:
    victim = engine(SQUASHED, gain=40)
    (outcome,) = Robust(steps=2, rounds=3).run([start], task_for([victim], [start], saved=(SAVED,)))
    assert outcome.photo.shape == start.shape
    assert outcome.linf == linf(outcome.photo, start) <= 8
    was, now = (victim.logits(SQUASHED.rounded(p)[None]).argmax() for p in (start, outcome.photo))
    assert outcome.fooled == (was != now)


def test_kinds_that_failed_are_trained_on_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """A panel that WebP alone cannot pass: its kind joins the copies of the second round."""
    from pixelpriv_fast.channels.training import Training

    drawn: list[str] = []
    draw = Training.draw
    monkeypatch.setattr(Training, "draw", lambda self, kind, rng: drawn.append(kind) or draw(self, kind, rng))
    monkeypatch.setattr(PanelAsked, "failed", lambda self, shown, margin: nothing(("hard",)))
    panel = Panel("one", (Treatment("hard", "webp", Chain()),))
    monkeypatch.setattr(Robust, "_panel", lambda self: panel)
    start = photo(24, 24)
    Robust(copies=3, steps=2, rounds=2).run([start], task_for([engine(SQUASHED, gain=40)], [start]))
    first, second = drawn[:12], drawn[12:]  # twice as many steps of three copies in the first round
    assert "webp" not in first
    assert second.count("webp") == len(second) // 2 > 0


def nothing(answer: tuple[str, ...]):
    return answer
    yield
