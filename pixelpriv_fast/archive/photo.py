"""A photo of an archive on its way through the pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

from ..errors import PhotoError
from ..protection.work import Work
from .report.evidence import Evidence
from .rows import FileStamp, JournalRow
from .walk import Item

#: The reason of a photo that is not processed because its content and its result are still what the journal says.
DONE = "done already"


@dataclass(slots=True, kw_only=True)
class ArchivePhoto(Work):
    """A ``Work`` with its place in the archive and its row in the journal.

    Attributes
    ----------
    name, source, accepted, deadline, content, sha256, opened, cost, skipped, error, attempts, seconds, encoded, made_with
        See ``Work``, whose other parts it has too.
    item : Item
        The photo's file, name and output.
    stamp : FileStamp
        The file's stamp when the job came to it.
    known : str
        SHA-256 of the content that the photo is done with; "" if it is not done.
    done_before : bool
        Whether an earlier run did it.
    row : JournalRow or None
        Its row as it is on the disk; set at the end.
    pictures : Evidence or None
        What the report shows, where a worker of a cluster made it.
    answer : ArchivePhoto or None
        What a worker of a cluster made of the photo.
    """

    item: Item
    stamp: FileStamp = field(default_factory=FileStamp)
    known: str = ""
    done_before: bool = False
    row: JournalRow | None = None
    pictures: Evidence | None = field(default=None, repr=False)
    answer: ArchivePhoto | None = field(default=None, repr=False)

    @classmethod
    def of(cls, item: Item, accepted: Sequence[int] = ()) -> Self:
        """Make the photo of an item.

        Parameters
        ----------
        item : Item
            The photo's file, name and output.
        accepted : sequence of int
            Class indices of the known labels; () where none is known.

        Returns
        -------
        ArchivePhoto
            The photo as it is now; one that is refused has failed already.
        """
        stamp = FileStamp.of(item.path) or FileStamp()
        error = PhotoError(item.refused) if item.refused else None
        return cls(str(item.path), item.path, tuple(accepted), error=error, item=item, stamp=stamp)


def drop_pixels(photos: Sequence[ArchivePhoto]) -> None:
    """Let go of the pixels: only files wait to be written."""
    for photo in photos:
        photo.drop_pixels()
