"""``pixelpriv models``: which networks are installed, and how to get the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..words import PREPROCESS_EXAMPLE
from . import completion
from .command import Command
from .options import JsonOption, ModelsOption
from .output import Output, guarded, say

if TYPE_CHECKING:
    from ..models import ModelStatus

app = typer.Typer(help="Manage the networks: list, import, fetch, verify.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list", cls=Command)
@guarded
def list_models(models: ModelsOption = None, json: JsonOption = False) -> None:
    """List the networks: which are installed, which are missing, and how to get them."""
    from ..models import Store

    _show(Store(models, notice=say).listing(), Output(json))


@app.command("import", cls=Command)
@guarded
def import_model(
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completion.models,
            help="The network's name; see `pixelpriv models list`. For your own classifier any other name.",
        ),
    ],
    file: Annotated[
        Path,
        typer.Argument(
            help="The official checkpoint, a .npz of its tensors, a stamped .onnx, or your own classifier's .onnx."
        ),
    ],
    preprocess: Annotated[
        str | None,
        typer.Option(
            metavar="SPEC",
            help="Your own classifier's preprocessing, for example "
            f"{PREPROCESS_EXAMPLE} or bgr,squash=256,crop=227,mean=104/117/123,std=1 (scale: raw, unit, signed, imagenet; "
            "filter: bilinear, bicubic, box, lanczos). Layout and element type are read from the file.",
        ),
    ] = None,
    labels: Annotated[
        Path | None, typer.Option(help="Your own classifier's class names: a name a line, or JSON.", metavar="FILE")
    ] = None,
    output_name: Annotated[
        str | None,
        typer.Option("--output", help="The output with the class scores, if several could be.", metavar="NAME"),
    ] = None,
    models: ModelsOption = None,
    allow_unknown_hash: Annotated[
        bool, typer.Option("--allow-unknown-hash", help="Accept a file whose hash is not the pinned one.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Convert a checkpoint into the store; its hash is checked if one is known. Your own classifier needs two options more."""
    from ..errors import UsageError
    from ..models import Store

    output, store = Output(json), Store(models, notice=say)
    if preprocess is None and labels is None and output_name is None:
        path = store.import_model(name, file, allow_unknown_hash=allow_unknown_hash)
    elif preprocess is None or labels is None:
        raise UsageError(
            f"your own classifier needs both --preprocess SPEC and --labels FILE; SPEC is {PREPROCESS_EXAMPLE}, for example"
        )
    else:
        from ..engines.own_network import import_own_network

        path, remark = import_own_network(store, name, file, preprocess, labels, output_name)
        if remark:
            say(
                f"{name} can judge and be searched against (euclidean), but attacks by gradients cannot use it: {remark}"
            )
    output.record({"name": name, "path": str(path)}, f"{name}: {path}")


@app.command("fetch", cls=Command)
@guarded
def fetch_model(
    name: Annotated[str, typer.Argument(autocompletion=completion.models, help="The network's name.")],
    models: ModelsOption = None,
    json: JsonOption = False,
) -> None:
    """Download a network's official file, check its hash, and convert it into the store."""
    from ..models import Store

    output = Output(json)
    path = Store(models, notice=say).fetch(name)
    output.record({"name": name, "path": str(path)}, f"{name}: {path}")


@app.command("verify", cls=Command)
@guarded
def verify_models(models: ModelsOption = None, json: JsonOption = False) -> int:
    """Read every stored network and check its hash; exit code 4 if one is damaged."""
    from ..errors import ModelError
    from ..models import Store

    entries = Store(models, notice=say).verify()
    _show(entries, Output(json))
    return ModelError.exit_code if any(entry.status == "damaged" for entry in entries) else 0


def _show(entries: list[ModelStatus], output: Output) -> None:
    for entry in entries:
        record: dict[str, Any] = {
            "name": entry.name,
            "kind": entry.kind,
            "title": entry.title,
            "licence": entry.licence,
            "status": entry.status,
            "path": str(entry.path) if entry.path else None,
            "bytes": entry.size,
            "sha256": entry.sha256,
            "source": entry.source,
            "source_verified": entry.verified,
            "remark": entry.remark,
        }
        place = f" {entry.path}" if entry.path else ""
        remark = f" ({entry.remark})" if entry.remark else ""
        output.record(record, f"{entry.name:24} {entry.status:9}{place}{remark} [{entry.licence}]")
