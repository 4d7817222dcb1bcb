"""The chroma sampling of lossy formats as a linear map, and its transpose: the definition.

With R the RGB photo, M JPEG's colour transform and A the mean of two neighbours followed by libjpeg's triangle interpolation
(3/4 of the near sample, 1/4 of the next), a codec without quantisation is ``M^-1 diag(1, A, A) M R``. WebP and AVIF put
another scale and offset to the same chroma, which cancel, and interpolate alike.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from ...types import Floats

#: Rows of M (ITU-R BT.601) for Cb and Cr, and the columns of its inverse: JFIF 1.02.
_TO_CHROMA: Final[Floats] = np.array([[-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32)
_FROM_CHROMA: Final[Floats] = np.array([[0.0, -0.344136, 1.772], [1.402, -0.714136, 0.0]], np.float32)


def chroma_adjoint(gradient: Floats, rows: bool, columns: bool) -> Floats:
    """Pull a gradient back through the sampling of chroma; luma passes as it is.

    Parameters
    ----------
    gradient : (H, W, 3) float32
        By the RGB values that come out.
    rows, columns : bool
        Whether chroma has half the samples along the height, and along the width.

    Returns
    -------
    (H, W, 3) float32
        By the RGB values that go in.
    """
    chroma: Floats = gradient @ _FROM_CHROMA.T
    smooth = chroma
    for axis in [axis for axis, halved in enumerate((rows, columns)) if halved]:
        smooth = np.moveaxis(_axis_adjoint(np.moveaxis(smooth, axis, -1)), -1, axis)
    # M^T diag(1, A, A)^T M^-T, written as the identity and what chroma loses.
    lost: Floats = smooth - chroma
    pulled: Floats = gradient + lost @ _TO_CHROMA
    return pulled


def _axis_adjoint(gradient: Floats) -> Floats:
    """Apply the transpose of mean and interpolation along the last axis. An odd end is repeated before the mean."""
    length = gradient.shape[-1]
    if length % 2:
        gradient = np.concatenate([gradient, np.zeros_like(gradient[..., :1])], axis=-1)
    near, far = gradient[..., 0::2], gradient[..., 1::2]
    samples = np.float32(0.75) * (near + far)
    quarter_near, quarter_far = np.float32(0.25) * near, np.float32(0.25) * far
    samples[..., :-1] += quarter_near[..., 1:]  # the first pixel of a pair also reads the sample before its own,
    samples[..., 0] += quarter_near[..., 0]
    samples[..., 1:] += quarter_far[..., :-1]  # the second one the sample behind it; the ends read their own again
    samples[..., -1] += quarter_far[..., -1]
    pairs: Floats = np.repeat(samples * np.float32(0.5), 2, axis=-1)
    if length % 2:
        pairs[..., -2] += pairs[..., -1]
    return pairs[..., :length]
