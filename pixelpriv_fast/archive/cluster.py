"""A job's photos on the machines of a Ray cluster: paths go out, results come back. Nothing else imports Ray.

A worker is a ``Protector`` in a process of its own, and a function of a photo: it reads the file and answers with the
result's bytes and evidence. It writes nothing. Files and journal are written by the job, in the one process that holds
the journal, by the code that a job without a cluster runs: what is proven of that holds here. A worker that dies leaves
nothing behind; Ray starts another one and gives it the same photos again, those of one call.
"""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self

from ..errors import DeviceError, UsageError, one_line
from ..protection.flow import flow
from ..protection.pipeline import stages_of
from ..protection.protector import Protector
from ..protection.step_kinds import Alone, Step
from .photo import ArchivePhoto
from .worker import Facts, Making, Worker, facts_of, value_of
from .workforce import Workforce

#: How often photos are tried again whose worker died; one that kills every worker must not be tried for ever.
_RETRIES = 3

#: Threads of the job's own process: they only hand on what the workers did.
_THREADS = 2


class Cluster(Workforce):
    """Protects a job's photos in Ray actors, to the same results as a ``Protector`` in this process.

    Joins the cluster that Ray finds (``RAY_ADDRESS``, or one started on this machine), else begins one of this machine
    alone. Each machine finds the photos at the same paths and the networks in its own store; one whose settings are not
    the others' ends the job.

    Parameters
    ----------
    make : callable
        Makes a ``Protector`` by the keyword ``workers`` (threads); it is sent to all machines.
    workers : int or None
        Number of actors; None is one per GPU, or one per machine where there is no GPU or ``gpu`` is False.
    gpu : bool
        Whether an actor may take a GPU.

    Raises
    ------
    UsageError
        If Ray is not installed.
    """

    def __init__(self, make: Callable[..., Protector], workers: int | None = None, *, gpu: bool = True) -> None:
        # Ray asks for it when it is imported: nothing is sent anywhere.
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        try:
            import ray
            import ray.data
        except ImportError as error:
            raise UsageError(f"a Ray cluster needs Ray ({error}); pip install 'pixelpriv-fast[ray]'") from error
        self._ray = ray
        self._make = make
        self._workers = workers
        self._gpu = gpu
        self._begun = False  #: whether the cluster is this object's own
        self._making: Making | None = None
        self._facts: Facts | None = None

    def load(self, batch: int = 1) -> None:
        """Join the cluster and let one worker load the networks, to know the settings. Raises ``DeviceError``."""
        if not self._ray.is_initialized():
            self._ray.init(log_to_driver=False, logging_level="warning")
            self._begun = True
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        share = self._share()
        self._making = Making(self._make, max(1, int(share["num_cpus"])), batch)
        probe = self._ray.remote(max_retries=_RETRIES, max_calls=1, **share)(facts_of)
        self._facts = value_of(self._got(lambda: self._ray.get(probe.remote(self._making))))

    def close(self) -> None:
        """Leave the cluster; the next ``load`` joins it again."""
        if self._begun:
            self._ray.shutdown()
        self._begun, self._making, self._facts = False, None, None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def device(self) -> str:
        """What really runs on the worker that was asked."""
        return self._loaded()[1].made_with.device

    @property
    def repeatable(self) -> bool:
        """Whether a worker's networks promise a photo the same bytes whatever is beside it."""
        return self._loaded()[1].repeatable

    def settings(self) -> dict[str, Any]:
        """Return the settings that all workers must have."""
        return self._loaded()[1].settings

    def steps(self, batch: int) -> tuple[Step[ArchivePhoto], ...]:
        """List what happens to a photo in this process: its hash is known at once, the rest once the journal was asked."""
        return Alone("ahead", _take_hash), Alone("before", _take_answer)

    def run(
        self, photos: Iterable[ArchivePhoto], steps: Sequence[Step[ArchivePhoto]], batch: int
    ) -> Iterator[ArchivePhoto]:
        """Send the photos to the workers, and take their answers through the steps."""
        making, facts = self._loaded()
        if making.batch != batch:
            raise UsageError(f"a cluster was loaded for batches of {making.batch}, not {batch}")

        def sign(done: Sequence[ArchivePhoto]) -> None:
            for photo in done:
                photo.made_with = photo.made_with or facts.made_with

        stages = stages_of(steps, lambda: None, sign, lambda: None)
        shown = any(step.name == "take" for step in steps)
        answered = self._answered(list(photos), shown)
        yield from flow(answered, stages, workers=_THREADS, batch=facts.flow_batch, memory=facts.memory)

    def _answered(self, photos: Sequence[ArchivePhoto], shown: bool) -> Iterator[ArchivePhoto]:
        """Give every living photo its worker's answer. ``shown``: with pictures for a report."""
        tasks = [(os.fsencode(photo.item.path), photo.known, list(photo.accepted)) for photo in photos if photo.alive]
        answers = self._answers(tasks, shown) if tasks else iter(())
        for photo in photos:
            if photo.alive:
                photo.answer = value_of(self._got(lambda: next(answers)))
            yield photo

    def _answers(self, tasks: Sequence[tuple[bytes, str, list[int]]], shown: bool) -> Iterator[Any]:
        """Yield the workers' answers to ``tasks`` in their order: paths, hashes of contents that are done, accepted classes."""
        import pyarrow as pa

        making, facts = self._loaded()
        calls = [tasks[start : start + facts.flow_batch] for start in range(0, len(tasks), facts.flow_batch)]
        schema = pa.schema({"path": pa.binary(), "done": pa.string(), "accepted": pa.list_(pa.int64())})
        tables = [pa.table([list(column) for column in zip(*call, strict=True)], schema) for call in calls]
        data = self._ray.data
        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bound on retries has no other spelling yet
            answers = data.from_arrow(tables).map_batches(
                Worker,
                fn_constructor_args=(making, facts.settings, shown),
                batch_size=facts.flow_batch,
                compute=data.ActorPoolStrategy(size=min(self._actors(), len(calls))),
                max_restarts=-1,
                max_task_retries=_RETRIES,
                **self._share(),
            )
            for row in answers.iter_rows():
                yield row["answer"]

    def _actors(self) -> int:
        """Return the number of workers."""
        if self._workers is not None:
            return self._workers
        gpus = int(self._ray.cluster_resources().get("GPU", 0)) if self._gpu else 0
        return gpus or max(1, len(self._cores()))

    def _share(self) -> dict[str, float]:
        """Return what one worker takes of its machine: at most a GPU, and the cores that are there for each."""
        cores = self._cores()
        gpu = self._gpu and self._ray.cluster_resources().get("GPU", 0) > 0
        each = min(min(cores, default=1), sum(cores) // self._actors())
        return {"num_cpus": max(1, each), "num_gpus": 1 if gpu else 0}

    def _cores(self) -> list[int]:
        machines = (machine for machine in self._ray.nodes() if machine["Alive"])
        return [int(machine["Resources"]["CPU"]) for machine in machines if machine["Resources"].get("CPU", 0) >= 1]

    def _loaded(self) -> tuple[Making, Facts]:
        if self._making is None or self._facts is None:
            raise DeviceError("no cluster is joined; call load() first")
        return self._making, self._facts

    def _got(self, wait: Callable[[], Any]) -> Any:
        """Return what ``wait`` returns, and translate Ray's errors."""
        try:
            return wait()
        except self._ray.exceptions.RayError as error:
            first = one_line(str(error).strip().partition("\n")[0], None)  # a traceback follows
            raise DeviceError(f"the cluster failed ({type(error).__name__}: {first}); run again to go on") from error


def _take_hash(photo: ArchivePhoto) -> None:
    """Take the content's hash from the worker's answer."""
    photo.sha256 = _answer_of(photo).sha256


def _take_answer(photo: ArchivePhoto) -> None:
    """Take what the worker made of the photo."""
    answer = _answer_of(photo)
    taken = ("skipped", "error", "attempts", "seconds", "encoded", "made_with", "survival", "lost")
    for name in (*taken, "pictures", "subject", "verdict"):
        if hasattr(answer, name):
            setattr(photo, name, getattr(answer, name))


def _answer_of(photo: ArchivePhoto) -> ArchivePhoto:
    if photo.answer is None:
        raise RuntimeError(f"{photo.name}: no worker answered")
    return photo.answer
