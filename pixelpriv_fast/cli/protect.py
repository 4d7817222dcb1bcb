"""``pixelpriv protect``: photos in, protected photos and the evidence out."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from .options import (
    ClassifierOption,
    Device,
    DeviceOption,
    Engine,
    EngineOption,
    JsonOption,
    MetadataPolicy,
    ModelsOption,
    Precision,
    PrecisionOption,
    Stop,
    classifiers_or_default,
)
from .output import Output, guarded, say


class Format(StrEnum):
    keep = "keep"
    png = "png"
    jpeg = "jpeg"
    webp = "webp"


@guarded
def protect(
    inputs: Annotated[
        list[Path], typer.Argument(help="Photos or folders, then the output folder.", metavar="IN... OUT")
    ],
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
    batch: Annotated[int, typer.Option(min=1, help="Photos attacked together.")] = 16,
    seed: Annotated[int, typer.Option(help="Seed; each photo's own comes from it and its content.")] = 0,
    stop: Annotated[
        Stop | None, typer.Option(help="When a photo's attack ends: never before its last step, or once fooled.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Do not write photos that are not protected.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done, write nothing.")] = False,
    json: JsonOption = False,
    max_pixels: Annotated[int, typer.Option(min=1, help="Refuse larger photos.")] = 100_000_000,
    max_bytes: Annotated[int, typer.Option(min=1, help="Refuse larger files.")] = 512_000_000,
    max_frames: Annotated[int, typer.Option(min=1, help="Refuse animations with more frames.")] = 1,
) -> int:
    """Protects photos: the folder tree, names and formats are mirrored below OUT; originals are never written to."""
    from ..archive.job import Summary, run
    from ..archive.walk import plan
    from ..codecs import EncodeOptions, Limits
    from ..errors import UsageError
    from ..pipeline import Protector
    from ..recipes import Recipe

    if len(inputs) < 2:
        raise UsageError(f"only {inputs[0]} was given; write: pixelpriv protect IN... OUT")
    *sources, out = inputs
    wanted = None if format is Format.keep else format.value
    protector = Protector(
        Recipe.parse(recipe) if stop is None else Recipe.parse(recipe).with_attack(stop=stop.value),
        classifier=classifiers_or_default(classifier),
        models=models,
        device=device.value,
        engine=engine.value,
        precision=precision.value,
        seed=seed,
        encoding=EncodeOptions(format=wanted, quality=quality, metadata=metadata.value),
        limits=Limits(max_pixels=max_pixels, max_bytes=max_bytes, max_frames=max_frames),
    )
    items = plan(sources, out, wanted)
    output, summary = Output(json), Summary()
    if dry_run:
        for item in items:
            output.record(
                {"source": item.source, "output": item.output, "status": "planned"},
                f"{item.path} -> {out / item.output}",
            )
        return 0
    slots = min(batch, max(1, len(items)))  # of the whole job, so that a resumed one computes the same
    for record in run(protector, items, out, batch=slots, strict=strict, summary=summary):
        output.record(record, evidence(record))
        if record["status"] == "failed" and json:
            say(record["reason"])
    output.record({"summary": summary.record()})
    say(_closing(summary.record()))
    return summary.exit_code


def evidence(record: dict[str, Any]) -> str:
    """One photo's line for people."""
    if record["before"] is None:
        return f"{record['source']}: {record['status']}: {record['reason']}"
    before, after = (f"{record[key]['label']} {record[key]['probability']:.2f}" for key in ("before", "after"))
    measures = [f"{record['linf']} levels"]
    measures += [f"{name} {value:.4g}" for name, value in record["metrics"].items() if value is not None]
    closing = f" ({record['reason']})" if record["reason"] else ""
    return f"{record['source']}: {record['status']}: {before} -> {after}; {', '.join(measures)}{closing}"


def _closing(summary: dict[str, Any]) -> str:
    counts = ", ".join(f"{summary[s]} {s}" for s in ("protected", "unprotected", "failed", "skipped") if summary[s])
    return f"{counts or 'nothing done'} in {summary['seconds']:.1f} s on {summary['device'] or 'nothing'}"
