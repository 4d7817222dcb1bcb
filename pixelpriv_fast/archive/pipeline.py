"""The pipeline of an archive's photo: the protector's steps, and the archive's own between them."""

from __future__ import annotations

from collections.abc import Sequence

from ..protection.step_kinds import Alone, Aside, Step
from .history import History
from .photo import ArchivePhoto, drop_pixels
from .report.pictures import Pictures
from .writer import Writer


def archive_steps(
    protecting: Sequence[Step[ArchivePhoto]], history: History, pictures: Pictures | None, writer: Writer
) -> tuple[Step[ArchivePhoto], ...]:
    """List what happens to a photo of an archive, in order.

    Parameters
    ----------
    protecting : sequence of Step
        The protector's steps; the first one reads the file.
    history : History
        Asked once the file's bytes are known, before anything is decoded.
    pictures : Pictures or None
        Keeps what the report shows; None without a report.
    writer : Writer
        Writes files and rows.

    Returns
    -------
    tuple of Step
        The pipeline.
    """
    return (
        *protecting[:1],
        Alone("ahead", history.ask),
        *protecting[1:],
        *((Aside("after", pictures.take),) if pictures is not None else ()),
        Aside("after", drop_pixels),
        Aside("last", writer.write),
    )
