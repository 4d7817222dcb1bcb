"""The journal's rows, and what a file is known again by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The status of a photo that a job means to do, from before its output may be written.
PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a file is known again by. Equal stamps mean equal content.

    Programs cannot set the change time, so it also reveals edits that keep size and modification time.

    Attributes
    ----------
    size : int
        In bytes; -1 if there is no file.
    modified, changed : int
        The modification and change times in nanoseconds, modulo 2**64 as a signed number: what a database holds. Only
        whether two are equal is asked, and no two times of one file system are 584 years apart.
    """

    size: int = -1
    modified: int = 0
    changed: int = 0

    @classmethod
    def of(cls, path: Path) -> FileStamp | None:
        """Return the stamp of the file at ``path``; None if there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, _stored(found.st_mtime_ns), _stored(found.st_ctime_ns))


def _stored(nanoseconds: int) -> int:
    return (nanoseconds + (1 << 63)) % (1 << 64) - (1 << 63)


@dataclass(frozen=True, slots=True)
class JournalRow:
    """What the journal says of one photo.

    Attributes
    ----------
    source : str
        Relative to its input; the key.
    path : str
        Where the photo was found.
    output : str
        Relative to the output folder.
    status, reason : str
        Of the last run that got to it.
    settings : str
        The hash of everything that the output's bytes depend on besides the photo's.
    source_sha256 : str
        Of the photo's bytes; "" if they were never read.
    source_size, source_modified, source_changed : int
        The photo's stamp.
    written : int
        1 if the status speaks of a file at the output's place, else 0.
    output_sha256 : str
        Of the last file that was written there, be it by an earlier run; "" if there was none.
    output_size, output_modified, output_changed : int
        That file's stamp.
    seconds : float
        Time that the photo took.
    finished : float
        When, in seconds since the epoch.
    record : mapping
        The command line's object; {} until there is one.
    accepted : tuple of int
        Class indices of the known labels; () where none was known.
    """

    source: str
    path: str
    output: str
    status: str = PLANNED
    reason: str = ""
    settings: str = ""
    source_sha256: str = ""
    source_size: int = -1
    source_modified: int = 0
    source_changed: int = 0
    written: int = 0
    output_sha256: str = ""
    output_size: int = -1
    output_modified: int = 0
    output_changed: int = 0
    seconds: float = 0.0
    finished: float = 0.0
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)
    accepted: tuple[int, ...] = ()

    @property
    def source_stamp(self) -> FileStamp:
        """The photo's stamp when the row was written."""
        return FileStamp(self.source_size, self.source_modified, self.source_changed)

    @property
    def output_stamp(self) -> FileStamp:
        """The output's stamp when it was written."""
        return FileStamp(self.output_size, self.output_modified, self.output_changed)

    @property
    def owns_output(self) -> bool:
        """Whether a file at the output's place is ours: one was written there, or may have been when a run ended."""
        return self.status == PLANNED or self.output_sha256 != ""


@dataclass(frozen=True, slots=True)
class JobRun:
    """What one run did.

    Attributes
    ----------
    started : float
        When, in seconds since the epoch.
    settings, parameters : str
        The hash of the settings, and the settings as JSON.
    device : str
        What really ran.
    photos : int
        Number of photos that were protected by this run, not an earlier one.
    source_bytes, output_bytes : int
        Their sizes.
    seconds : float
        Wall time.
    """

    started: float
    settings: str
    parameters: str
    device: str
    photos: int = 0
    source_bytes: int = 0
    output_bytes: int = 0
    seconds: float = 0.0
