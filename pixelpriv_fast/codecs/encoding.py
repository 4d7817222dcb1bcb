"""Photo to bytes: checked once here, then handed to the format's codec."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import PhotoError, UsageError, checked_word, known_words
from ..photo_check import checked_photo
from ..registry import CODECS
from ..types import Metadata, Photo, Pixels
from ..words import MetadataPolicy
from .colours.colour import agreeing, to_write
from .contract import DEFAULT_QUALITY, Codec, EncodeJob, EncodeOptions, Refused, Subsampling
from .decoding import decode, guarded
from .formats import canonical, codec
from .limits import Limits
from .metadata.policies import apply_policy

#: Our own file, of a photo that was taken already: no bound but the format's own.
_ANY = Limits(max_pixels=1 << 40, max_bytes=1 << 40)


def encode(pixels: Pixels, *, like: Photo, options: EncodeOptions = EncodeOptions()) -> bytes:  # noqa: B008 (frozen)
    """Write pixels as a file; its bytes are a function of the arguments alone.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width, 3)
        RGB.
    like : Photo
        The source: it lends its alpha channel, metadata, and whatever the options leave open.
    options : EncodeOptions
        Format, quality and metadata.

    Returns
    -------
    bytes
        The whole file.

    Raises
    ------
    UsageError
        If the arguments do not fit.
    PhotoError
        If the photo does not fit the format.
    """
    target = _target(like, options)
    return _written(_job(pixels, like, options, target), target)


def as_saved(pixels: Pixels, *, like: Photo, options: EncodeOptions = EncodeOptions()) -> Pixels:  # noqa: B008 (frozen)
    """Encode pixels and decode the file: what a reader sees of it.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width, 3)
        RGB.
    like : Photo
        As for ``encode``.
    options : EncodeOptions
        As for ``encode``.

    Returns
    -------
    array of uint8, shape (height, width, 3)
        What ``decode`` finds in the file of ``encode``; metadata, which changes no pixel, is not written where the file is
        of colours alone.

    Raises
    ------
    UsageError
        If the arguments do not fit.
    PhotoError
        If the photo does not fit the format.
    """
    target = _target(like, options)
    job = _job(pixels, like, options, target)
    if job.alpha is None and not job.grey:
        return _read_back(replace(job, metadata=Metadata()), target)
    return decode(_written(job, target), name=f"the {target.name} file", limits=_ANY).pixels


def recode(pixels: Pixels, format_name: str, quality: int, subsampling: str) -> Pixels:
    """Encode pixels with loss and decode the file: what a reader sees of it.

    The file and the pixels are those of ``encode`` and ``decode``, without looking for what a file of these pixels alone
    cannot hold.

    Parameters
    ----------
    pixels : array of uint8, shape (height, width, 3)
        RGB.
    format_name : str
        A codec that can code with loss.
    quality : int
        1..100.
    subsampling : {"444", "422", "420"}
        Chroma sampling, where the format has a choice.

    Returns
    -------
    array of uint8, shape (height, width, 3)
        What is decoded.

    Raises
    ------
    PhotoError
        If the photo does not fit the format.
    """
    target = codec(format_name)
    _check_size(pixels, target)
    return _read_back(
        EncodeJob(np.ascontiguousarray(pixels), None, False, quality, subsampling, lossless=False), target
    )


def is_lossy(options: EncodeOptions, like: Photo) -> bool:
    """Return whether ``encode`` may change pixels.

    Parameters
    ----------
    options : EncodeOptions
        As for ``encode``.
    like : Photo
        The source.

    Returns
    -------
    bool
        False if the file will hold the very pixels.

    Raises
    ------
    UsageError
        If the format is unknown.
    """
    return not _lossless(options, like, codec(canonical(options.format, like.format)))


def check_options(options: EncodeOptions) -> None:
    """Raise ``UsageError`` for options that no photo could be written with, before any work is done.

    Raises
    ------
    UsageError
        With the value that was seen and those that are known.
    """
    checked_word("metadata policy", options.metadata, MetadataPolicy)
    quality = options.quality
    if quality is not None and not (isinstance(quality, int) and 1 <= quality <= 100):
        raise UsageError(f"quality {quality!r} is out of range; use a whole number 1..100")
    checked_word("subsampling", options.subsampling, Subsampling)
    name = canonical(options.format, "")
    if name:
        target = _writable(name)
        if options.lossless is not None:
            _lossless(options, None, target)


def _target(like: Photo, options: EncodeOptions) -> Codec[Any]:
    check_options(options)
    return _writable(canonical(options.format, like.format))


def _job(pixels: Pixels, like: Photo, options: EncodeOptions, target: Codec[Any]) -> EncodeJob:
    _check_pixels(pixels, like)
    height, width = pixels.shape[:2]
    _check_size(pixels, target)
    alpha = _alpha_to_write(like, target)
    grey = like.grey and bool((pixels == pixels[:, :, :1]).all())
    metadata = _writable_metadata(like.metadata, options.metadata, (width, height), grey, target)
    return EncodeJob(
        np.ascontiguousarray(pixels),
        alpha,
        grey and metadata.icc is None,
        options.quality or max(DEFAULT_QUALITY, like.quality or 0),
        _subsampling(options, like),
        _lossless(options, like, target),
        metadata,
    )


def _read_back(job: EncodeJob, target: Codec[Any]) -> Pixels:
    """Write RGB pixels alone, and decode the file without looking for what it cannot hold."""
    data = _written(job, target)
    return guarded(data, f"the {target.name} file", lambda: target.decode_plain(data))


def _check_size(pixels: Pixels, target: Codec[Any]) -> None:
    height, width = pixels.shape[:2]
    if max(height, width) > target.max_side:
        seen = f"{width}x{height} pixels exceed {target.name}'s {target.max_side:,} a side"
        raise PhotoError(f"{seen}; choose another format, such as png")


def _written(job: EncodeJob, target: Codec[Any]) -> bytes:
    height, width = job.pixels.shape[:2]
    try:
        return target.encode(job)
    except Refused as refused:
        raise PhotoError(str(refused)) from None
    except (OSError, ValueError, RuntimeError) as error:
        raise PhotoError(f"{target.name} could not write {width}x{height} pixels ({error}); try png") from error


def _writable(name: str) -> Codec[Any]:
    target = codec(name)
    if not target.can_write:
        others = ", ".join(other for other in CODECS if codec(other).can_write)
        raise UsageError(f"{name} can be read and not written; choose one of {others}")
    return target


def _check_pixels(pixels: Pixels, like: Photo) -> None:
    checked_photo(pixels, "photo to encode")
    if like.alpha is not None and like.alpha.shape != pixels.shape[:2]:
        seen = f"{like.alpha.shape} against {pixels.shape[:2]}"
        raise UsageError(f"the source's alpha channel has another size than the pixels ({seen}); keep the size")


def _alpha_to_write(like: Photo, target: Codec[Any]) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]] | None:
    """Return the alpha channel to write.

    Choice: transparency is neither blended nor cut: both change the picture. A fully opaque channel may go.
    """
    if like.alpha is None or target.has_alpha:
        return like.alpha
    if bool((like.alpha == 255).all()):
        return None
    *others, last = (
        name for name in CODECS if codec(name).has_alpha and codec(name).can_write and not codec(name).extra
    )
    raise UsageError(f"{target.name} cannot hold the photo's transparency; choose {', '.join(others)} or {last}")


def _subsampling(options: EncodeOptions, like: Photo) -> str:
    if options.subsampling != "keep":
        return options.subsampling
    return like.subsampling if like.subsampling in known_words(Subsampling) else "444"


def _lossless(options: EncodeOptions, like: Photo | None, target: Codec[Any]) -> bool:
    """Return what the format does if it can do one only, else what is requested, else what the source was."""
    if target.can_lossless and target.can_lossy:
        requested = options.lossless
        return requested if requested is not None else like is not None and like.lossless and options.quality is None
    if options.lossless is not None and options.lossless != target.can_lossless:
        has = "always" if target.can_lossless else "never"
        raise UsageError(f"lossless={options.lossless} does not fit: {target.name} is {has} lossless")
    return target.can_lossless


def _writable_metadata(
    metadata: Metadata, policy: MetadataPolicy, size: tuple[int, int], grey: bool, target: Codec[Any]
) -> Metadata:
    """Apply the policy, and state the colours in the target's way: every policy keeps them."""
    stated = to_write(metadata, grey=grey, chunks=target.has_colour_chunks)
    found = apply_policy(stated, policy, *size)
    return replace(found, exif=agreeing(found.exif, stated.icc))
