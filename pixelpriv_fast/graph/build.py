"""The public functions: from a forward model to one that also returns the input gradient, and to other forms of it."""

from __future__ import annotations

from collections.abc import Sequence

import onnx

from .backward import differentiate
from .forms import ConvolutionForm, Layout, check_forms
from .ir import Graph, Node
from .proto import to_model
from .quantise import Ranges, quantised, ranged
from .seed import log_odds_seed, rating_seed
from .simplify import drop_dead_nodes, simplify
from .specialise import logits_of, specialise

#: The names of the built model's inputs and outputs, in order.
ATTACK_INPUTS = ("input", "accepted")
ATTACK_OUTPUTS = ("logits", "gradient")


def build_attack_graph(
    model: onnx.ModelProto,
    shape: Sequence[int],
    *,
    form: ConvolutionForm = "subpixel",
    layout: Layout = "channels_last",
    logits: str | None = None,
) -> onnx.ModelProto:
    """Build one model that computes an attack step's logits and input gradient.

    Parameters
    ----------
    model : onnx.ModelProto
        A classifier's forward model.
    shape : sequence of int
        (n, 3, height, width) of the photos, fixed in the result.
    form : {"conv_transpose", "subpixel"}
        How strided convolutions are differentiated, see :mod:`.forms`. Both are right, they differ in speed.
    layout : {"channels_last", "planar"}
        How pixels are parted into the phases of a stride, see :mod:`.forms`.
    logits : str, optional
        The output with the class scores; needed only if the model has several.

    Returns
    -------
    onnx.ModelProto
        Inputs: ``input``, as the forward model's; ``accepted``, (n, classes) of its element type, 1 for the classes
        that the photo should leave, else 0 (a row of zeros marks an unused row of the batch). Outputs: ``logits``
        (n, classes); ``gradient``, of the input's shape, of each photo's log-odds of leaving the accepted classes (see
        :mod:`.seed`). Ascend it to leave them; descend it with a mask of one target to reach that.

    Raises
    ------
    ModelError
        For an operator without a gradient rule, shapes that cannot be fixed, or outputs that are not (n, classes).
    UsageError
        For an unknown form or layout.
    """
    check_forms(form, layout)
    graph, scores = _forward(model, shape, logits)
    photos = graph.inputs[0]
    accepted = graph.add_input(graph.fresh("accepted"), graph.shape(scores), graph.dtype(scores))
    seed = log_odds_seed(graph, scores, accepted)
    gradient = differentiate(graph, scores, seed, photos, form, layout)
    return _finish(graph, model, [photos, accepted], [scores, gradient], ATTACK_INPUTS, ATTACK_OUTPUTS, form)


def build_score_graph(
    model: onnx.ModelProto,
    shape: Sequence[int],
    *,
    form: ConvolutionForm = "subpixel",
    layout: Layout = "channels_last",
    logits: str | None = None,
) -> onnx.ModelProto:
    """Build one model that computes a scorer's logits and the input gradient of its mean rating.

    Parameters
    ----------
    model : onnx.ModelProto
        A scorer's forward model, which returns logits of the ratings 1 .. n.
    shape, form, layout, logits
        See :func:`build_attack_graph`.

    Returns
    -------
    onnx.ModelProto
        Input: ``input``, as the forward model's. Outputs: ``logits`` (photos, n); ``gradient``, of the input's shape, of each
        photo's mean rating (see :mod:`.seed`). Ascend it to raise the rating.

    Raises
    ------
    ModelError, UsageError
        As :func:`build_attack_graph` does.
    """
    check_forms(form, layout)
    graph, scores = _forward(model, shape, logits)
    photos = graph.inputs[0]
    gradient = differentiate(graph, scores, rating_seed(graph, scores), photos, form, layout)
    return _finish(graph, model, [photos], [scores, gradient], ATTACK_INPUTS[:1], ATTACK_OUTPUTS, form)


def build_vjp(
    model: onnx.ModelProto,
    shape: Sequence[int],
    *,
    form: ConvolutionForm = "subpixel",
    layout: Layout = "channels_last",
    output: str | None = None,
) -> onnx.ModelProto:
    """Build a model that computes the vector-Jacobian product alone.

    Parameters
    ----------
    model : onnx.ModelProto
        A forward model.
    shape : sequence of int
        Shape of its input, fixed in the result.
    form, layout : str
        See :func:`build_attack_graph`.
    output : str, optional
        The output to differentiate, of any shape; the first one by default.

    Returns
    -------
    onnx.ModelProto
        Inputs ``input`` and ``seed`` (of the output's shape), outputs ``output`` and ``gradient``.

    Raises
    ------
    ModelError, UsageError
        As :func:`build_attack_graph` does.
    """
    check_forms(form, layout)
    graph = simplify(specialise(model, shape))
    value = graph.outputs[_names(model).index(output) if output else 0]
    photos = graph.inputs[0]
    seed = graph.add_input(graph.fresh("seed"), graph.shape(value), graph.dtype(value))
    gradient = differentiate(graph, value, seed, photos, form, layout)
    return _finish(graph, model, [photos, seed], [value, gradient], ("input", "seed"), ("output", "gradient"), form)


def build_forward(model: onnx.ModelProto, shape: Sequence[int], *, logits: str | None = None) -> onnx.ModelProto:
    """Build the classifier alone for one fixed shape, simplified as the attack graph's forward half is.

    Parameters
    ----------
    model : onnx.ModelProto
        A classifier's forward model.
    shape : sequence of int
        (n, 3, height, width) of the photos.
    logits : str, optional
        The output with the class scores; needed only if the model has several.

    Returns
    -------
    onnx.ModelProto
        Input ``input``, output ``logits`` (n, classes).
    """
    graph, scores = _forward(model, shape, logits)
    return _finish(graph, model, graph.inputs, [scores], ATTACK_INPUTS[:1], ATTACK_OUTPUTS[:1], None)


def build_ranged(model: onnx.ModelProto, shape: Sequence[int], *, logits: str | None = None) -> onnx.ModelProto:
    """Build the classifier with a second output: the ranges that :func:`build_quantised` needs.

    Parameters
    ----------
    model : onnx.ModelProto
        A classifier's forward model.
    shape : sequence of int
        (n, 3, height, width) of the photos.
    logits : str, optional
        The output with the class scores; needed only if the model has several.

    Returns
    -------
    onnx.ModelProto
        Input ``input``, outputs ``logits`` (n, classes) and ``ranges`` (n, 2, tensors): each photo's minimum and maximum
        of every tensor that is quantised.

    Raises
    ------
    ModelError
        If no tensor is.
    """
    graph, scores = _forward(model, shape, logits, pool_first=False)
    measured = ranged(graph)
    return _finish(graph, model, graph.inputs, [scores, measured], ATTACK_INPUTS[:1], ("logits", "ranges"), None)


def build_quantised(
    model: onnx.ModelProto, shape: Sequence[int], ranges: Ranges, *, logits: str | None = None
) -> onnx.ModelProto:
    """Build the classifier with 8-bit layers, see :mod:`.quantise`.

    Parameters
    ----------
    model : onnx.ModelProto
        A classifier's forward model.
    shape : sequence of int
        (n, 3, height, width) of the photos.
    ranges : ndarray of float32, shape (2, tensors)
        Minimum and maximum of each tensor, in the order of :func:`build_ranged`.
    logits : str, optional
        The output with the class scores; needed only if the model has several.

    Returns
    -------
    onnx.ModelProto
        Input ``input``, output ``logits`` (n, classes).

    Raises
    ------
    ModelError
        If there is nothing to quantise, or if the ranges are those of another network.
    """
    graph, scores = _forward(model, shape, logits, pool_first=False)
    graph = quantised(graph, ranges)
    return _finish(graph, model, graph.inputs, [scores], ATTACK_INPUTS[:1], ATTACK_OUTPUTS[:1], None)


def _names(model: onnx.ModelProto) -> list[str]:
    return [output.name for output in model.graph.output]


def _forward(
    model: onnx.ModelProto, shape: Sequence[int], logits: str | None, pool_first: bool = True
) -> tuple[Graph, str]:
    graph = specialise(model, shape)
    position = graph.outputs.index(logits_of(graph, logits))
    graph = simplify(graph, pool_first)
    scores = graph.outputs[position]
    return graph, scores


def _finish(
    graph: Graph,
    model: onnx.ModelProto,
    inputs: Sequence[str],
    outputs: Sequence[str],
    input_names: Sequence[str],
    output_names: Sequence[str],
    form: ConvolutionForm | None,
) -> onnx.ModelProto:
    graph.inputs, graph.outputs = list(inputs), list(outputs)
    drop_dead_nodes(graph)
    _rename(graph, dict(zip(inputs, input_names, strict=True)))
    for index, name in enumerate(output_names):
        _name_output(graph, index, name)
    metadata = {"convolution_form": form} if form else {}
    return to_model(graph, f"{model.graph.name or 'classifier'}_attack" if form else model.graph.name, metadata)


def _name_output(graph: Graph, index: int, name: str) -> None:
    """Rename an output to ``name``; one that is also an input, a constant or another output is copied."""
    value = graph.outputs[index]
    if value == name:
        return
    if value in graph.inputs or value in graph.constants or graph.outputs.count(value) > 1:
        _rename(graph, {name: graph.fresh(f"{name}_inner")} if name in graph.types else {})
        graph.outputs[index] = graph.add("Identity", [value], output=name)
    else:
        _rename(graph, {value: name})


def _rename(graph: Graph, names: dict[str, str]) -> None:
    """Rename values; a value that already has one of the new names gets another."""
    taken = {new for old, new in names.items() if old != new and new in graph.types}
    names = names | {name: graph.fresh(f"{name}_inner") for name in taken if name not in names}

    def new(name: str) -> str:
        return names.get(name, name)

    graph.types = {new(name): kind for name, kind in graph.types.items()}
    graph.constants = {new(name): array for name, array in graph.constants.items()}
    graph.inputs, graph.outputs = [new(name) for name in graph.inputs], [new(name) for name in graph.outputs]
    graph.nodes = [
        Node(
            node.op,
            node.name,
            [new(i) for i in node.inputs],
            [new(o) for o in node.outputs],
            node.attributes,
            node.domain,
        )
        for node in graph.nodes
    ]
