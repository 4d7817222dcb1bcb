"""``pixelpriv models``: which networks are installed, and how to get the others."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, ModelsOption
from .output import Output, guarded, say

if TYPE_CHECKING:
    from ..models import ModelStatus

app = typer.Typer(help="Manage the networks: list, import, fetch, verify.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
@guarded
def list_models(models: ModelsOption = None, json: JsonOption = False) -> None:
    """List the networks: which are installed, which are missing, and how to get them."""
    from ..models import Store

    _show(Store(models, notice=say).listing(), Output(json))


@app.command("import")
@guarded
def import_model(
    name: Annotated[str, typer.Argument(help="The network's name; see `pixelpriv models list`.")],
    file: Annotated[Path, typer.Argument(help="The official checkpoint, a .npz of its tensors, or a stamped .onnx.")],
    models: ModelsOption = None,
    allow_unknown_hash: Annotated[
        bool, typer.Option("--allow-unknown-hash", help="Accept a file whose hash is not the pinned one.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Convert a checkpoint into the store; its hash is checked if one is known."""
    from ..models import Store

    output = Output(json)
    path = Store(models, notice=say).import_model(name, file, allow_unknown_hash=allow_unknown_hash)
    output.record({"name": name, "path": str(path)}, f"{name}: {path}")


@app.command("fetch")
@guarded
def fetch_model(
    name: Annotated[str, typer.Argument(help="The network's name.")],
    models: ModelsOption = None,
    json: JsonOption = False,
) -> None:
    """Download a network's official file, check its hash, and convert it into the store."""
    from ..models import Store

    output = Output(json)
    path = Store(models, notice=say).fetch(name)
    output.record({"name": name, "path": str(path)}, f"{name}: {path}")


@app.command("verify")
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
