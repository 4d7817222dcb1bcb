"""The values that travel between the stages. All are immutable; none has behaviour that needs a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]  #: (height, width, 3) RGB, the one convention outside and between stages
Floats: TypeAlias = npt.NDArray[np.float32]
Logits: TypeAlias = npt.NDArray[np.float32]  #: (photos, classes)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photo file carries besides its pixels, as raw blocks; None where the file has none."""

    icc: bytes | None = None
    exif: bytes | None = None  #: TIFF structure, without the "Exif\\0\\0" prefix
    xmp: bytes | None = None
    iptc: bytes | None = None  #: IPTC-IIM records, without a container's own wrapping
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()  #: (keyword, text): PNG's text chunks, JPEG's comment under "Comment"
    colour_chunks: tuple[tuple[bytes, bytes], ...] = ()  #: PNG's gAMA, cHRM, sRGB, cICP, verbatim


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: upright, 8 bit, RGB.

    ``pixels`` is (height, width, 3) with the EXIF orientation applied; ``alpha`` is (height, width) or None and is
    carried past the stages untouched. ``format`` is the codec's row name ("jpeg", "png", "webp"). ``quality`` is the
    source's JPEG quality (1..100, estimated from its tables) or None where the format has none; ``lossless`` says
    whether the source's own coding was.
    """

    pixels: Pixels
    format: str
    alpha: npt.NDArray[np.uint8] | None = None
    metadata: Metadata = field(default_factory=Metadata)
    quality: int | None = None
    lossless: bool = False
    grey: bool = False  #: the source had one channel; pixels repeats it three times
    subsampling: str | None = None  #: the source JPEG's chroma sampling ("444", "422", "420", "440", "411") or None


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says of one photo: the top class, and the five highest as (label, probability)."""

    index: int
    label: str
    probability: float
    top5: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One classifier's answers before and after."""

    classifier: str
    before: Prediction
    after: Prediction


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a photo is protected, and the evidence.

    ``protected`` is true when every classifier's top-1 after differs from its top-1 on the original, and is none of
    the accepted indices where labels are known. ``measured_on`` is "file" when the encoded bytes were decoded again,
    "pixels" when nothing was encoded. ``linf`` is in whole grey levels, attacked against enhanced, before encoding.
    """

    protected: bool
    judgements: Sequence[Judgement]
    linf: int
    metrics: Mapping[str, float | None]
    measured_on: str

    @property
    def before(self) -> Prediction:
        """The first classifier's view of the original photo."""
        return self.judgements[0].before

    @property
    def after(self) -> Prediction:
        """The first classifier's view of the result."""
        return self.judgements[0].after
