"""A survival panel: fixed treatments that ask whether a photo is still protected after it was shared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from ..errors import PhotoError
from ..types import Pixels, Survival
from .contract import Channel
from .resize import Resize

#: What a treatment mainly does; an attack that fails at one trains more on its kind.
Kind: TypeAlias = Literal["file", "jpeg", "webp", "resize", "chain"]

#: Whether each network still reads a treated photo as a class to hide; None where the treatment was not applied.
Reads: TypeAlias = tuple[bool, ...] | None

#: Photos of more pixels are reduced to this long side first, save for the file itself.
LARGE: Final = 16_000_000
LARGE_LONG_SIDE: Final = 4096


@dataclass(frozen=True, slots=True)
class Treatment:
    """One treatment of a panel.

    Attributes
    ----------
    name : str
        What results call it.
    kind : str
        What it mainly does.
    channel : Channel or None
        What it does; None leaves the file as it is.
    """

    name: str
    kind: Kind
    channel: Channel | None

    def treated(self, shared: Pixels) -> Pixels | None:
        """Treat a photo.

        Parameters
        ----------
        shared : uint8 array of shape (height, width, 3), RGB
            The pixels of the saved file, see ``Panel.shared``.

        Returns
        -------
        uint8 array of shape (h, w, 3), or None
            The treated photo; None if a format of the treatment cannot hold it.
        """
        if self.channel is None:
            return shared
        try:
            return self.channel.forward(shared)
        except PhotoError:
            return None


@dataclass(frozen=True, slots=True)
class Panel:
    """A fixed list of treatments.

    Attributes
    ----------
    name : str
        The panel's name.
    treatments : tuple of Treatment
        The treatments, in the order of results.
    """

    name: str
    treatments: tuple[Treatment, ...]

    def shared(self, photo: Pixels) -> Pixels:
        """Return what the treatments start from: the photo, or above ``LARGE`` pixels the photo reduced.

        Parameters
        ----------
        photo : uint8 array of shape (height, width, 3), RGB
            The pixels of the saved file.

        Returns
        -------
        uint8 array of shape (h, w, 3), RGB
            ``photo`` itself if it is not that large.
        """
        height, width = photo.shape[:2]
        if height * width <= LARGE:
            return photo
        return Resize(factor=1.0, long_side=LARGE_LONG_SIDE, filter="bicubic").forward(photo)

    def survival(self, before: Sequence[Reads], after: Sequence[Reads]) -> Survival:
        """Decide what a protected photo survives: the one place that does.

        A treatment after which no network reads the original says nothing of the protection: it is passed and "unread". The
        others are passed if no network that reads the treated original reads the treated result.

        Parameters
        ----------
        before, after : sequences, one entry a treatment
            Of the original and of the result: for each network whether it reads the treated photo as a class to hide; None
            if the treatment was not applied.

        Returns
        -------
        Survival
            The result.
        """
        failed, unread, not_applied = [], [], []
        for treatment, original, result in zip(self.treatments, before, after, strict=True):
            if original is None or result is None:
                not_applied.append(treatment.name)
            elif not any(original):
                unread.append(treatment.name)
            elif any(known and again for known, again in zip(original, result, strict=True)):
                failed.append(treatment.name)
        of = len(self.treatments) - len(not_applied)
        return Survival(self.name, of - len(failed), of, tuple(failed), tuple(unread), tuple(not_applied))

    def kinds(self, names: Sequence[str]) -> tuple[Kind, ...]:
        """Return the kinds of some of the treatments, each once, in the panel's order."""
        found: Mapping[Kind, None] = {t.kind: None for t in self.treatments if t.name in names}
        return tuple(found)
