"""The options of ``protect``, spelled once for every command that protects photos."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from .options import (
    ClassifierOption,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    Format,
    JsonOption,
    MetadataPolicy,
    ModelsOption,
    Precision,
    PrecisionOption,
    Stop,
    classifiers_or_default,
)

if TYPE_CHECKING:
    from ..protection.protector import Protector


@dataclass(frozen=True, slots=True)
class JobOptions:
    """What the options come to."""

    protector: Protector
    make: Callable[..., Protector]  #: makes more like it, with ``workers``
    workers: int | None
    gpu: bool  #: whether it may run on one
    format_name: str | None
    batch: int | None  #: None: the command's own
    strict: bool
    resume: bool
    json: bool
    report: bool | None


def job_options(
    recipe: Annotated[str, typer.Option(help="<enhancement>+<attack>; see `pixelpriv list recipes`.")] = (
        "contrast+least_likely"
    ),
    classifier: ClassifierOption = None,
    models: ModelsOption = None,
    device: DeviceOption = Device.auto,
    engine: EngineOption = Engine.auto,
    precision: PrecisionOption = Precision.auto,
    format: Annotated[Format, typer.Option(help="The results' format; keep is each photo's own.")] = Format.keep,
    quality: Annotated[
        int | None, typer.Option(help="JPEG or WebP quality, 1..100. Default: 95, or the source's if higher.")
    ] = None,
    metadata: Annotated[
        MetadataPolicy, typer.Option(help="private drops GPS, thumbnail, maker notes, serial numbers, names.")
    ] = MetadataPolicy.private,
    batch: Annotated[
        int | None, typer.Option(min=1, help="Photos attacked together. Default: 16; watch takes them one by one.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Threads that decode and encode (one a core), or a cluster's actors.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed; each photo's own comes from it and its content.")] = 0,
    stop: Annotated[
        Stop | None, typer.Option(help="When a photo's attack ends: never before its last step, or once fooled.")
    ] = None,
    deterministic: Annotated[
        bool, typer.Option("--deterministic", help="One photo at a time: the same bytes in any order or company.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume/--no-resume", help="Leave alone what the output folder's journal calls done.")
    ] = True,
    strict: Annotated[bool, typer.Option("--strict", help="Do not write photos that are not protected.")] = False,
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report",
            help="Draw OUT/report.html at the end; watch: meanwhile too. Default: where IN is a folder.",
        ),
    ] = None,
    json: JsonOption = False,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger photos.")] = 100_000_000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse larger files.")] = 512_000_000,
    max_frames: Annotated[int, typer.Option(min=1, help="Refuse animations with more frames.")] = 1,
    timeout: Annotated[
        float, typer.Option(min=0.001, help="Seconds that one photo may take, its share of a batch's.")
    ] = 30.0,
) -> JobOptions:
    from ..codecs import EncodeOptions, Limits
    from ..protection.protector import Protector
    from ..protection.recipes import Recipe

    wanted = None if format is Format.keep else format.value
    parsed = Recipe.parse(recipe)
    make = functools.partial(
        Protector,
        parsed if stop is None else parsed.with_attack(stop=stop.value),
        classifier=classifiers_or_default(classifier),
        models=models,
        device=device.value,
        engine=engine.value,
        precision=precision.value,
        seed=seed,
        encoding=EncodeOptions(format=wanted, quality=quality, metadata=metadata.value),
        limits=Limits(max_pixels=max_pixels, max_bytes=max_bytes, max_frames=max_frames),
        timeout=timeout,
    )
    return JobOptions(
        protector=make(workers=workers),
        make=make,
        workers=workers,
        gpu=device is not Device.cpu,
        format_name=wanted,
        batch=1 if deterministic else batch,
        strict=strict,
        resume=resume,
        json=json,
        report=report,
    )


def with_job_options(command: Callable[..., int]) -> Callable[..., int]:
    """``command`` with the options above in place of its parameter ``options``."""
    shared = _parameters(job_options)
    own = {name: parameter for name, parameter in _parameters(command).items() if name != "options"}

    @functools.wraps(command)
    def run(**given: Any) -> int:
        options = job_options(**{name: given.pop(name) for name in shared})
        return command(options=options, **given)

    parameters = [*own.values(), *shared.values()]
    run.__signature__ = inspect.Signature(parameters, return_annotation=int)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {"return": int}
    del run.__wrapped__  # or readers of annotations would look there
    return run


def _parameters(function: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """Of ``function``, keyword-only, with annotations that need no name looked up."""
    hints = get_type_hints(function, localns={"JobOptions": JobOptions}, include_extras=True)
    return {
        name: parameter.replace(annotation=hints[name], kind=inspect.Parameter.KEYWORD_ONLY)
        for name, parameter in inspect.signature(function).parameters.items()
    }
