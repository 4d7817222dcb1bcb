"""The extension's functions and array contracts (csrc/arrays.hpp states the same names)."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .filters import AxisFilter

PhotoU8: TypeAlias = npt.NDArray[np.uint8]  # (height, width, 3) RGB
PlaneF32: TypeAlias = npt.NDArray[np.float32]  # (height, width)
PlaneF64: TypeAlias = npt.NDArray[np.float64]  # (height, width)
VectorF64: TypeAlias = npt.NDArray[np.float64]  # (n,)
OffsetI8: TypeAlias = npt.NDArray[np.int8]  # (height, width, 3) lattice offsets
PhotoF32: TypeAlias = npt.NDArray[np.float32]  # (height, width, 3) RGB
PlanarF32: TypeAlias = npt.NDArray[np.float32]  # (3, height, width)
VectorF32: TypeAlias = npt.NDArray[np.float32]  # (n,)
VectorI32: TypeAlias = npt.NDArray[np.int32]  # (n,)
MotionsF64: TypeAlias = npt.NDArray[np.float64]  # (n, 3): degrees, tx px, ty px
InputF32: TypeAlias = npt.NDArray[np.float32]  # (n, 3, height, width), a classifier's input

class Resampler:
    def __init__(
        self, rows: AxisFilter, columns: AxisFilter, order: VectorI32, gain: VectorF32, bias: VectorF32
    ) -> None: ...
    @property
    def rows(self) -> AxisFilter: ...
    @property
    def columns(self) -> AxisFilter: ...
    @property
    def order(self) -> VectorI32: ...
    @property
    def gain(self) -> VectorF32: ...
    @property
    def bias(self) -> VectorF32: ...
    @property
    def identity(self) -> bool: ...

def best_exposure(samples: VectorF64, a: float, b: float, k_min: float, k_max: float, k_step: float) -> float: ...
def blend_exposure(
    photo: PhotoU8, illumination: PlaneF64, table: VectorF64, mu: float, threads: int = 1
) -> PhotoU8: ...
def build_info() -> dict[str, str]: ...
def cartoon_filter(
    photo: PhotoU8,
    blur: VectorF32,
    shares: PlaneF32,
    rounds: int,
    tone: VectorF32,
    saturation: float,
    fine: VectorF32,
    coarse: VectorF32,
    line_threshold: float,
    line_gain: float,
    line_strength: float,
) -> PhotoU8: ...
def chroma_adjoint(gradient: PhotoF32, rows: bool, columns: bool) -> PhotoF32: ...
def climb(
    change: PhotoF32,
    momentum: PhotoF32,
    gradient: PhotoF32,
    weights: PlaneF32,
    colours: PlaneF32,
    decay: float,
    length: float,
) -> float: ...
def descend(
    start: PhotoU8,
    change: PhotoF32,
    momentum: PhotoF32,
    slope: PhotoF32,
    weights: PlaneF32,
    colours: PlaneF32,
    seen: float,
    budget: float,
    longest: float,
    bound: int,
) -> float: ...
def exposure_samples(photo: PhotoU8, illumination: PlaneF64, threshold: float, threads: int = 1) -> VectorF64: ...
def filled_area(parameters: MotionsF64, height: int, width: int, edge: str = "soft") -> VectorF64: ...
def half_luminance(photo: PhotoU8, threads: int = 1) -> PlaneF32: ...
def largest_change(photo: PhotoU8, other: PhotoU8) -> int: ...
def lattice_photo(photo: PhotoU8, offsets: OffsetI8, units: int) -> PhotoU8: ...
def lattice_step(
    photo: PhotoU8,
    offsets: OffsetI8,
    gradient: PlanarF32,
    resampler: Resampler,
    units: int,
    step: int,
    bound: int,
    extra: PhotoF32 | None = None,
    planes: PlanarF32 | None = None,
) -> None: ...
def lift(
    photo: PhotoU8, wanted: PhotoF32, resampler: Resampler, bound: int, rounds: int, threads: int = 1
) -> PhotoU8: ...
def normalise(pixels: PhotoU8, order: VectorI32, gain: VectorF32, bias: VectorF32) -> PlanarF32: ...
def photo_adjoint(gradient: PhotoF32, resampler: Resampler) -> PhotoF32: ...
def resize_adjoint(gradient: PlanarF32, resampler: Resampler, out: PhotoF32) -> None: ...
def resize_lattice(photo: PhotoU8, offsets: OffsetI8, units: int, resampler: Resampler) -> PlanarF32: ...
def resize_u8(photo: PhotoU8, resampler: Resampler, threads: int = 1) -> PhotoU8: ...
def solve_illumination(
    luminance: PlaneF32, w_h: PlaneF32, w_v: PlaneF32, lam: float, rtol: float, threads: int = 1
) -> tuple[PlaneF64, float]: ...
def ssim(a: PhotoU8, b: PhotoU8, threads: int = 1) -> float: ...
def ssimulacra2(a: PhotoU8, b: PhotoU8, weights: VectorF64, threads: int = 1) -> float: ...
def ssimulacra2_slope(original: PhotoU8, change: PhotoF32, weights: VectorF64, slope: PhotoF32) -> float: ...
def squared_difference(a: PhotoU8, b: PhotoU8) -> int: ...
def texture_weights(luminance: PlaneF32, window: int, sharpness: float) -> tuple[PlaneF32, PlaneF32]: ...
def warp_input(
    photo: PhotoU8,
    parameters: MotionsF64,
    resampler: Resampler,
    out: InputF32,
    edge: str = "soft",
    fill: int = 0,
    threads: int = 1,
) -> None: ...
def warp_u8(
    photo: PhotoU8, parameters: MotionsF64, edge: str = "soft", fill: int = 0, threads: int = 1
) -> npt.NDArray[np.uint8]: ...
