"""The commands by name. ``--help`` loads this file and nothing heavier."""

from __future__ import annotations

import typer

from . import classify, evaluate, info, listing, models, paper, protect, samples, score, verify, watch

app = typer.Typer(
    help="Protect photos from scene classifiers: a photo is called protected only if its saved file, decoded "
    "again, fools the classifier.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("protect")(protect.protect)
app.command("evaluate")(evaluate.evaluate)
app.command("paper")(paper.paper)
app.command("classify")(classify.classify)
app.command("score")(score.score)
app.command("verify")(verify.verify)
app.command("watch")(watch.watch)
app.add_typer(models.app, name="models")
app.command("list")(listing.list_rows)
app.command("info")(info.info)
app.command("samples")(samples.samples)
