"""Proofs that a provider computes a backward graph right: made once, kept beside the model."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import StorageError
from ..files import write_atomic
from ..graph import Proof, proof_key, prove
from ..runtime import Array, version
from .onnx_ways import Way

_LOG = logging.getLogger(__name__)

#: What a graph must reach against the reference: fp32 differs by rounding only.
#: Choice: for 16 bits, what tells a right graph from a wrong one. {MEASURED}
_LIMITS: Mapping[str, Mapping[str, float]] = {
    "fp32": {},
    "bf16": {"min_cosine": 0.5, "min_sign_agreement": 0.65, "min_logits_cosine": 0.98},
    "fp16": {"min_cosine": 0.9, "min_sign_agreement": 0.9, "min_logits_cosine": 0.99},
}

Run = Callable[[Array, Array], list[Array]]


def proven(
    way: Way,
    graph: bytes,
    run: Run,
    reference: Callable[[], Run],
    shape: tuple[int, int, int, int],
    classes: int,
    folder: Path | None,
) -> Proof:
    """The proof of ``way``'s ``graph``: the one kept in ``folder``, else made now by comparing ``run`` with what
    ``reference`` makes, both (photos, accepted) -> [logits, gradient], and kept there."""
    key = proof_key(graph, f"{way.provider.name}:{way.precision}", version(way.provider.name))
    path = folder / "proofs" / f"{key}.json" if folder is not None else None
    kept = _read(path) if path is not None else None
    if kept is not None:
        return kept
    _LOG.info("proving the gradients of %s, once", way)
    proof = prove(_pair(run), _pair(reference()), shape, classes, **_LIMITS[way.precision])
    if path is not None:
        _keep(path, proof.as_dict() | {"way": str(way), "form": way.form, "layout": way.layout, "shape": shape})
    return proof


def _pair(run: Run) -> Callable[[Array, Array], tuple[Array, Array]]:
    def pair(photos: Array, accepted: Array) -> tuple[Array, Array]:
        logits, gradient = run(photos, accepted)
        return logits, gradient

    return pair


def _read(path: Path) -> Proof | None:
    """The proof in ``path``; None for one that is not there or not readable: it is then made anew."""
    try:
        record = json.loads(path.read_bytes())
        proof = Proof.from_dict({name: record[name] for name in Proof.__dataclass_fields__})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return proof if isinstance(proof.ok, bool) else None


def _keep(path: Path, record: Mapping[str, Any]) -> None:
    try:
        write_atomic(path, json.dumps(record, sort_keys=True).encode())
    except StorageError as error:
        _LOG.info("the proof is not kept, the next start makes it again: %s", error)
