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
app.command("protect", cls=Command, short_help="Protect photos and folders.")(protect.protect)
app.command("evaluate", cls=Command, short_help="Measure accuracy and looks of protected files.")(evaluate.evaluate)
app.command("paper", cls=Command, short_help="Run the paper's five defences.")(paper.paper)
app.command("classify", cls=Command, short_help="Show the most probable classes of photos.")(classify.classify)
app.command("score", cls=Command, short_help="Rate how much photos would be liked (NIMA).")(score.score)
app.command("verify", cls=Command, short_help="Check every protected file again.")(verify.verify)
app.command("watch", cls=Command, short_help="Protect photos as they arrive in a folder.")(watch.watch)
app.add_typer(models.app, name="models")
app.command("list", cls=Command, short_help="List recipes, attacks, formats and so on.")(listing.list_rows)
app.command("info", cls=Command, short_help="Show what runs on this machine, and why not.")(info.info)
app.command("samples", cls=Command, short_help="Copy six sample photos into a folder.")(samples.samples)
