"""What a gradient rule is given."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ...errors import ModelError
from ..emission import Emitter
from ..forms import ConvolutionForm, Layout
from ..ir import Node


@dataclass(frozen=True, slots=True)
class Scene(Emitter):
    """The graph under construction, and what a rule must know of it.

    Attributes
    ----------
    graph : Graph
        Receives the nodes of the gradient.
    active : frozenset of str
        The values that depend on the network's input.
    form : ConvolutionForm
        How strided convolutions are differentiated.
    layout : Layout
        How pixels are parted into the phases of a stride.
    """

    active: frozenset[str]
    form: ConvolutionForm
    layout: Layout

    def wants(self, node: Node, index: int) -> bool:
        """Return whether an input needs a gradient, that is, depends on the network's input.

        Parameters
        ----------
        node : Node
            The forward node.
        index : int
            Position of the input.

        Returns
        -------
        bool
            Whether it does.
        """
        return node.input(index) in self.active

    def refuse_active(self, node: Node, *indices: int) -> None:
        """Refuse inputs that depend on the network's input although they must not.

        Parameters
        ----------
        node : Node
            The forward node.
        *indices : int
            Positions of those inputs.

        Raises
        ------
        ModelError
            If one does.
        """
        for index in indices:
            if self.wants(node, index):
                raise ModelError(f"{node}: no gradient rule for its input {index}, which depends on the photos")


Gradients = Sequence[str | None]

#: The contract of every rule: (scene, forward node, gradient of its only output) -> gradient of each input, None for one
#: that gets none (a constant, a shape). A rule names values; what it emits goes to the scene's graph.
Rule = Callable[[Scene, Node, str], Gradients]

#: The same for an operator with several outputs, of which some may have no gradient.
SplitRule = Callable[[Scene, Node, Gradients], Gradients]
