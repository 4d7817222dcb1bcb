"""The self-test of a backend: does it compute a backward graph right? Made once, kept beside the model."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ...graph import Proof, proof_key, prove
from ...runtime import Array, version
from ...words import Precision
from ..records import keep_record, read_record
from .backends import Backend

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How well a graph must agree with the reference; ``graph.prove`` says how each is measured.

    Attributes
    ----------
    cosine : float
        Minimum of the gradients' mean cosine.
    worst_cosine : float
        Minimum of the worst photo's cosine.
    sign_agreement : float
        Minimum share of equal gradient signs.
    logits_cosine : float
        Minimum cosine of the logits.
    """

    cosine: float
    worst_cosine: float
    sign_agreement: float
    logits_cosine: float

    def __repr__(self) -> str:
        """Return the words that the keys of kept records hold: other words would make every self-test again."""
        return (
            f"Limits(cosine={self.cosine}, worst_cosine={self.worst_cosine}, "
            f"sign_agreement={self.sign_agreement}, logits_cosine={self.logits_cosine})"
        )


#: The worst photo's cosine falls as a batch grows, so its minimum lies below the mean's. fp32 differs from the reference by
#: rounding only, but where rounding moves a value across a kink (Relu6, a pool's maximum) one photo's gradient shows it.
#: For 16 bits the minima tell a right graph from a wrong one (cosine 0.001, or 77 % equal signs) and no more.
#: Choice: the minima below; right graphs of the store's classifiers stayed above them in all precisions
#: (``tests/engines/onnx/test_engine.py`` and ``tests/graph/test_networks.py`` measure it).
_MINIMA: Mapping[Precision, Agreement] = {
    "fp32": Agreement(0.9999, 0.999, 0.995, 0.999),
    "bf16": Agreement(0.7, 0.7, 0.7, 0.99),
    "fp16": Agreement(0.9, 0.9, 0.85, 0.999),
}

Run = Callable[[Array, Array], list[Array]]


def self_tested(
    backend: Backend,
    graph: bytes,
    run: Run,
    reference: Callable[[], Run],
    shape: tuple[int, int, int, int],
    classes: int,
    folder: Path | None,
) -> Proof:
    """Return the self-test of a backend's graph: the one kept beside the model, else one made and kept now.

    Parameters
    ----------
    backend : Backend
        What is tested.
    graph : bytes
        Its backward graph, as ONNX.
    run : callable
        The graph on the backend, (photos, accepted) -> [logits, gradient].
    reference : callable
        Makes the same of the reference; called only if the test is made now.
    shape : tuple of int
        Shape (n, 3, h, w) of the inputs.
    classes : int
        Number of classes.
    folder : Path or None
        The model's folder; None keeps nothing.

    Returns
    -------
    Proof
        What the comparison found.
    """
    limits = _MINIMA[backend.precision]
    key = proof_key(graph, f"{backend.provider.name}:{backend.precision}:{limits}", version(backend.provider.name))
    path = folder / "proofs" / f"{key}.json" if folder is not None else None
    kept = _kept(path)
    if kept is not None:
        return kept
    _LOG.info("testing the gradients of %s, once", backend)
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
    keep_record(
        path, proof.as_dict() | {"way": str(backend), "form": backend.form, "layout": backend.layout, "shape": shape}
    )
    return proof


def _pair(run: Run) -> Callable[[Array, Array], tuple[Array, Array]]:
    def pair(photos: Array, accepted: Array) -> tuple[Array, Array]:
        logits, gradient = run(photos, accepted)
        return logits, gradient

    return pair


def _kept(path: Path | None) -> Proof | None:
    """Return the record in ``path``, or None for one that is not there or not readable: it is then made again."""
    record = read_record(path)
    try:
        proof = Proof.from_dict({name: record[name] for name in Proof.__dataclass_fields__})
    except (TypeError, KeyError):
        return None
    return proof if isinstance(proof.ok, bool) else None
