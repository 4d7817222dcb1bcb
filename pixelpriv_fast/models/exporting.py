"""What the scripts in ``export/`` do: checkpoint -> stamped ``.onnx`` beside a report of how far the runtimes agree.

``python export/NETWORK.py CHECKPOINT OUT.onnx [--allow-unknown-hash]``; a network with an installed data package needs
no CHECKPOINT. The report (one line of JSON a provider) goes to stdout.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import ModelError, PixelPrivError
from ..files import write_atomic
from ..runtime import PROVIDERS, create_session
from .architectures import network
from .build import build, parity, sample, torch_outputs
from .cards import CARDS, Card
from .onnx_file import StampedModel, load_state_dict, unseal
from .store import embedded_source

_PHOTOS = 4


def main(name: str, arguments: Sequence[str] | None = None) -> int:
    """Exports network ``name``; returns the exit code (4 for anything wrong with the model)."""
    card = CARDS[name]
    parser = argparse.ArgumentParser(description=f"Exports {card.title} to a stamped .onnx.")
    parser.add_argument("files", nargs="+", metavar="FILE", help="CHECKPOINT (unless embedded) and OUT.onnx")
    parser.add_argument("--allow-unknown-hash", action="store_true")
    given = parser.parse_args(arguments)
    try:
        checkpoint, target = _files(card, [Path(file) for file in given.files])
        data = build(card, checkpoint, allow_unknown_hash=given.allow_unknown_hash)
        write_atomic(target, data)
        for row in report(card, unseal(data, str(target))):
            print(json.dumps(row))
    except PixelPrivError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def report(card: Card, model: StampedModel) -> Iterator[dict[str, Any]]:
    """Per provider that works here: the largest and mean difference against torch, relative to the largest output,
    and the share of equal decisions, on seeded inputs."""
    inputs = sample(card, _PHOTOS)
    expected = torch_outputs(network(card, load_state_dict(model)), inputs)
    for provider in PROVIDERS:
        try:
            session = create_session(model.data, provider)
        except PixelPrivError as error:
            yield {"network": card.name, "provider": provider, "skipped": str(error)}
            continue
        found = parity(expected, session.run({card.input: inputs})[0])
        yield {
            "network": card.name,
            "provider": provider,
            "precision": session.precision,
            "maximum": found.maximum,
            "mean": found.mean,
            "agreement": found.agreement,
        }


def _files(card: Card, files: list[Path]) -> tuple[Path, Path]:
    embedded = embedded_source(card)
    if len(files) == 1 and embedded is not None:
        return embedded, files[0]
    if len(files) != 2:
        raise ModelError(f"{card.name} needs CHECKPOINT and OUT.onnx; {card.how_to_get}")
    return files[0], files[1]
