"""Batch norms folded into the convolutions before them: one operation less in both directions, same function."""

from __future__ import annotations

import logging

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_LOG = logging.getLogger(__name__)

#: Largest difference that folding may make on a probe, relative to the largest logit. Rounding alone stays near 1e-6.
_TOLERANCE = 1e-3


class _Tracer(fx.Tracer):
    """Keeps convolutions whole, those with padding rules of their own included."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return isinstance(m, nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def folded(module: nn.Module, size: tuple[int, int]) -> nn.Module:
    """``module`` (eval mode) with its batch norms folded, or ``module`` itself where that cannot be done.

    The result is proved on a probe input (1, 3, *size): a convolution may ignore the bias that folding gives it.
    """
    module.eval()
    try:
        traced = fx.GraphModule(module, _Tracer().trace(module))
    except (fx.proxy.TraceError, TypeError) as error:
        _LOG.info("batch norms stay unfolded, the network cannot be traced: %s", error)
        return module
    for only_plain in (False, True):
        candidate = _fold(traced, only_plain)
        if _same(module, candidate, size):
            return candidate
    _LOG.info("batch norms stay unfolded: the folded network differs")
    return module


def _fold(traced: fx.GraphModule, only_plain: bool) -> fx.GraphModule:
    """A folded copy. ``only_plain`` leaves subclasses of ``nn.Conv2d`` alone."""
    modules = dict(traced.named_modules())
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    output = graph.graph_copy(traced.graph, copies)
    graph.output(output)
    folded_modules: dict[str, nn.Module] = {}
    for node in list(traced.graph.nodes):
        pair = _pair(node, modules, only_plain)
        if pair is None:
            continue
        convolution, norm = pair
        source = node.args[0]
        folded_modules[str(source.target)] = fuse_conv_bn_eval(convolution, norm)
        copies[node].replace_all_uses_with(copies[source])
        graph.erase_node(copies[node])
    candidate = fx.GraphModule({**_tensors(traced), **modules, **folded_modules}, graph)
    candidate.delete_all_unused_submodules()
    return candidate.eval()


def _pair(node: fx.Node, modules: dict[str, nn.Module], only_plain: bool) -> tuple[nn.Conv2d, nn.BatchNorm2d] | None:
    """The convolution and the batch norm that ``node`` applies to it and nobody else reads."""
    norm = modules.get(str(node.target)) if node.op == "call_module" else None
    source = node.args[0] if node.args else None
    if not isinstance(norm, nn.BatchNorm2d) or not isinstance(source, fx.Node) or source.op != "call_module":
        return None
    convolution = modules[str(source.target)]
    if not isinstance(convolution, nn.Conv2d) or len(source.users) != 1:
        return None
    if only_plain and type(convolution) is not nn.Conv2d:
        return None
    return convolution, norm


def _tensors(traced: fx.GraphModule) -> dict[str, torch.Tensor]:
    """Parameters and buffers that the graph reads by name, such as a mean image."""
    return dict(traced.named_parameters()) | dict(traced.named_buffers())


def _same(module: nn.Module, candidate: nn.Module, size: tuple[int, int]) -> bool:
    probe = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        want, got = module(probe), candidate(probe)
    return bool((want - got).abs().max() <= _TOLERANCE * want.abs().max())
