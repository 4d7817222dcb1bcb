"""The ways to run a backward graph on this machine, best first: provider, precision, and the form of the graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DeviceError, UsageError
from ..graph import ConvolutionForm, Layout
from ..runtime import PROVIDERS, Provider, precisions, status
from ..runtime.providers import WISHES

#: The words of ``--precision`` and what sessions call them.
PRECISIONS: Mapping[str, str] = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_WORDS = {spelled: word for word, spelled in PRECISIONS.items()}

_CHANNELS_LAST: tuple[tuple[ConvolutionForm, Layout], ...] = (
    ("subpixel", "channels_last"),
    ("conv_transpose", "channels_last"),
)
_PLANAR: tuple[tuple[ConvolutionForm, Layout], ...] = (("subpixel", "planar"), ("conv_transpose", "planar"))

#: The forms of the graph, best first; the next one is for a provider that computes the first one wrongly.
_FORMS: Mapping[str, tuple[tuple[ConvolutionForm, Layout], ...]] = {
    "tensorrt": _CHANNELS_LAST,
    "cuda": _CHANNELS_LAST,
    "openvino": _CHANNELS_LAST,
    "onnxruntime": _PLANAR,
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way. ``precision`` is a word of ``PRECISIONS``."""

    provider: Provider
    precision: str
    form: ConvolutionForm
    layout: Layout

    def __str__(self) -> str:
        return f"{self.provider.title} {self.precision}"

    @property
    def exact(self) -> Provider:
        """The provider for what must be fp32: its own, or CUDA's where that one would round to TF32."""
        return self.provider if self.provider.exact_f32 else PROVIDERS["cuda"]


def ways(device: str, precision: str) -> tuple[Way, ...]:
    """Every way that ``device`` (a word of ``runtime.providers.WISHES``) and ``precision`` ("auto" or one of
    ``PRECISIONS``) may mean here, best first: fast precisions come before exact ones.

    Raises ``UsageError`` for an unknown word, ``DeviceError`` with the reasons where there is none.
    """
    if device not in WISHES:
        raise UsageError(f"unknown device {device!r}. Known: {', '.join(WISHES)}")
    if precision != "auto" and precision not in PRECISIONS:
        raise UsageError(f"unknown precision {precision!r}. Known: auto, {', '.join(PRECISIONS)}")
    found: list[Way] = []
    reasons: list[str] = []
    for name in WISHES[device]:
        provider, tried = PROVIDERS[name], status(name)
        if not tried.works:
            reasons.append(f"{provider.title}: {tried.reason}" + (f" (fix: {tried.fix})" if tried.fix else ""))
            continue
        words = [_WORDS[spelled] for spelled in precisions(name)]
        if precision != "auto" and precision not in words:
            reasons.append(f"{provider.title} is fast in {' and '.join(words)} on this machine")
        chosen = [word for word in words if precision in ("auto", word)]
        found += [Way(provider, word, *form) for word in chosen for form in _FORMS[name]]
    if not found:
        raise DeviceError(f"engine 'onnx' cannot run in {precision} on {device!r}: {'; '.join(reasons)}")
    return tuple(found)
