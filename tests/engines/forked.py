"""Run as a program: makes a thing that computes, forks for real, and says what came of deeds in children.

``python -m tests.engines.forked FOLDER WHAT DEED...``; prints JSON: the children's ``answers`` by deed, "hang" for one that had
to be killed, and whether the parent's own thing still works ``after``. Children end by ``os._exit``, as those of
multiprocessing do.
"""

from __future__ import annotations

import gc
import json
import os
import select
import signal
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from pixelpriv_fast.attacks import LeastLikely
from pixelpriv_fast.engines.onnx.engine import load
from pixelpriv_fast.models import Preprocess, read
from pixelpriv_fast.protection.protector import Protector
from pixelpriv_fast.protection.recipes import Recipe

#: Seconds that a child may take; what it does takes one.
LIMIT = 60
#: The side of the torch network's input: large enough for its loops to be shared out among threads.
_SIDE = 64


def onnx(folder: Path, provider: str) -> tuple[Any, Callable[[Any], bytes]]:
    """An engine and what it is asked: both its kinds of pass."""
    engine = load(read(folder / "small.onnx"), provider, "auto")
    return engine, partial(_gradient, side=20)


def torch(folder: Path) -> tuple[Any, Callable[[Any], bytes]]:
    from torch import nn

    from pixelpriv_fast.engines.torch.engine import TorchEngine

    layers = nn.Conv2d(3, 64, 3, padding=1), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 6)
    engine = TorchEngine.of("small", nn.Sequential(*layers), Preprocess((_SIDE, _SIDE)), "cpu")
    return engine, partial(_gradient, side=_SIDE)


def protector(folder: Path) -> tuple[Any, Callable[[Any], bytes]]:
    made = Protector(
        Recipe(attack=LeastLikely(steps=2)), classifier=str(folder / "small.onnx"), device="cpu", metrics=()
    )
    photo = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    return made, lambda asked: bytes(asked.protect(photo).image.tobytes())


MAKE: dict[str, Callable[[Path], tuple[Any, Callable[[Any], bytes]]]] = {
    "openvino": partial(onnx, provider="openvino"),
    "onnxruntime": partial(onnx, provider="onnxruntime"),
    "torch": torch,
    "protector": protector,
}


def _gradient(engine: Any, side: int) -> bytes:
    inputs = np.random.default_rng(0).normal(size=(2, 3, side, side)).astype(np.float32)
    accepted = np.eye(6, dtype=bool)[:2]
    engine.logits(inputs, 2)
    return bytes(engine.gradient(inputs, accepted, 2)[1].tobytes())


def deed(folder: Path, word: str, held: list[Any], ask: Callable[[Any], bytes], want: bytes) -> str:
    """What the child does with ``held``, the parent's thing that answered ``want``."""
    if word == "use":
        ask(held[0])
    elif word == "close":
        held[0].close()
        held[0].close()
    elif word == "drop":
        held.clear()
        gc.collect()
    elif word == "close and use":
        held[0].close()
        return "the same" if ask(held[0]) == want else "other bytes"
    else:  # "new KIND"
        made, ask_new = MAKE[word.removeprefix("new ")](folder)
        ask_new(made)
        made.close()
    return "done"


def in_a_child(work: Callable[[], str]) -> str:
    """What ``work`` returns or raises in a forked child; "hang" where that takes longer than ``LIMIT``."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            answer = work()
        except Exception as error:  # noqa: BLE001 - the answer, whatever it is
            answer = f"{type(error).__name__}: {error}"
        os.write(writing, answer.encode())
        os._exit(0)
    os.close(writing)
    answered, _, _ = select.select([reading], [], [], LIMIT)
    if not answered:
        os.kill(pid, signal.SIGKILL)
    answer = os.read(reading, 4096).decode() if answered else "hang"
    _, code = os.waitpid(pid, 0)
    return answer or f"ended with {os.waitstatus_to_exitcode(code)}"


def main(folder: Path, what: str, *words: str) -> None:
    thing, ask = MAKE[what](folder)
    want = ask(thing)
    held = [thing]
    del thing  # whoever clears the list drops it
    answers = {word: in_a_child(partial(deed, folder, word, held, ask, want)) for word in words}
    print(json.dumps({"answers": answers, "after": ask(held[0]) == want}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
