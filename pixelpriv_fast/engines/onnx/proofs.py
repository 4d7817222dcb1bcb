"""Proofs that a provider computes a backward graph right: made once, kept beside the model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...graph import Proof, proof_key, prove
from ...runtime import Array, version
from ..records import keep_record, read_record
from .ways import Way

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a graph must reach against the reference, see ``graph.prove``."""

    cosine: float
    worst_cosine: float
    sign_agreement: float
    logits_cosine: float


#: The worst photo's cosine falls as a pass holds more photos, so its limit lies below the mean's. fp32 differs from the
#: reference by rounding only, but where rounding moves a value across a kink (Relu6, a pool's maximum) one photo's
#: gradient shows it: of 64 photos of EfficientNet-Lite0 the median cosine is 1.0000000 and the worst 0.99992, by PyTorch
#: as by OpenVINO; 0.99985 was seen in a pass of 32. Choice: 0.9999 for the mean, 0.999 for the worst. For 16 bits, what
#: tells a right graph from a wrong one, no more: right ones reached 0.907 (EfficientNet-Lite0), 0.983 (SqueezeNet) and 0.91
#: (a calibrated ResNet50) in bf16; a wrong one 0.001, or 77 % equal signs. A network too chaotic for 16 bits falls below.
_LIMITS: Mapping[str, Limits] = {
    "fp32": Limits(0.9999, 0.999, 0.995, 0.999),
    "bf16": Limits(0.7, 0.7, 0.7, 0.99),
    "fp16": Limits(0.9, 0.9, 0.85, 0.999),
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
    limits = _LIMITS[way.precision]
    key = proof_key(graph, f"{way.provider.name}:{way.precision}:{limits}", version(way.provider.name))
    path = folder / "proofs" / f"{key}.json" if folder is not None else None
    kept = _kept(path)
    if kept is not None:
        return kept
    _LOG.info("proving the gradients of %s, once", way)
    proof = prove(
        _pair(run),
        _pair(reference()),
        shape,
        classes,
        min_cosine=limits.cosine,
        min_worst_cosine=limits.worst_cosine,
        min_sign_agreement=limits.sign_agreement,
        min_logits_cosine=limits.logits_cosine,
    )
    keep_record(path, proof.as_dict() | {"way": str(way), "form": way.form, "layout": way.layout, "shape": shape})
    return proof


def _pair(run: Run) -> Callable[[Array, Array], tuple[Array, Array]]:
    def pair(photos: Array, accepted: Array) -> tuple[Array, Array]:
        logits, gradient = run(photos, accepted)
        return logits, gradient

    return pair


def _kept(path: Path | None) -> Proof | None:
    """The proof in ``path``; None for one that is not there or not readable: it is then made anew."""
    record = read_record(path)
    try:
        proof = Proof.from_dict({name: record[name] for name in Proof.__dataclass_fields__})
    except (TypeError, KeyError):
        return None
    return proof if isinstance(proof.ok, bool) else None
