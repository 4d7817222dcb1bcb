"""The backends that may run a backward graph on this machine, best first: provider, precision and form of the graph."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from ...errors import DeviceError, checked_word
from ...graph import ConvolutionForm, Layout
from ...runtime import PROVIDERS, Provider, precisions, status
from ...runtime.providers import DEVICE_WORDS, checked_device
from ...words import Precision, PrecisionRequest

#: The forms of the graph, best first; the next one is for a provider that computes the first one wrongly.
_FORMS: tuple[ConvolutionForm, ...] = ("subpixel", "conv_transpose")


@dataclass(frozen=True, slots=True)
class Backend:
    """A candidate for running a backward graph.

    Attributes
    ----------
    provider : Provider
        What runs it.
    precision : Precision
        Precision of gradients.
    form : ConvolutionForm
        How the gradients of strided convolutions are written.
    layout : Layout
        How pixels are interleaved.
    """

    provider: Provider
    precision: Precision
    form: ConvolutionForm
    layout: Layout

    def __str__(self) -> str:
        """Return what runs, as "OpenVINO bf16"."""
        return f"{self.provider.title} {self.precision}"

    @property
    def exact(self) -> Provider:
        """The provider for what must be fp32: its own, or another one of its device where that would round to TF32."""
        return next(
            p for p in (self.provider, *PROVIDERS.values()) if p.exact_fp32 and p.device == self.provider.device
        )


def backends(device: str, precision: str) -> Iterator[Backend]:
    """Return the candidate backends of this machine, best first.

    A provider is tried when its turn comes, so the first backend costs no more than it must.

    Parameters
    ----------
    device : str
        A word of ``runtime.providers.DEVICE_WORDS``.
    precision : str
        "auto", "fp32", "bf16" or "fp16".

    Returns
    -------
    iterator of Backend
        At least one.

    Raises
    ------
    UsageError
        For an unknown word.
    DeviceError
        With the reasons, if there is no backend.
    """
    checked_device(device)
    checked_word("precision", precision, PrecisionRequest)
    reasons: list[str] = []
    found = _found(device, precision, reasons)
    first = next(found, None)
    if first is None:
        raise DeviceError(f"engine 'onnx' cannot run in {precision} on {device!r}: {'; '.join(reasons)}")
    return chain((first,), found)


def _found(device: str, precision: str, reasons: list[str]) -> Iterator[Backend]:
    """Yield the backends; put into ``reasons`` why there are no others.

    Not ``providers.resolve``: that takes the first provider that works, this needs each one's precisions and all of
    them, since a backend that fails is followed by the next.
    """
    for name in DEVICE_WORDS[device]:
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
                yield from (Backend(provider, word, form, layout) for form in _FORMS)
