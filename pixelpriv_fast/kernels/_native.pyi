"""The extension's functions and array contracts (csrc/arrays.hpp states the same names)."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

PhotoU8: TypeAlias = npt.NDArray[np.uint8]  # (height, width, 3) RGB
BatchF32: TypeAlias = npt.NDArray[np.float32]  # (n, 3, height, width), a classifier's input
MotionsF64: TypeAlias = npt.NDArray[np.float64]  # (n, 3): degrees, tx px, ty px
VectorF32: TypeAlias = npt.NDArray[np.float32]  # (n,)
VectorF64: TypeAlias = npt.NDArray[np.float64]  # (n,)
VectorI32: TypeAlias = npt.NDArray[np.int32]  # (n,)

def build_info() -> dict[str, str]: ...
def warp_u8(
    photo: PhotoU8, parameters: MotionsF64, edge: str = "soft", fill: int = 0, threads: int = 1
) -> npt.NDArray[np.uint8]: ...
def warp_planar(
    photo: PhotoU8,
    parameters: MotionsF64,
    scale: VectorF32,
    shift: VectorF32,
    channels: VectorI32,
    out: BatchF32,
    top: int = 0,
    left: int = 0,
    edge: str = "soft",
    fill: int = 0,
    threads: int = 1,
) -> None: ...
def filled_area(parameters: MotionsF64, height: int, width: int, edge: str = "soft") -> VectorF64: ...
def ssim(a: PhotoU8, b: PhotoU8, threads: int = 1) -> float: ...
