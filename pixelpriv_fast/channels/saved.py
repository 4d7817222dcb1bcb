"""What saving does to a photo: the file's own encoder, then its decoder."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..codecs import EncodeOptions, as_saved, is_lossy
from ..types import Photo, Pixels
from .contract import Applied, Channel


@dataclass(frozen=True, slots=True, eq=False)
class Saved(Channel):
    """A photo as its file will hold it.

    The pullback takes all that a codec loses as if it were not lost: files are written with full chroma and at high quality.

    Parameters
    ----------
    like : Photo
        The source, from which format and quality follow where ``options`` leave them open.
    options : EncodeOptions
        How files are written; metadata is left out here.
    """

    like: Photo
    options: EncodeOptions

    def _at(self, photo: Pixels) -> Applied:
        found = as_saved(photo, like=self.like, options=replace(self.options, metadata="none"))
        return Applied(found, lambda gradient: gradient)


def saving(like: Photo, options: EncodeOptions) -> Saved | None:
    """Make the channel of saving a photo.

    Parameters
    ----------
    like : Photo
        The source.
    options : EncodeOptions
        How files are written.

    Returns
    -------
    Saved or None
        The channel; None if the file will hold the very pixels.
    """
    return Saved(like, options) if is_lossy(options, like) else None
