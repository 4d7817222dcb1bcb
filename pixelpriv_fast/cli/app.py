"""The commands by name. ``--help`` loads this file and nothing heavier."""

from __future__ import annotations

import typer

from . import classify, evaluate, info, listing, models, paper, protect, samples, score, verify, watch
from .command import Command

app = typer.Typer(
    help="Protect photos from scene classifiers: a photo is called protected only if its saved file, decoded "
    "again, fools the classifier.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("protect", cls=Command)(protect.protect)
app.command("evaluate", cls=Command)(evaluate.evaluate)
app.command("paper", cls=Command)(paper.paper)
app.command("classify", cls=Command)(classify.classify)
app.command("score", cls=Command)(score.score)
app.command("verify", cls=Command)(verify.verify)
app.command("watch", cls=Command)(watch.watch)
app.add_typer(models.app, name="models")
app.command("list", cls=Command)(listing.list_rows)
app.command("info", cls=Command)(info.info)
app.command("samples", cls=Command)(samples.samples)
