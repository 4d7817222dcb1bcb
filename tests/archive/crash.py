"""A job in a process of its own, so that it can be killed; see ``test_crash.py`` and ``tests/stress/archive_kills.py``."""

from __future__ import annotations

import multiprocessing
import random
import time
from pathlib import Path

# Processes are forked off a server that has imported all of it once: a start takes milliseconds, not a second.
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["tests.archive.crash_child"])


def start(source: Path, out: Path, classifier: Path, batch: int) -> multiprocessing.process.BaseProcess:
    """A process that protects ``source`` into ``out``; its exit code is the job's."""
    from tests.archive.crash_child import protect

    process = _CONTEXT.Process(target=protect, args=(str(source), str(out), str(classifier), batch))
    process.start()
    return process


def written(out: Path) -> int:
    """How many files stand in ``out``, unfinished ones included."""
    return sum(path.is_file() for path in out.rglob("*"))


def kill_while_writing(source: Path, out: Path, classifier: Path, rng: random.Random, *, batch: int, more: int) -> bool:
    """Starts the job and kills it, without a warning, at a random moment after up to ``more`` further files were
    written; whether it was killed (False: it was done before)."""
    target = written(out) + rng.randint(0, more)
    process = start(source, out, classifier, batch)
    while process.is_alive() and written(out) < target:
        time.sleep(0.001)
    time.sleep(rng.uniform(0.0, 0.02))
    process.kill()
    process.join()
    return process.exitcode == -9


def finish(source: Path, out: Path, classifier: Path, batch: int) -> int:
    """Runs the job to its end: its exit code."""
    process = start(source, out, classifier, batch)
    process.join(300)
    if process.exitcode is None:
        process.kill()
        raise TimeoutError("the job hangs")
    return process.exitcode
