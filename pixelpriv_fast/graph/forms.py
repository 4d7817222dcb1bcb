"""Ways to write the same gradient: which one is right and fastest depends on the provider."""

from __future__ import annotations

from typing import Literal, get_args

from ..errors import UsageError

#: How the input gradient of a strided convolution is written. ``conv_transpose``: ONNX ConvTranspose with the forward
#: weights. ``subpixel``: stride-1 convolutions at the output's resolution, one a phase of the stride, interleaved by
#: DepthToSpace. Stride-1 convolutions are a convolution with mirrored weights in both.
ConvolutionForm = Literal["conv_transpose", "subpixel"]
CONVOLUTION_FORMS: tuple[ConvolutionForm, ...] = get_args(ConvolutionForm)


def checked_form(form: ConvolutionForm) -> ConvolutionForm:
    """``form``, or ``UsageError`` with the known ones."""
    if form not in CONVOLUTION_FORMS:
        raise UsageError(f"unknown convolution form {form!r}. Known: {', '.join(CONVOLUTION_FORMS)}")
    return form
