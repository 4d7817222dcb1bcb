"""A folder that is watched: photos are taken once no program writes to them any longer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageError
from .rows import FileStamp
from .walk import Item, LeftOut, plan

_LOG = logging.getLogger(__name__)

#: Seconds after which a folder is looked through though nothing seems to have changed (network folders tell nothing).
_AT_LEAST_EVERY = 60.0


@dataclass(slots=True)
class Settled:
    """Finds the photos of a folder that nothing has written to for a while.

    A copy that is still going on changes its size or time between two looks; a rename is a new photo.

    Attributes
    ----------
    look : callable
        Lists the folder's photos.
    settle : float
        Seconds that a photo must have stayed as it is.
    """

    look: Callable[[], list[Item]]
    settle: float
    _seen: dict[str, tuple[FileStamp, float]] = field(default_factory=dict)  #: source -> stamp, and since when
    _taken: dict[str, tuple[FileStamp, str]] = field(default_factory=dict)
    _complaint: str = ""

    def take(self, now: float) -> list[Item]:
        """Return the photos to protect at ``now`` (seconds of a monotonic clock), each once for each of its states."""
        try:
            items = self.look()
        except UsageError as error:  # the folder is gone, for example
            if str(error) != self._complaint:
                self._complaint = str(error)
                _LOG.warning("%s", error)
            return []
        self._complaint = ""
        chosen, seen = [], {}
        for item in items:
            stamp = FileStamp.of(item.path)
            if stamp is None or self._taken.get(item.source) == (stamp, item.refused):
                continue
            since = self._seen.get(item.source, (None, now))
            seen[item.source] = (stamp, since[1] if since[0] == stamp else now)
            if stamp.size > 0 and now - seen[item.source][1] >= self.settle:
                chosen.append(item)
                self._taken[item.source] = (stamp, item.refused)  # one that clashed is tried again once it does not
        self._seen = seen
        return chosen

    @property
    def waiting(self) -> bool:
        """Whether there are photos that have not settled yet."""
        return any(self._taken.get(source, (None, ""))[0] != stamp for source, (stamp, _) in self._seen.items())


def watch(
    folder: Path,
    out: Path,
    format_name: str | None,
    settle: float,
    idle: Callable[[], None] = lambda: None,
    *,
    all_folders: bool = False,
    left_out: LeftOut | None = None,
) -> Iterator[list[Item]]:
    """Watch a folder until an interrupt.

    Parameters
    ----------
    folder : Path
        The folder.
    out : Path
        The output folder.
    format_name : str or None
        A codec's name, whose suffix results get; None keeps every photo's format and suffix.
    settle : float
        Seconds that a photo must have stayed as it is.
    idle : callable
        Called again and again while there is nothing to do.
    all_folders : bool
        Whether folders for trash, thumbnails and the like are taken too.
    left_out : LeftOut or None
        Holds what the last look at the folder passed over.

    Yields
    ------
    list of Item
        Photos as they settle, those that are there already first.
    """
    from watchfiles import watch as changes

    passed_over = LeftOut() if left_out is None else left_out

    def look() -> list[Item]:
        passed_over.clear()
        return plan([folder], out, format_name, may_be_empty=True, all_folders=all_folders, left_out=passed_over)

    settled = Settled(look, settle)
    settled.take(last := time.monotonic())
    pause = max(50, int(settle * 500))
    # Changes only wake it up: the folder is always read again, so that a change that was missed does no harm.
    for changed in changes(folder, rust_timeout=pause, yield_on_timeout=True, step=50, debounce=pause):
        now = time.monotonic()
        if not (changed or settled.waiting or now - last > _AT_LEAST_EVERY):
            idle()
            continue
        if items := settled.take(last := now):
            yield items
