"""``pixelpriv paper``: the 2019 paper's experiment on any labelled photos."""

from __future__ import annotations

import functools
import logging
from pathlib import Path
from typing import Annotated

import typer

from .. import defaults
from ..errors import UsageError
from .options import (
    ClassifierOption,
    DeviceOption,
    EngineOption,
    Format,
    JsonOption,
    ModelsOption,
    PrecisionOption,
    SeedOption,
    classifiers_or_default,
    format_option,
    format_or_none,
    say_embedded,
)
from .output import Output, guarded, say


@guarded
def paper(
    images: Annotated[Path, typer.Argument(help="Folder of labelled photos.")],
    labels: Annotated[Path, typer.Option("--labels", help="CSV of file,index.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the table, the figures and the protected photos.")],
    classifier: ClassifierOption = None,
    models: ModelsOption = None,
    device: DeviceOption = "auto",
    engine: EngineOption = "auto",
    precision: PrecisionOption = "auto",
    format: Annotated[Format, format_option("Format of the protected photos.")] = "png",
    quality: Annotated[int | None, typer.Option(help="Quality of lossy formats, 1..100.")] = None,
    runs: Annotated[
        str,
        typer.Option(
            "--runs",
            help="Runs to do, and recipes beside them, for example 1,3,4 or '3,least_likely(epsilon=4/255)'.",
        ),
    ] = "1,2,3,4,5",
    survival: Annotated[
        bool | None,
        typer.Option(
            "--survival/--no-survival",
            help="Also measure what is still read after sharing. Default: if a recipe's attack works towards that.",
        ),
    ] = None,
    keep_misclassified: Annotated[
        bool, typer.Option("--keep-misclassified", help="Include photos that the classifier gets wrong from the start.")
    ] = False,
    run5_all: Annotated[
        bool,
        typer.Option(
            "--run5-all",
            help="Do run 5 on all photos, even if MEPP19test_manual.csv stands beside the labels and limits it.",
        ),
    ] = False,
    with_ablations: Annotated[
        bool, typer.Option("--ablations", help="Also run enhancements alone and attacks alone.")
    ] = False,
    sweep: Annotated[
        str | None, typer.Option("--sweep", help="Repeat the runs for each value, for example epsilon=2,4,8,16.")
    ] = None,
    photos: Annotated[int, typer.Option("--photos", min=1, help="Number of photos in figure 1.")] = 3,
    batch: Annotated[int, typer.Option(min=1, help="Number of photos attacked together.")] = defaults.BATCH,
    seed: SeedOption = 0,
    json: JsonOption = False,
) -> int:
    """Run the paper's five defences; write table1.{json,csv,md}, figure1.png, scatter.png and the photos to OUT."""
    from ..codecs import EncodeOptions
    from ..models import Store
    from ..paper import ablations, cases_of, conduct, prepare, run5_labels
    from ..paper import sweep as swept
    from ..protection.survival import panel_asked

    complain = functools.partial(say, level=logging.ERROR)
    chosen = classifiers_or_default(classifier)
    if len(chosen) != 1:
        raise UsageError(f"the experiment measures one classifier, not {', '.join(chosen)}")
    say_embedded(classifier)
    cases = cases_of(runs)
    cases += swept(cases, sweep) if sweep is not None else []
    cases += ablations(Store(models)) if with_ablations else []
    limited = None if run5_all else run5_labels(labels)
    if limited:
        say(f"run 5 on the photos of {limited.name} only, as in the paper (--run5-all for all)")
    experiment = prepare(
        images,
        labels,
        out,
        classifier=chosen[0],
        models=models,
        device=device,
        engine=engine,
        precision=precision,
        encoding=EncodeOptions(format=format_or_none(format), quality=quality),
        keep_misclassified=keep_misclassified,
        run5_labels=limited,
        batch=batch,
        seed=seed,
        panel=panel_asked(
            defaults.PANEL, survival, False, [attack for case in cases for attack in case.recipe.attacks]
        ),
        say=complain,
    )
    output = Output(json)
    table, whole = conduct(experiment, cases, photos, say, complain)
    output.record(table, *(out / "table1.md").read_text(encoding="utf-8").splitlines())
    return 0 if whole else 1
