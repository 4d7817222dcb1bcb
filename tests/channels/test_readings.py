"""What networks read of treated photos: in the panel's order, whatever is asked together, and each original once."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pytest

from pixelpriv_fast.channels.crop import Crop
from pixelpriv_fast.channels.panel import LARGE_LONG_SIDE, Panel, Treatment
from pixelpriv_fast.channels.readings import PanelReader, PanelReadings, file_reads
from pixelpriv_fast.channels.resize import Resize
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.models import Preprocess
from pixelpriv_fast.types import Floats, Logits, Pixels, Survival
from tests.scenes import scene

SIDE = 8


@dataclass
class Patchwork:
    """A network with a class for each of 64 patches, the brightest of one channel is its top-1; it counts its inputs."""

    channel: int = 0
    inputs: int = 0
    sizes: list[int] = field(default_factory=list)
    preprocess = Preprocess(size=(SIDE, SIDE), resize="squash", resize_to=(SIDE, SIDE), mean=(0.0,) * 3, std=(1.0,) * 3)

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        self.inputs += len(inputs)
        self.sizes.append(len(inputs))
        return inputs[:, self.channel].reshape(len(inputs), -1)


def top(network: Patchwork, photo: Pixels) -> int:
    return int(network.preprocess.rounded(photo)[network.channel].argmax())


def original(photo: Pixels, *networks: Patchwork) -> PanelReadings:
    return PanelReadings(photo, tuple((top(network, photo),) for network in networks))


def expected(panel: Panel, network: Patchwork, photo: Pixels, flee: int) -> tuple[tuple[bool, ...], ...]:
    """One treatment after the other, one network, no batch."""
    return tuple(
        (top(network, treated) == flee,) for t in panel.treatments if (treated := t.treated(photo)) is not None
    )


@pytest.mark.parametrize("batch", [1, 5, 100])
def test_answers_are_the_plain_ones_in_the_panels_order(batch: int) -> None:
    network = Patchwork()
    photos = [scene(60 + 7 * i, 90, i) for i in range(4)]
    results = [np.roll(photo, 31, axis=1) if i % 2 else photo for i, photo in enumerate(photos)]
    originals = [original(photo, network) for photo in photos]
    reader = PanelReader(SHARING, [network], batch)
    before, after = reader.before(originals), reader.after(originals, results)
    for i, readings in enumerate(originals):
        ((flee,),) = readings.flee
        assert before[i] == expected(SHARING, network, photos[i], flee)
        assert after[i] == expected(SHARING, network, results[i], flee)
    assert before != after
    assert reader.survival(originals, results) == [SHARING.survival(b, a) for b, a in zip(before, after, strict=True)]


def test_an_original_is_read_once_and_only_what_is_missing() -> None:
    network = Patchwork()
    readings = original(scene(50, 50), network)
    few = Panel("few", SHARING.treatments[:3])
    first = PanelReader(few, [network], 4).before([readings])
    assert network.inputs == 3
    again = PanelReader(SHARING, [network], 4).before([readings, readings])
    assert network.inputs == len(SHARING.treatments)
    assert again[0][:3] == first[0]
    PanelReader(SHARING, [network], 4).survival([readings], [scene(50, 50, 1)])
    assert network.inputs == 2 * len(SHARING.treatments)


def test_network_calls_are_full_over_treatments_and_photos() -> None:
    network = Patchwork()
    originals = [original(scene(40, 40, i), network) for i in range(3)]
    PanelReader(SHARING, [network], 10).before(originals)
    assert network.sizes == [10, 10, 10, 6]


def test_each_network_reads_over_each_background() -> None:
    red, blue = Patchwork(0), Patchwork(2)
    photo = scene(64, 64)
    alpha = np.zeros((64, 64), np.uint8)
    alpha[:32] = 255
    # Over white the unseen half is the brightest for both networks; over black what is seen is.
    white, black = photo.copy(), photo.copy()
    white[32:], black[32:] = 255, 0
    flee = tuple((top(network, seen),) for seen in (white, black) for network in (red, blue))
    readings = PanelReadings(photo, flee, alpha, (255, 0))
    ((file, *_),) = PanelReader(Panel("p", SHARING.treatments[:2]), [red, blue]).before([readings])
    assert file == (True, True, True, True)
    swapped = PanelReadings(photo, flee[2:] + flee[:2], alpha, (255, 0))
    ((file, *_),) = PanelReader(Panel("p", SHARING.treatments[:2]), [red, blue]).before([swapped])
    assert file == (False, False, False, False)
    ((opaque, *_),) = PanelReader(Panel("p", SHARING.treatments[:1]), [red, blue]).after([readings], [photo], [None])
    assert opaque == tuple(
        top(network, photo) == classes[0] for network, classes in zip([red, blue] * 2, flee, strict=True)
    )


def test_what_a_format_cannot_hold_counts_neither_way() -> None:
    network = Patchwork()
    photo = np.zeros((30, 17000, 3), np.uint8)
    photo[:, :9000] = 200
    (found,) = PanelReader(SHARING, [network]).survival([original(photo, network)], [photo])
    assert found.not_applied == ("webp 80",)
    assert (found.of, found.passed) == (11, len(found.unread))


@dataclass(frozen=True, slots=True)
class Counting(Resize):
    """A resize that notes how many treatments run at one time."""

    def _at(self, photo: Pixels):  # type: ignore[no-untyped-def]
        with LOCK:
            RUNNING.append(len(RUNNING) + 1)
            PEAK.append(len(RUNNING))
        try:
            return Resize._at(self, photo)
        finally:
            with LOCK:
                RUNNING.pop()


LOCK, RUNNING, PEAK = threading.Lock(), list[int](), list[int]()


def test_few_treated_photos_are_held_at_one_time() -> None:
    network = Patchwork()
    panel = Panel("many", tuple(Treatment(f"{i}", "resize", Counting(0.5 + i / 100)) for i in range(30)))
    PanelReader(panel, [network], slots=threading.Semaphore(1)).before([original(scene(300, 300), network)])
    assert len(PEAK) == 30
    assert max(PEAK) == 1


def test_above_the_limit_all_but_the_file_start_from_the_reduced_photo() -> None:
    seen: list[tuple[int, int]] = []

    class Noting(Patchwork):
        class _Preprocess:
            def rounded(self, photo: Pixels) -> Floats:
                seen.append(photo.shape[:2])
                return Patchwork.preprocess.rounded(photo)

        preprocess = _Preprocess()  # type: ignore[assignment]

    photo = np.zeros((4000, 4200, 3), np.uint8)
    panel = Panel("p", (Treatment("file", "file", None), Treatment("cut", "chain", Crop(0.0))))
    PanelReader(panel, [Noting()]).before([PanelReadings(photo, ((0,),))])
    assert sorted(seen) == [(3901, LARGE_LONG_SIDE), (4000, 4200)]


def test_survival_is_decided_by_the_panel_alone() -> None:
    t, f = (True,), (False,)
    panel = Panel("p", tuple(Treatment(name, "file", None) for name in "abcd"))
    assert panel.survival([t, t, f, None], [t, f, t, None]) == Survival("p", 2, 3, ("a",), ("c",), ("d",))


def test_what_is_known_of_a_result_is_not_read_again() -> None:
    network, photo, result = Patchwork(), scene(50, 50), scene(50, 50, 1)
    reader, wanted = PanelReader(SHARING, [network], 4), PanelReader(SHARING, [network], 4)
    readings = original(photo, network)
    assert reader.survival([readings], [result], [None], [{}]) == wanted.survival([readings], [result])
    told = dict.fromkeys(SHARING.treatments[:5], (True,))
    network.inputs = 0
    (found,) = reader.survival([readings], [result], [None], [told])
    assert network.inputs == 12 - len(told)
    assert set(found.failed) >= {treatment.name for treatment in told if readings.reads[treatment] == (True,)}
    assert len(told) == 5, "a result's readings are the caller's"


def test_logits_of_the_file_say_what_is_read_of_it() -> None:
    network, photo = Patchwork(), scene(50, 50)
    readings = original(photo, network)
    logits = network.logits(network.preprocess.rounded(photo)[None])
    PanelReader(SHARING, [network]).before([readings])
    assert file_reads(logits, readings.flee) == {SHARING.treatments[0]: readings.reads[SHARING.treatments[0]]}
    assert file_reads(logits, [(top(network, photo) + 1,)]) == {SHARING.treatments[0]: (False,)}
