"""From Pillow's open image to planes: the one place that knows its modes, and the one that calls its colour engine."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..types import Metadata, Pixels
from .colours.colour import agreeing, settled
from .colours.icc import cleaned, icc_space
from .contract import Damaged, EncodeJob, Header, Refused

if TYPE_CHECKING:
    from PIL import Image, ImageFile

Plane = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Planes:
    """Upright 8-bit RGB with the alpha channel apart.

    Attributes
    ----------
    pixels : array of uint8, shape (height, width, 3)
        RGB.
    alpha : array of uint8, shape (height, width), or None
        The alpha channel.
    grey : bool
        Whether the source had one channel.
    icc : bytes or None
        The profile that the RGB values are still in.
    srgb : bool
        Whether the values were taken to sRGB through a profile, which states their colours no longer.
    """

    pixels: Pixels
    alpha: Plane | None
    grey: bool
    icc: bytes | None
    srgb: bool = False

    def stated(self, metadata: Metadata) -> Metadata:
        """Return the source's metadata with the statements about colours that hold for these pixels.

        Choice: EXIF's colour space is about three channels: grey values are past it, as are those that were converted.

        Parameters
        ----------
        metadata : Metadata
            The source's.

        Returns
        -------
        Metadata
            The rest of it unchanged.

        Raises
        ------
        Refused
            If the colours are HDR or unknown.
        """
        if self.srgb:
            metadata = replace(metadata, icc=None, colour_chunks=())
        if self.srgb or (self.grey and cleaned(self.icc) is None):
            metadata = replace(metadata, exif=agreeing(metadata.exif, None))
        return settled(metadata)


def from_image(image: ImageFile.ImageFile, header: Header, icc: bytes | None) -> Planes:
    """Decode an image that is opened but not yet loaded, and bring it to the one convention.

    Parameters
    ----------
    image : PIL.ImageFile.ImageFile
        The opened image.
    header : Header
        The file's header.
    icc : bytes or None
        The file's profile.

    Returns
    -------
    Planes
        The photo.

    Raises
    ------
    Damaged
        If the decoder sees another size than the header promised; this is checked before it decodes.
    Refused
        If the colours are unknown.
    """
    if image.size != (header.width, header.height):
        raise Damaged(f"the header says {header.width}x{header.height}, the decoder {image.size[0]}x{image.size[1]}")
    image.load()
    return split(image, header.orientation, icc)


def from_array(array: Plane, header: Header, icc: bytes | None) -> Planes:
    """Bring decoded values to the one convention.

    Parameters
    ----------
    array : array of uint8, shape (height, width) or (height, width, 4)
        Grey, or CMYK where 0 means no ink.
    header : Header
        The file's header.
    icc : bytes or None
        The file's profile.

    Returns
    -------
    Planes
        The photo.
    """
    from PIL import Image

    if array.ndim == 2 and icc_space(icc) != "GRAY":
        return Planes(_grey_pixels(array, header.orientation), None, True, icc)
    mode = "L" if array.ndim == 2 else "CMYK"
    height, width = array.shape[:2]
    return split(Image.frombytes(mode, (width, height), array.tobytes()), header.orientation, icc)


def split(image: Image.Image, turn: int, icc: bytes | None) -> Planes:
    """Bring a loaded image of any mode to the one convention.

    Parameters
    ----------
    image : PIL.Image.Image
        The image.
    turn : int
        EXIF's orientation, 1..8, that is applied.
    icc : bytes or None
        Its profile.

    Returns
    -------
    Planes
        The photo.

    Raises
    ------
    Refused
        If the colours are unknown, or would be cut to 8 bits.
    """
    colours, alpha = _split_alpha(image)
    grey, given = colours.mode == "L", colours
    if grey or colours.mode == "CMYK":
        colours = _to_srgb(colours, icc)
    if grey:  # the colour engine may leave neutral greys a level apart: its green is taken for all three
        plane = np.array(colours if colours.mode == "L" else colours.getchannel("G"))
        pixels = _grey_pixels(plane, turn)
    else:
        pixels = upright(np.array(colours), turn)
    srgb = colours is not given
    return Planes(pixels, None if alpha is None else upright(np.array(alpha), turn), grey, None if srgb else icc, srgb)


def _grey_pixels(plane: Plane, orientation: int) -> Pixels:
    return np.repeat(upright(plane, orientation)[:, :, None], 3, axis=2)


def _split_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return (colours in L, RGB or CMYK, alpha or None) of any mode of 8 bits or fewer."""
    mode = image.mode
    if mode in ("1", "L", "CMYK", "RGB") and "transparency" not in image.info:
        return (image.convert("L") if mode == "1" else image), None
    if mode in ("YCbCr", "RGBX"):
        return image.convert("RGB"), None
    if mode in ("LA", "La"):
        image = image.convert("LA")
        return image.getchannel("L"), image.getchannel("A")
    if mode == "P" and "transparency" not in image.info and image.palette and image.palette.mode == "RGB":
        return image.convert("RGB"), None
    if mode in ("1", "L", "RGB", "P", "PA", "RGBA", "RGBa"):
        image = image.convert("RGBA")
        return image.convert("RGB"), image.getchannel("A")
    raise Refused(f"pixels of kind {mode} would be cut to 8 bits or misread", "convert the photo to 8-bit RGB first")


def _to_srgb(image: Image.Image, icc: bytes | None) -> Image.Image:
    """Take ink or grey values through their profile to sRGB; grey values without one are returned as they are.

    Choice: ink values without a profile are refused: they name no colours, and every viewer guesses differently. A grey
    profile is applied rather than kept, because protected pixels are RGB and could not carry it. A damaged one states no
    colours, as none does.
    """
    fix = "convert the photo to RGB in a colour-managed program"
    space, inks = icc_space(icc), image.mode == "CMYK"
    if inks and space != "CMYK":
        raise Refused("CMYK without a colour profile: its colours cannot be told", fix)
    if icc is None or (not inks and space != "GRAY"):
        return image  # a profile for another kind of pixels says nothing about these
    import io

    from PIL import ImageCms

    try:
        applied = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(icc)),
            ImageCms.createProfile("sRGB"),
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError):
        applied = None
    if applied is None and inks:
        raise Refused("CMYK with a damaged colour profile: its colours cannot be told", fix)
    return image if applied is None else applied


def upright(plane: Plane, orientation: int) -> Plane:
    """Apply EXIF's orientation.

    Parameters
    ----------
    plane : array of uint8, shape (height, width) or (height, width, channels)
        What is turned.
    orientation : int
        1..8.

    Returns
    -------
    array of uint8
        A contiguous one; the same array for 1.
    """
    if orientation == 1:
        return plane
    swapped = plane.swapaxes(0, 1) if orientation >= 5 else plane
    rows = slice(None, None, -1 if orientation in (3, 4, 7, 8) else 1)
    columns = slice(None, None, -1 if orientation in (2, 3, 6, 7) else 1)
    return np.ascontiguousarray(swapped[rows, columns])


def stacked(job: EncodeJob) -> Plane:
    """Return (height, width, 1..4) to write: grey or RGB, then alpha where there is one."""
    colours = job.pixels[:, :, :1] if job.grey else job.pixels
    if job.alpha is None:
        return np.ascontiguousarray(colours)
    return np.concatenate([colours, job.alpha[:, :, None]], axis=2)


def to_image(job: EncodeJob) -> Image.Image:
    """Return the picture as an image for an encoder that takes RGB or RGBA only."""
    from PIL import Image

    picture = job.pixels if job.alpha is None else np.concatenate([job.pixels, job.alpha[:, :, None]], axis=2)
    return Image.fromarray(np.ascontiguousarray(picture))
