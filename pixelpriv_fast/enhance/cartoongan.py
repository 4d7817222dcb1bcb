"""CartoonGAN (Chen, Lai & Liu, CVPR 2018): a photo in the style of a film maker.

The enhancement of the paper's runs 1 and 2.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final, Literal, TypeAlias

import numpy as np

from ..errors import PhotoError, UsageError, checked_word
from ..kernels import resized
from ..models.cartoongan.generator import load_generator
from ..photo_check import checked_photo
from ..registry import GENERATORS, Examples
from ..types import Pixels
from ..words import OLD_PRECISIONS, PrecisionRequest
from .contract import Enhancement

_PREFIX: Final = "cartoongan_"
#: The styles: one a generator in the registry.
STYLES: Final = tuple(name.removeprefix(_PREFIX) for name in GENERATORS if name.startswith(_PREFIX))
if TYPE_CHECKING:  # a set that follows from a table; a type checker takes only what is written out
    Style: TypeAlias = str
else:
    Style = Literal[STYLES]
#: A photo must have this many pixels a side: reflection at a quarter of its size needs two there.
MIN_SIDE: Final = 5
_STEP = 4  # two halvings: the network's own sizes are multiples of 4
_MIN_WORKING_SIZE = 16


@dataclass(frozen=True)
class CartoonGAN(Enhancement):
    """Redraws a photo by a generator whose weights come from the model store.

    Every pixel depends on the whole photo (instance norms), at any size. A side that is not a multiple of 4 is extended by
    reflection at the right and bottom and cut back, so the picture stays where it was.

    Parameters
    ----------
    style : str
        The film maker.
    working_size : int or "native"
        The longest side to work at in pixels, 16 or more; the other side is rounded down (450 in the authors' test script).
        Photos are resized by Pillow's bicubic before and after. Choice: the same filter after, on which the script is silent.
        "native" works at the photo's own size.
    models : path, optional
        A folder to look in first for the weights.
    device : str
        "auto", "cpu" or "cuda".
    precision : str
        "fp32", "bf16", "fp16", or "auto" for what the device is fast at. Statistics are always fp32; bf16 comes out 54 dB
        from fp32.
    memory : int
        Bytes that the network may hold for one photo, weights aside. A photo that needs more (by default from 7 MP in fp32 and
        13 MP in bf16) is run in strips: the same up to rounding, two to three times slower, in at least 128 (fp32) or 64 (bf16)
        bytes a pixel and some rows.
    """

    style: Style = "hayao"
    working_size: int | str = "native"
    models: str | os.PathLike[str] | None = None
    device: str = "auto"
    precision: PrecisionRequest = "auto"
    memory: int = 5 << 30

    examples: ClassVar[Examples] = {
        "style": ("paprika", {}),
        "working_size": (40, {}),
        "models": None,
        "device": None,
        "precision": None,
        "memory": None,
    }

    def __post_init__(self) -> None:
        checked_word("style", self.style, STYLES)
        checked_word("precision", OLD_PRECISIONS.get(self.precision, self.precision), PrecisionRequest)
        size = self.working_size
        if size != "native" and (type(size) is not int or size < _MIN_WORKING_SIZE):
            raise UsageError(f'working_size is "native" or a number from {_MIN_WORKING_SIZE}, not {size!r}')
        if self.memory < 1:
            raise UsageError(f"memory is a number of bytes, not {self.memory}")

    @property
    def network(self) -> str:
        """The name of its network in the model store."""
        return f"{_PREFIX}{self.style}"

    def __call__(self, image: Pixels) -> Pixels:
        """Redraw one photo.

        Raises ``ModelError`` for missing weights (with the command that gets them), and ``PhotoError`` for a photo smaller
        than 5x5 or too large for ``memory``.
        """
        image = checked_photo(image)
        height, width = image.shape[:2]
        working = self._working_shape(height, width)
        if min(working) < MIN_SIDE:
            worked = "" if working == (height, width) else f", {working[1]}x{working[0]} at the working_size"
            raise PhotoError(f"CartoonGAN needs {MIN_SIDE} pixels a side; this photo has {width}x{height}{worked}")
        generator = load_generator(self.network, self.models, self.device, self.precision)
        small = resized(image, working, "bicubic")
        cartoon = generator(_extended(small), self.memory)[: working[0], : working[1]]
        return np.ascontiguousarray(resized(cartoon, (height, width), "bicubic"))

    def _working_shape(self, height: int, width: int) -> tuple[int, int]:
        if isinstance(self.working_size, str):
            return height, width
        longest = max(height, width)
        return int(height * self.working_size / longest), int(width * self.working_size / longest)


def _extended(image: Pixels) -> Pixels:
    """Reflect the image at the right and bottom to multiples of 4; at the left or top that would shift the network's grid."""
    below, right = (-side % _STEP for side in image.shape[:2])
    if below == right == 0:
        return image
    return np.pad(image, ((0, below), (0, right), (0, 0)), mode="reflect")
