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
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np

from ..errors import DeviceError, ModelError, PixelPrivError, UsageError, one_line
from ..protection.protector import Protector
from ..protection.result import Result
from ..protection.steps import Work
from .history import DONE, Taken
from .report.evidence import Evidence, evidence_of
from .walk import Item

#: How often photos are tried again whose worker died; one that kills every worker must not be tried for ever.
_RETRIES = 3


class Known(Protocol):
    """What the journal knows, see ``History``."""

    def __call__(self, source: Any, sha256: str) -> str | None: ...

    def content(self, item: Item) -> str: ...


class Album(Protocol):
    """Where a report's pictures are kept, see ``Pictures``."""

    def keep(self, item: Item, sha256: str, protected: bool, make: Callable[[], Evidence]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Making:
    """How every process of a job makes its ``Protector``, and what all of them are to say of themselves."""

    make: Callable[..., Protector]
    threads: int
    batch: int

    def __call__(self) -> Protector:
        protector = self.make(workers=self.threads)
        protector.load(self.batch)
        return protector


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a loaded ``Protector`` says of itself."""

    settings: dict[str, Any]
    device: str
    repeatable: bool
    together: int  #: photos that go through the stages at once

    @classmethod
    def of(cls, making: _Making) -> Self:
        with making() as protector:
            return cls(protector.settings(), protector.device, protector.repeatable, protector.together(making.batch))


class Cluster:
    """Stands in for a ``Protector`` in a job: the same results, from ``workers`` Ray actors; None is one a GPU, or one
    a machine where there is no GPU or ``gpu`` is False. ``make``: a ``Protector`` by the keyword ``workers`` (threads);
    it is sent to all machines. Each of them finds the photos at the same paths and the networks in its own store; one
    whose settings are not the others' ends the job.

    Joins the cluster that Ray finds (``RAY_ADDRESS``, or one started on this machine), else begins one of this machine
    alone. Raises ``UsageError`` where Ray is not installed, ``DeviceError`` where the cluster is lost, and what
    ``Protector`` raises.
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
        self._making: _Making | None = None
        self._facts: _Facts | None = None

    def load(self, batch: int = 1) -> None:
        """Joins the cluster and has one worker load the networks, to know the settings."""
        if not self._ray.is_initialized():
            self._ray.init(log_to_driver=False, logging_level="warning")
            self._begun = True
        logging.getLogger("ray.data").setLevel(logging.WARNING)
        share = self._share()
        self._making = _Making(self._make, max(1, int(share["num_cpus"])), batch)
        probe = self._ray.remote(max_retries=_RETRIES, max_calls=1, **share)(_facts)
        self._facts = _value(self._got(lambda: self._ray.get(probe.remote(self._making))))

    def close(self) -> None:
        """Leaves the cluster; the next ``load`` joins it again."""
        if self._begun:
            self._ray.shutdown()
        self._begun, self._making, self._facts = False, None, None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def device(self) -> str:
        return self._loaded()[1].device

    @property
    def repeatable(self) -> bool:
        return self._loaded()[1].repeatable

    def settings(self) -> dict[str, Any]:
        return self._loaded()[1].settings

    def stream(
        self, items: Any, batch: int, *, encode: bool, skip: Known, look: Album | None = None
    ) -> Iterator[Result]:
        """The results of ``items`` in their order, see ``Protector.stream``. ``skip`` is asked in this process, once
        a result is there: it may then speak of everything that was written before. ``look`` keeps the pictures that
        the workers made."""
        if self._making is None or self._making.batch != batch or not encode:
            raise UsageError(f"a cluster was loaded for files and batches of {self._making and self._making.batch}")
        found: list[Item] = list(items)
        tasks = [(os.fsencode(item.path), skip.content(item)) for item in found]
        answers = self._answers(tasks, look is not None) if tasks else iter(())
        for item in found:
            answer: tuple[Result, Evidence | None] = _value(self._got(lambda: next(answers)))
            result, shown = answer
            judged = _judged_by_journal(result, item, skip)
            if look is not None and shown is not None and judged is result:
                _kept(look, item, result, shown)
            yield judged

    def _answers(self, tasks: Sequence[tuple[bytes, str]], shown: bool) -> Iterator[Any]:
        """The workers' answers to ``tasks`` (paths, and the hashes of contents that are done) in their order.
        ``shown``: with pictures for a report."""
        import pyarrow as pa

        making, facts = self._loaded()
        calls = [tasks[start : start + facts.together] for start in range(0, len(tasks), facts.together)]
        schema = pa.schema({"path": pa.binary(), "done": pa.string()})
        tables = [pa.table([list(column) for column in zip(*call, strict=True)], schema) for call in calls]
        data = self._ray.data
        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.execution_options.preserve_order = True
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a bound on retries has no other spelling yet
            answers = data.from_arrow(tables).map_batches(
                _Worker,
                fn_constructor_args=(making, facts.settings, shown),
                batch_size=facts.together,
                compute=data.ActorPoolStrategy(size=min(self._actors(), len(calls))),
                max_restarts=-1,
                max_task_retries=_RETRIES,
                **self._share(),
            )
            for row in answers.iter_rows():
                yield row["answer"]

    def _actors(self) -> int:
        """How many workers: as many as were asked for."""
        if self._workers is not None:
            return self._workers
        gpus = int(self._ray.cluster_resources().get("GPU", 0)) if self._gpu else 0
        return gpus or max(1, len(self._cores()))

    def _share(self) -> dict[str, float]:
        """What one worker takes of its machine: at most a GPU, and the cores that are there for each."""
        cores = self._cores()
        gpu = self._gpu and self._ray.cluster_resources().get("GPU", 0) > 0
        each = min(min(cores, default=1), sum(cores) // self._actors())
        return {"num_cpus": max(1, each), "num_gpus": 1 if gpu else 0}

    def _cores(self) -> list[int]:
        machines = (machine for machine in self._ray.nodes() if machine["Alive"])
        return [int(machine["Resources"]["CPU"]) for machine in machines if machine["Resources"].get("CPU", 0) >= 1]

    def _loaded(self) -> tuple[_Making, _Facts]:
        if self._making is None or self._facts is None:
            raise DeviceError("no cluster is joined; call load() first")
        return self._making, self._facts

    def _got(self, wait: Callable[[], Any]) -> Any:
        """What ``wait`` returns; Ray's errors in our words."""
        try:
            return wait()
        except self._ray.exceptions.RayError as error:
            first = one_line(str(error).strip().partition("\n")[0], None)  # a traceback follows
            raise DeviceError(f"the cluster failed ({type(error).__name__}: {first}); run again to go on") from error


class _Worker:
    """One actor. Loads its networks with its first photos, so that what goes wrong is an answer, not a dead actor."""

    def __init__(self, making: _Making, settings: dict[str, Any], shown: bool = False) -> None:
        self._making = making
        self._settings = settings
        self._shown = shown
        self._pictures: dict[Any, Evidence] = {}  #: of photos on their way
        self._protector: Protector | None = None

    def __call__(self, tasks: dict[str, Any]) -> Iterator[dict[str, Any]]:
        try:
            for result in self._results(tasks):
                shown = self._pictures.pop(result.source, None)
                yield _answer((replace(result, _save=None, _image=None, _original=None), shown))
        except PixelPrivError as error:
            yield _answer(error)

    def _results(self, tasks: dict[str, Any]) -> Iterator[Result]:
        if self._protector is None:
            self._protector = self._ready()
        paths = [Path(os.fsdecode(path)) for path in tasks["path"]]
        done = {path: sha256 for path, sha256 in zip(paths, tasks["done"], strict=True) if sha256}

        def skip(path: Any, sha256: str) -> str | None:
            return DONE if done.get(path) == sha256 else None

        look = self._look if self._shown else None
        return self._protector.stream(paths, batch=self._making.batch, encode=True, skip=skip, look=look)

    def _look(self, work: Work) -> None:
        with suppress(Exception):  # a report without its pictures is better than no photo
            self._pictures[work.name] = evidence_of(work)

    def _ready(self) -> Protector:
        protector = self._making()
        if (own := protector.settings()) != self._settings:
            names = ", ".join(sorted(name for name in own if own[name] != self._settings.get(name)))
            protector.close()
            raise ModelError(
                f"{os.uname().nodename} would write other files than the rest of the cluster: its {names} differ; "
                "give all machines the same release and networks, and name --engine and --precision"
            )
        return protector


def _facts(making: _Making) -> _Facts | PixelPrivError:
    try:
        return _Facts.of(making)
    except PixelPrivError as error:
        return error


def _answer(value: Any) -> dict[str, Any]:
    """A batch of one row: an object of its own, whatever it holds."""
    column = np.empty(1, dtype=object)
    column[0] = value
    return {"answer": column}


def _kept(album: Album, item: Item, result: Result, shown: Evidence) -> None:
    if result.source_sha256 is not None:
        album.keep(item, result.source_sha256, result.status == "protected", lambda: shown)


def _value(answer: Any) -> Any:
    if isinstance(answer, PixelPrivError):
        raise answer
    return answer


def _judged_by_journal(result: Result, item: Item, skip: Known) -> Result:
    """The result, or that it is left out."""
    if result.source_sha256 is None:
        return result
    try:
        reason = skip(item, result.source_sha256)
    except Taken as error:
        return replace(result, status="failed", reason=str(error), error=error, encoded=None, _verdict=None)
    if reason is None:
        return result
    return replace(result, status="skipped", reason=reason, error=None, encoded=None, _verdict=None)
