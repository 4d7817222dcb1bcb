"""The options of ``protect``, spelled once for every command that protects photos."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .. import defaults
from ..files import STATE_SUFFIX
from ..words import EarlyStop, MetadataPolicy
from . import completion
from .options import (
    ClassifierOption,
    DeviceOption,
    EngineOption,
    Format,
    JsonOption,
    ModelsOption,
    PrecisionOption,
    QualityOption,
    SeedOption,
    classifiers_or_default,
    format_option,
    format_or_none,
    word_of,
)

if TYPE_CHECKING:
    from ..archive.walk import Item
    from ..codecs import EncodeOptions
    from ..protection.protector import Protector


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the options of one command line come to.

    Attributes
    ----------
    protector : Protector
        Protects the photos.
    make : callable
        Makes more protectors like it; takes ``workers`` and ``encoding``.
    workers : int or None
        Number of threads, or of a cluster's processes; None for one a core.
    gpu : bool
        Whether networks may run on a GPU.
    batch : int or None
        Number of photos attacked together; None for the command's own default.
    strict : bool
        Whether photos that are not protected are left out.
    resume : bool
        Whether photos that the journal lists as done are skipped.
    json : bool
        Whether stdout carries JSON Lines.
    report : bool or None
        Whether ``report.html`` is written; None for the command's own default.
    all_folders : bool
        Whether folders for trash, thumbnails and the like are taken too.
    state : Path or None
        Folder of journal and report; None for the one beside the output folder.
    encoding : EncodeOptions
        Format, quality and metadata policy of the results.
    classifier : list of str or None
        The classifiers that were requested, as written.
    default_recipe : bool
        Whether no recipe was named.
    labels : mapping of str to tuple of int, or None
        What the label file says, see ``evaluate.label_files``; None where none is given.
    """

    protector: Protector
    make: Callable[..., Protector]
    workers: int | None
    gpu: bool
    batch: int | None
    strict: bool
    resume: bool
    json: bool
    report: bool | None
    all_folders: bool
    state: Path | None
    encoding: EncodeOptions
    classifier: list[str] | None
    default_recipe: bool
    labels: Mapping[str, tuple[int, ...]] | None

    @property
    def format_name(self) -> str | None:
        """Format of the results; None for each photo's own."""
        return self.encoding.format

    def accepted(self, items: Iterable[Item]) -> dict[str, tuple[int, ...]]:
        """Return the accepted classes of those photos that the label file names, by their ``source``."""
        if self.labels is None:
            return {}
        from ..evaluate.label_files import accepted_for

        return accepted_for((item.source for item in items), self.labels)

    def in_format(self, name: str) -> JobOptions:
        """Return the same options for results of one format."""
        encoding = dataclasses.replace(self.encoding, format=name)
        make = functools.partial(self.make, encoding=encoding)
        return dataclasses.replace(self, protector=make(workers=self.workers), make=make, encoding=encoding)


def job_options(
    recipe: Annotated[
        str | None,
        typer.Option(
            autocompletion=completion.recipes,
            help="<enhancement>+<attack>, each with its fields in brackets if they are to differ (in quotes, for the shell): "
            "'contrast(k=4)+pgd(epsilon=4/255)'. More attacks may follow, for photos that the first does not fool. See "
            f"`pixelpriv list recipes` and `pixelpriv list attacks`. Default: {defaults.RECIPE}.",
        ),
    ] = None,
    classifier: ClassifierOption = None,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
    format: Annotated[Format, format_option("Format of the results; keep: each photo's own.")] = "keep",
    quality: QualityOption = None,
    metadata: Annotated[
        MetadataPolicy,
        typer.Option(
            **word_of("metadata policy", MetadataPolicy),
            help="Metadata policy; private drops GPS, thumbnail, maker notes, serials and names; keep drops only pictures.",
        ),
    ] = "private",
    batch: Annotated[
        int | None,
        typer.Option(min=1, help=f"Number of photos attacked together. Default: {defaults.BATCH}; watch: 1."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Number of threads that decode and encode, or of a cluster's processes. Default: one a core."
        ),
    ] = None,
    seed: SeedOption = 0,
    stop: Annotated[
        EarlyStop | None,
        typer.Option(
            **word_of("stop rule", EarlyStop),
            help="Early stopping: run every step, or stop once the classifier is fooled.",
        ),
    ] = None,
    survival: Annotated[
        bool | None,
        typer.Option(
            "--survival/--no-survival",
            help="Measure what each result is still protected after: saved again, resized, photographed off a screen, sent by a "
            "messenger (`pixelpriv list panels`). Default: if the recipe's attack works towards it.",
        ),
    ] = None,
    require_survival: Annotated[
        bool,
        typer.Option(
            "--require-survival",
            help="Count photos that do not survive all of that as unprotected (exit code 3). Implies --survival.",
        ),
    ] = False,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="CSV of file,index (several indices separated by blanks): accepted classes, hidden beside the original's top-1.",
        ),
    ] = None,
    deterministic: Annotated[
        bool,
        typer.Option(
            "--deterministic", help="Process one photo at a time, so that a file never depends on the other photos."
        ),
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Skip photos that the journal lists as done.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Do not write photos that are not protected.")] = False,
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report",
            help="Write report.html beside the journal when done (watch: also while running). "
            "Default: if an IN is a folder.",
        ),
    ] = None,
    all_folders: Annotated[
        bool,
        typer.Option(
            "--all-folders",
            help="Also take hidden folders, and those for trash, thumbnails, snapshots (@eaDir, .Trash-1000, ...) and "
            "protected photos.",
        ),
    ] = False,
    state: Annotated[
        Path | None,
        typer.Option("--state", help=f"Folder of journal and report. Default: OUT{STATE_SUFFIX}, beside OUT."),
    ] = None,
    json: JsonOption = False,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse photos with more pixels.")] = 100_000_000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse files with more bytes.")] = 512_000_000,
    max_frames: Annotated[int, typer.Option(min=1, help="Refuse animations with more frames.")] = 1,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Maximum seconds per photo; a batch's time is divided among its photos.")
    ] = 120.0,
) -> JobOptions:
    """Return the protector and the choices that a command line's options ask for."""
    from ..codecs import EncodeOptions, Limits
    from ..protection.protector import Protector
    from ..protection.recipes import Recipe

    encoding = EncodeOptions(format=format_or_none(format), quality=quality, metadata=metadata)
    parsed = Recipe.parse(defaults.RECIPE if recipe is None else recipe)
    make = functools.partial(
        Protector,
        parsed if stop is None else parsed.with_attack(stop=stop),
        classifier=classifiers_or_default(classifier),
        models=models,
        device=device,
        engine=engine,
        precision=precision,
        seed=seed,
        encoding=encoding,
        limits=Limits(max_pixels=max_pixels, max_bytes=max_bytes, max_frames=max_frames),
        timeout=timeout,
        survival=survival,
        require_survival=require_survival,
    )
    protector = make(workers=workers)
    return JobOptions(
        protector=protector,
        make=make,
        workers=workers,
        gpu=device != "cpu",
        batch=1 if deterministic else batch,
        strict=strict,
        resume=resume,
        json=json,
        report=report,
        all_folders=all_folders,
        state=state,
        encoding=encoding,
        classifier=classifier,
        default_recipe=recipe is None,
        labels=_labels(labels, protector),
    )


def _labels(file: Path | None, protector: Protector) -> dict[str, tuple[int, ...]] | None:
    """Read the label file, whose indices must be classes of every classifier."""
    if file is None:
        return None
    from ..evaluate.label_files import read_labels

    return read_labels(file, protector.classes)


def with_job_options(command: Callable[..., int]) -> Callable[..., int]:
    """Return ``command`` with the options of ``job_options`` in place of its parameter ``options``.

    typer reads a command's options off its signature and cannot unfold a dataclass, so the joined signature is set here.
    """
    own = inspect.signature(command, eval_str=True).parameters
    shared = inspect.signature(job_options, eval_str=True).parameters

    @functools.wraps(command)
    def run(**given: Any) -> int:
        options = job_options(**{name: given.pop(name) for name in shared})
        return command(options=options, **given)

    joined = [*(parameter for name, parameter in own.items() if name != "options"), *shared.values()]
    by_name = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in joined]
    run.__signature__ = inspect.Signature(by_name, return_annotation=int)  # type: ignore[attr-defined]
    return run
