"""The ways to run a backward graph on this machine, best first: provider, precision, and the form of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ...errors import DeviceError, UsageError
from ...graph import ConvolutionForm, Layout
from ...registry import checked_word
from ...runtime import PROVIDERS, Provider, precisions, status
from ...runtime.providers import WISHES
from ...words import Precision, PrecisionRequest

#: The forms of the graph, best first; the next one is for a provider that computes the first one wrongly.
_FORMS: tuple[ConvolutionForm, ...] = ("subpixel", "conv_transpose")


@dataclass(frozen=True, slots=True)
class Way:
    """One way."""

    provider: Provider
    precision: Precision
    form: ConvolutionForm
    layout: Layout

    def __str__(self) -> str:
        return f"{self.provider.title} {self.precision}"

    @property
    def exact(self) -> Provider:
        """The provider for what must be fp32: its own, or another one of its device where that would round to TF32."""
        return next(
            p for p in (self.provider, *PROVIDERS.values()) if p.exact_fp32 and p.device == self.provider.device
        )


def ways(device: str, precision: str) -> Iterator[Way]:
    """Every way that ``device`` (a word of ``runtime.providers.WISHES``) and ``precision`` may mean here, best first. A
    provider is tried when its turn comes, so the first way costs no more than it must.

    Raises ``UsageError`` for an unknown word, ``DeviceError`` with the reasons where there is no way at all.
    """
    if device not in WISHES:
        raise UsageError(f"unknown device {device!r}. Known: {', '.join(WISHES)}")
    checked_word("precision", precision, PrecisionRequest)
    reasons: list[str] = []
    found = _found(device, precision, reasons)
    first = next(found, None)
    if first is None:
        raise DeviceError(f"engine 'onnx' cannot run in {precision} on {device!r}: {'; '.join(reasons)}")
    return chain((first,), found)


def _found(device: str, precision: str, reasons: list[str]) -> Iterator[Way]:
    """The ways, and why there are no others, into ``reasons``."""
    for name in WISHES[device]:
        provider, tried = PROVIDERS[name], status(name)
        if not tried.works:
            reasons.append(f"{provider.title}: {tried.reason}" + (f" (fix: {tried.fix})" if tried.fix else ""))
            continue
        layout: Layout = "planar" if provider.planar else "channels_last"
        words = precisions(name)
        if precision != "auto" and precision not in words:
            reasons.append(f"{provider.title} computes in {' and '.join(words)} on this machine")
        for word in words:
            if precision in ("auto", word):
                yield from (Way(provider, word, form, layout) for form in _FORMS)
