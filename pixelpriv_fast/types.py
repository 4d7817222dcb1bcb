"""The values that travel between the steps. All are immutable, and none needs a library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Pixels: TypeAlias = npt.NDArray[np.uint8]  #: (height, width, 3) RGB, the one convention outside and between steps
Alpha: TypeAlias = npt.NDArray[np.uint8]  #: (height, width), 0 where nothing of a pixel is seen, 255 where it is opaque
Floats: TypeAlias = npt.NDArray[np.float32]
Offsets: TypeAlias = npt.NDArray[np.int8]  #: (height, width, 3) changes of a photo in whole or half grey levels
Logits: TypeAlias = npt.NDArray[np.float32]  #: (photos, classes)


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a photo file carries besides its pixels, as raw blocks; None for what it does not have.

    Attributes
    ----------
    icc : bytes or None
        The colour profile.
    exif : bytes or None
        EXIF as a TIFF structure, without JPEG's prefix "Exif" and two zero bytes.
    xmp : bytes or None
        The XMP packet.
    iptc : bytes or None
        IPTC-IIM records, without a container's own wrapping.
    dpi : tuple of two floats or None
        Horizontal and vertical pixels an inch.
    text : tuple of (keyword, text)
        PNG's text chunks; JPEG's comment under "Comment".
    colour_chunks : tuple of (name, bytes)
        PNG's gAMA, cHRM, sRGB and cICP, verbatim: the colours where ``icc`` does not say them.
    """

    icc: bytes | None = None
    exif: bytes | None = None
    xmp: bytes | None = None
    iptc: bytes | None = None
    dpi: tuple[float, float] | None = None
    text: tuple[tuple[str, str], ...] = ()
    colour_chunks: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Photo:
    """A decoded photo: upright, 8 bits, RGB.

    Attributes
    ----------
    pixels : uint8 array of shape (height, width, 3), RGB
        The picture, with the EXIF orientation applied.
    format : str
        Name of the codec's row: "jpeg".
    alpha : uint8 array of shape (height, width) or None
        The transparency; only an attack that moves the photo moves it along.
    metadata : Metadata
        What else the file carries.
    quality : int or None
        The source's JPEG quality, 1 to 100, estimated from its tables; None for other formats.
    lossless : bool
        Whether the source was coded without loss.
    grey : bool
        Whether the source had one channel, which ``pixels`` repeats three times.
    subsampling : str or None
        The source JPEG's chroma sampling: "444", "422", "420", "440" or "411".
    notes : tuple of str
        What a person should know of the file: parts that a result will not have, and what was mended.
    """

    pixels: Pixels
    format: str
    alpha: Alpha | None = None
    metadata: Metadata = field(default_factory=Metadata)
    quality: int | None = None
    lossless: bool = False
    grey: bool = False
    subsampling: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prediction:
    """A classifier's answer for one photo.

    Attributes
    ----------
    index : int
        The most probable class.
    label : str
        Its name.
    probability : float
        Its probability, 0 to 1.
    top5 : tuple of (label, probability)
        The five most probable classes, best first.
    """

    index: int
    label: str
    probability: float
    top5: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """One classifier's answers before and after protection.

    Attributes
    ----------
    classifier : str
        The classifier's name.
    before : Prediction
        Its answer for the original photo.
    after : Prediction
        Its answer for the result.
    """

    classifier: str
    before: Prediction
    after: Prediction


@dataclass(frozen=True, slots=True)
class Edit:
    """A change by an attack that edits the photo, such as a rotation, instead of adding noise.

    Attributes
    ----------
    name : str
        The attack's name.
    linf : int
        Largest change in whole grey levels: edited against enhanced photo.
    """

    name: str
    linf: int


@dataclass(frozen=True, slots=True)
class Survival:
    """What a result is still protected after, as a panel of treatments finds it.

    Attributes
    ----------
    panel : str
        The panel's name.
    passed : int
        Number of treatments that the protection survives, the unread ones included.
    of : int
        Number of treatments that were applied.
    failed : tuple of str
        Names of the treatments after which a class to hide is read again.
    unread : tuple of str
        Names of the treatments after which the original itself is not read any more: they say nothing of the protection.
    not_applied : tuple of str
        Names of the treatments whose formats cannot hold the photo.
    """

    panel: str
    passed: int
    of: int
    failed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    not_applied: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether the protection survives every treatment that was applied."""
        return not self.failed


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a photo is protected, and the evidence.

    Attributes
    ----------
    protected : bool
        Whether every classifier's top-1 of the result differs from its top-1 of the original, and is none of the accepted
        indices if labels are known. A photo with transparency must do so over white and over black.
    judgements : sequence of Judgement
        One for each classifier, at least one; of a photo with transparency as it is over white.
    linf : int
        Largest change by the attack, in whole grey levels: attacked against enhanced photo, before encoding. Of noise on an
        edited photo: against that one.
    metrics : mapping of str to float or None
        A key for every row of ``registry.METRICS``; None if it was not measured.
    measured_on : str
        "file" if the encoded bytes were decoded again, "pixels" if nothing was encoded.
    edit : Edit, optional
        What an attack that edits did to the photo; None for noise alone.
    over_black : sequence of Judgement
        Of a photo with transparency, one for each classifier as it is over black; else ().
    """

    protected: bool
    judgements: Sequence[Judgement]
    linf: int
    metrics: Mapping[str, float | None]
    measured_on: str
    edit: Edit | None = None
    over_black: Sequence[Judgement] = ()

    @property
    def before(self) -> Prediction:
        """The first classifier's answer for the original photo."""
        return self.judgements[0].before

    @property
    def after(self) -> Prediction:
        """The first classifier's answer for the result."""
        return self.judgements[0].after
