"""A folder that is watched: photos are taken once no program writes to them any longer."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import UsageError, one_line
from .rows import FileStamp
from .walk import Item, LeftOut, plan

_LOG = logging.getLogger(__name__)

#: Seconds between two looks at a folder whose changes the system does not tell.
_LOOK_EVERY = 2.0

_LOOKS = "looking through %s every %g s"
_LIMITS = (
    "if the system's limit is used up, this raises it: "
    "sudo sysctl fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=1024"
)

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
    passed_over = LeftOut() if left_out is None else left_out

    def look() -> list[Item]:
        passed_over.clear()
        return plan([folder], out, format_name, may_be_empty=True, all_folders=all_folders, left_out=passed_over)

    settled = Settled(look, settle)
    settled.take(last := time.monotonic())
    # Changes only wake it up: the folder is always read again, so that a change that was missed does no harm.
    for changed in _wakes(folder, settle / 2):
        now = time.monotonic()
        due = changed or settled.waiting or now - last > _AT_LEAST_EVERY
        if due and (items := settled.take(last := now)):
            yield items
        else:
            idle()


def _wakes(folder: Path, pause: float) -> Iterator[bool]:
    """Yield about every ``pause`` seconds whether something below ``folder`` may have changed, and at once if so."""
    milliseconds = max(50, int(1000 * pause))
    try:
        from watchfiles import watch as changes

        for changed in changes(
            folder, rust_timeout=milliseconds, yield_on_timeout=True, step=50, debounce=milliseconds
        ):
            yield bool(changed)
    except ImportError:
        _LOG.warning(f'{_LOOKS}; pip install "pixelpriv-fast[watch]" to be told of changes', folder, _LOOK_EVERY)
    except (OSError, RuntimeError) as error:  # the system's limits of watches or of descriptors, mostly
        why = one_line(error).partition(" about ")[0]  # what follows stands in terms of the library
        _LOG.warning(f"{_LOOKS}, because it cannot be watched (%s); {_LIMITS}", folder, _LOOK_EVERY, why)
    while True:
        time.sleep(max(pause, _LOOK_EVERY))
        yield True
