"""The second list: twelve treatments of a shared photo that no attack stops on and no constant is tuned to.

They judge what the survival panel cannot, since attacks stop on the panel. The list was fixed before the first constant of
``robust`` was chosen, and stays as it is. Pillow alone treats the photos here, none of the package's code.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
from PIL import Image, ImageFilter

LANCZOS, BICUBIC, BILINEAR, BOX = (
    Image.Resampling.LANCZOS,
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.BOX,
)


def saved(image: Image.Image, format_name: str, quality: int, **options: object) -> Image.Image:
    """Return the image encoded and decoded again."""
    out = io.BytesIO()
    image.save(out, format_name, quality=quality, **options)
    return Image.open(out).convert("RGB")


def scaled(image: Image.Image, factor: float, how: Image.Resampling) -> Image.Image:
    """Return the image with both sides multiplied by ``factor``."""
    return image.resize((max(1, round(image.width * factor)), max(1, round(image.height * factor))), how)


def within(image: Image.Image, long_side: int, factor: float, how: Image.Resampling) -> Image.Image:
    """Return the image reduced to ``long_side``, or by ``factor`` where it is smaller."""
    longest = max(image.size)
    return scaled(image, long_side / longest if longest > long_side else factor, how)


def gamma(image: Image.Image, exponent: float) -> Image.Image:
    """Return the image with every value v of 0..1 at v ** exponent."""
    return image.point([round(255 * (v / 255) ** exponent) for v in range(256)] * 3)


def cropped(image: Image.Image, share: float) -> Image.Image:
    """Return the image without ``share`` of its height and width, taken at the right and the lower edge alone."""
    return image.crop((0, 0, image.width - round(image.width * share), image.height - round(image.height * share)))


UNSEEN: Final[Mapping[str, Callable[[Image.Image], Image.Image]]] = {
    "jpeg 84": lambda i: saved(i, "JPEG", 84, subsampling="4:2:0"),
    "jpeg 52 444": lambda i: saved(i, "JPEG", 52, subsampling="4:4:4"),
    "jpeg 34": lambda i: saved(i, "JPEG", 34, subsampling="4:2:0"),
    "webp 62": lambda i: saved(i, "WEBP", 62),
    "avif 55": lambda i: saved(i, "AVIF", 55, subsampling="4:2:0", speed=8),
    "resize 0.62 box": lambda i: scaled(i, 0.62, BOX),
    "resize 0.87 bilinear": lambda i: scaled(i, 0.87, BILINEAR),
    "resize 1.3 bicubic": lambda i: scaled(i, 1.3, BICUBIC),
    "blur 0.8": lambda i: i.filter(ImageFilter.GaussianBlur(0.8)),
    "gamma 0.93, jpeg 87": lambda i: saved(gamma(i, 0.93), "JPEG", 87, subsampling="4:2:0"),
    "crop 5 %, 0.66 bicubic, jpeg 78": lambda i: saved(
        scaled(cropped(i, 0.05), 0.66, BICUBIC), "JPEG", 78, subsampling="4:2:0"
    ),
    "1280 Lanczos, jpeg 80, 720 bilinear, webp 70": lambda i: saved(
        within(saved(within(i, 1280, 0.85, LANCZOS), "JPEG", 80, subsampling="4:2:0"), 720, 0.65, BILINEAR),
        "WEBP",
        70,
    ),
}


def treated(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Return the photo after each treatment, uint8 (height, width, 3)."""
    image = Image.fromarray(pixels)
    return {name: np.asarray(treat(image)) for name, treat in UNSEEN.items()}
