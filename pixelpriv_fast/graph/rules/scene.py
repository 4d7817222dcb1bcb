"""What a gradient rule sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import ModelError
from ..emission import Emitter
from ..forms import ConvolutionForm, Layout
from ..ir import Node


@dataclass(frozen=True, slots=True)
class Scene(Emitter):
    """The graph under construction, the values that depend on the network's input, and the chosen forms."""

    active: frozenset[str]
    form: ConvolutionForm
    layout: Layout

    def wants(self, node: Node, index: int) -> bool:
        """Whether input ``index`` of ``node`` lies on a path from the network's input."""
        return node.input(index) in self.active

    def refuse_active(self, node: Node, *indices: int) -> None:
        """Raise ``ModelError`` where an input that must not depend on the network's input does."""
        for index in indices:
            if self.wants(node, index):
                raise ModelError(f"{node}: no gradient rule for its input {index}, which depends on the photos")


Gradients = Sequence[str | None]

#: (scene, forward node, gradient of its only output) -> gradient of each input, or None
Rule = Callable[[Scene, Node, str], Gradients]

#: The same for an operator with several outputs, of which some may have no gradient.
SplitRule = Callable[[Scene, Node, Gradients], Gradients]
