"""Batch norms folded into the convolutions before them: one operation less in both directions, same function."""

from __future__ import annotations

import logging

import torch
from torch import fx, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

_LOG = logging.getLogger(__name__)

#: Largest difference that folding may make on a probe, relative to the largest output. Rounding alone stays near 1e-6.
_TOLERANCE = 1e-3


class _Tracer(fx.Tracer):
    """Keeps convolutions whole, those with padding rules of their own included."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Return whether the module is kept whole."""
        return isinstance(m, nn.Conv2d) or super().is_leaf_module(m, module_qualified_name)


def folded(module: nn.Module, size: tuple[int, int]) -> nn.Module:
    """Fold a module's batch norms into its convolutions.

    Each pair is tested on a probe, since a convolution of a class of its own may ignore the bias that folding gives it
    (then it keeps its batch norm), and so is the whole.

    Parameters
    ----------
    module : nn.Module
        The network; it is set to eval mode.
    size : (int, int)
        Height and width of its input.

    Returns
    -------
    nn.Module
        A folded copy, or ``module`` itself where that cannot be done.
    """
    module.eval()
    try:
        traced = fx.GraphModule(module, _Tracer().trace(module))
    except (fx.proxy.TraceError, TypeError) as error:
        _LOG.info("batch norms stay unfolded, the network cannot be traced: %s", error)
        return module
    candidate = _fold(traced)
    probe = torch.rand((1, 3, *size), generator=torch.Generator().manual_seed(0))
    if _close(module, candidate, probe):
        return candidate
    _LOG.info("batch norms stay unfolded: the folded network differs")
    return module


def _fold(traced: fx.GraphModule) -> fx.GraphModule:
    """Return a folded copy."""
    modules = dict(traced.named_modules())
    graph, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    output = graph.graph_copy(traced.graph, copies)
    graph.output(output)
    folded_modules: dict[str, nn.Module] = {}
    for node in list(traced.graph.nodes):
        pair = _pair(node, modules)
        both = None if pair is None else _fused(*pair)
        if both is None:
            continue
        source = node.args[0]
        folded_modules[str(source.target)] = both
        copies[node].replace_all_uses_with(copies[source])
        graph.erase_node(copies[node])
    candidate = fx.GraphModule({**_tensors(traced), **modules, **folded_modules}, graph)
    candidate.delete_all_unused_submodules()
    return candidate.eval()


def _pair(node: fx.Node, modules: dict[str, nn.Module]) -> tuple[nn.Conv2d, nn.BatchNorm2d] | None:
    """Return the convolution and the batch norm that ``node`` alone applies to it."""
    norm = modules.get(str(node.target)) if node.op == "call_module" else None
    source = node.args[0] if node.args else None
    if not isinstance(norm, nn.BatchNorm2d) or not isinstance(source, fx.Node) or source.op != "call_module":
        return None
    convolution = modules[str(source.target)]
    if not isinstance(convolution, nn.Conv2d) or len(source.users) != 1:
        return None
    return convolution, norm


def _fused(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> nn.Conv2d | None:
    """Return one convolution that does the work of both, or None where its class does not add the bias."""
    both = fuse_conv_bn_eval(convolution, norm)
    if type(convolution) is not nn.Conv2d:
        shape = 1, convolution.in_channels, *(2 * (edge - 1) + 2 for edge in convolution.kernel_size)
        probe = torch.rand(shape, generator=torch.Generator().manual_seed(0))
        if not _close(nn.Sequential(convolution, norm), both, probe):
            return None
    return both


def _tensors(traced: fx.GraphModule) -> dict[str, torch.Tensor]:
    """Return parameters and buffers that the graph reads by name, such as a mean image."""
    return dict(traced.named_parameters()) | dict(traced.named_buffers())


def _close(module: nn.Module, candidate: nn.Module, probe: torch.Tensor) -> bool:
    with torch.no_grad():
        want, got = module(probe), candidate(probe)
    return bool((want - got).abs().max() <= _TOLERANCE * want.abs().max())
