"""Equivalent spellings of the same gradient: which one is right and fastest depends on the provider."""

from __future__ import annotations

from typing import Literal, get_args

from ..errors import checked_word

#: How the input gradient of a strided convolution is written. ``conv_transpose``: ONNX ConvTranspose with the forward
#: weights. ``subpixel``: stride-1 convolutions at the output's resolution, one a phase of the stride, interleaved by
#: DepthToSpace. Stride-1 convolutions are a convolution with mirrored weights in both.
ConvolutionForm = Literal["conv_transpose", "subpixel"]
CONVOLUTION_FORMS: tuple[ConvolutionForm, ...] = get_args(ConvolutionForm)


#: How pixels are parted into the phases of a stride and interleaved again. ``channels_last``: stepped Slice and
#: DepthToSpace, cheap where a pixel's channels lie together (OpenVINO, TensorRT). ``planar``: Split and Concat of columns
#: and rows, a third of the time where every channel is a plane (ONNX Runtime's CPU kernels).
Layout = Literal["channels_last", "planar"]
LAYOUTS: tuple[Layout, ...] = get_args(Layout)


def check_forms(form: ConvolutionForm, layout: Layout) -> None:
    """Check the words of a caller.

    Parameters
    ----------
    form : {"conv_transpose", "subpixel"}
        How strided convolutions are differentiated.
    layout : {"channels_last", "planar"}
        How pixels are parted into the phases of a stride.

    Raises
    ------
    UsageError
        For an unknown word.
    """
    checked_word("convolution form", form, ConvolutionForm)
    checked_word("layout", layout, Layout)
