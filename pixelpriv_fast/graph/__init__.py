"""From a classifier's ONNX graph to one that returns its logits and the input gradient.

A user's model goes through :mod:`.specialise` (fixed shapes, constants folded), :mod:`.simplify` (batch norm folded,
idle nodes dropped) and :mod:`.backward` (the nodes in reverse order, one rule an operator, :mod:`.rules`), and out again
as ordinary ONNX nodes that every provider runs. :mod:`.proof` says whether a provider runs them right.
"""

from __future__ import annotations

from .backward import BuildsBackward
from .build import (
    ATTACK_INPUTS,
    ATTACK_OUTPUTS,
    build_attack_graph,
    build_forward,
    build_quantised,
    build_ranged,
    build_score_graph,
    build_vjp,
)
from .forms import CONVOLUTION_FORMS, LAYOUTS, ConvolutionForm, Layout
from .proof import Proof, proof_key, prove
from .proto import parse

__all__ = [
    "ATTACK_INPUTS",
    "ATTACK_OUTPUTS",
    "CONVOLUTION_FORMS",
    "LAYOUTS",
    "BuildsBackward",
    "ConvolutionForm",
    "Layout",
    "Proof",
    "build_attack_graph",
    "build_forward",
    "build_quantised",
    "build_ranged",
    "build_score_graph",
    "build_vjp",
    "parse",
    "proof_key",
    "prove",
]
