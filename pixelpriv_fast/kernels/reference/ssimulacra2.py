"""The weighted differences of SSIMULACRA 2, version 2.1 (Jon Sneyers, Cloudinary, 2023): the definition.

Fields of the reference, https://github.com/cloudinary/ssimulacra2: the opsin matrix and bias, the shift and scale of X, Y and
B, C2 = 0.0009, a Gaussian of sigma 1.5, six scales, means and fourth norms of the three maps.

Choice: a photo's surroundings and its smallest scale are those of the Python package ssimulacra2 0.3.0. Its Gaussian has 11 x
11 taps, and a photo goes on with zeros at the sides and with its mirror image above and below, where the reference has a
recursive filter and zeros all round; a scale under 8 pixels a side does not count, where the reference asks this of the scale
before it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from ...errors import UsageError
from ...types import Pixels
from .ssim import RADIUS, Doubles, require_photos, window

SCALES: Final = 6
SMALLEST: Final = 8
C2: Final = 0.0009
DARK: Final = 0.0037930732552754493
MIX: Final = np.array(
    [
        [0.3, 1 - 0.3 - 0.078, 0.078],
        [0.23, 1 - 0.23 - 0.078, 0.078],
        [0.24342268924547819, 0.20476744424496821, 1 - 0.24342268924547819 - 0.20476744424496821],
    ]
)
NORMS: Final = (3, SCALES, 2, 3)  #: planes X, Y, B; scales; mean and fourth norm; structure, new edges, lost edges

#: The reference's weights: a line a scale; the mean of structure, new edges and lost edges, then their fourth norms.
WEIGHTS: Final = np.array([
    # X, finest scale first
    0, 0.0007376606707406586, 0, 0, 0.0007793481682867309, 0,
    0, 0.0004371155730107379, 0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0, 0.0016406437456599754, 0, 1.8422455520539298, 11.441172603757666, 0,
    0.0007989109436015163, 0.000176816438078653, 0, 1.8787594979546387, 10.94906990605142, 0,
    0.0007289346991508072, 0.9677937080626833, 0, 0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0, 0, 0.0013648766163243398, 0, 0,
    # Y, finest scale first
    0, 0, 0, 7.466890328078848, 0, 17.445833984131262,
    0.0006235601634041466, 0, 0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0, 0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0, 0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0, 0, 0, 34.77906344483772, 44.835625328877896, 0,
    0, 0, 0, 0, 0, 0,
    # B, finest scale first
    0, 0.0008680556573291698, 0, 0, 0, 0,
    0, 0.0005313191874358747, 0, 0.00016533814161379112, 0, 0,
    0, 0, 0, 0.0004179171803251336, 0.0017290828234722833, 0,
    0.0020827005846636437, 0, 0, 8.826982764996862, 23.19243343998926, 0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0, 0, 0, 0.0005130064588990679, 0, 0.00010854057858411537,
])  # fmt: skip


def ssimulacra2(a: Pixels, b: Pixels, weights: npt.NDArray[np.float64], threads: int = 1) -> float:
    """Return the weighted sum of the norms of three maps, of three planes, at up to six scales.

    Parameters
    ----------
    a : (h, w, 3) uint8
        The original, sRGB.
    b : (h, w, 3) uint8
        The photo that is compared with it.
    weights : (108,) float64
        In the order plane, scale, norm, map (``NORMS``). A photo with fewer scales takes the first of them, in the same order.
    threads : int
        Number of threads; never changes the result.

    Returns
    -------
    float
        The sum; 0 for equal photos, and for photos with a side under 8 pixels, which have no scale.

    Raises
    ------
    ValueError
        For other shapes.
    TypeError
        For other dtypes.
    """
    require_photos(a, b)
    require_weights(weights)
    lights = [linear_light(photo) for photo in (a, b)]
    scales: list[Doubles] = []
    while len(scales) < SCALES and min(lights[0].shape[:2]) >= SMALLEST:
        scales.append(_norms(*map(opponent, lights)))
        lights = [halved(light) for light in lights]
    norms = np.stack(scales, axis=1).ravel() if scales else np.zeros(0)
    return float(norms @ weights[: norms.size])


def require_weights(weights: npt.NDArray[np.float64]) -> None:
    """Check that there are 108 weights.

    Parameters
    ----------
    weights : array
        What should be (108,) float64.

    Raises
    ------
    ValueError
        For other shapes.
    """
    if weights.shape != (np.prod(NORMS),):
        raise UsageError(f"weights has shape {weights.shape}, expected ({np.prod(NORMS)},)")


def scales_of(height: int, width: int) -> int:
    """Count the scales at which photos of a size are compared.

    Parameters
    ----------
    height, width : int
        The size, in pixels.

    Returns
    -------
    int
        0 to ``SCALES``.
    """
    scales, side = 0, min(height, width)
    while scales < SCALES and side >= SMALLEST:
        scales, side = scales + 1, (side + 1) // 2
    return scales


def linear_light(photo: Pixels | Doubles) -> Doubles:
    """Return the light of sRGB levels, 0 to 255: 0 to 1."""
    value = photo / 255.0
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def halved(light: Doubles) -> Doubles:
    """Return means of 2 x 2; what has no neighbour is its own."""
    height, width = light.shape[:2]
    light = np.pad(light, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    return (light[::2, ::2] + light[1::2, ::2] + light[::2, 1::2] + light[1::2, 1::2]) / 4


def opponent(light: Doubles) -> Doubles:
    """Return X, Y and B - Y, shifted and scaled so that all are positive."""
    first, second, third = np.moveaxis(np.cbrt(light @ MIX.T + DARK) - np.cbrt(DARK), 2, 0)
    x, y = (first - second) / 2, (first + second) / 2
    return np.stack([14 * x + 0.42, y + 0.01, third - y + 0.55], axis=2)


def _norms(a: Doubles, b: Doubles) -> Doubles:
    """Return the mean and the fourth norm of each map of each plane, (3, 2, 3)."""
    mean_a, mean_b, squares_a, squares_b, product = (blur(image) for image in (a, b, a * a, b * b, a * b))
    covariance = product - mean_a * mean_b
    variances = (squares_a - mean_a * mean_a) + (squares_b - mean_b * mean_b)
    structure = 1 - (1 - (mean_a - mean_b) ** 2) * (2 * covariance + C2) / (variances + C2)
    edges = (1 + np.abs(b - mean_b)) / (1 + np.abs(a - mean_a)) - 1
    maps = np.maximum(np.stack([structure, edges, -edges], axis=-1), 0)
    return np.stack([maps.mean((0, 1)), (maps**4).mean((0, 1)) ** 0.25], axis=1)


def blur(image: Doubles) -> Doubles:
    """Return the Gaussian's sums at every place."""
    height, width = image.shape[:2]
    taps = window(2 * RADIUS + 1)
    padded = np.pad(image, ((RADIUS, RADIUS), (0, 0), (0, 0)), mode="symmetric")
    image = np.sum([tap * padded[k : k + height] for k, tap in enumerate(taps)], axis=0)
    padded = np.pad(image, ((0, 0), (RADIUS, RADIUS), (0, 0)))
    blurred: Doubles = np.sum([tap * padded[:, k : k + width] for k, tap in enumerate(taps)], axis=0)
    return blurred
