"""The journal's rows, and what a file is known again by."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

#: The status of a photo that a job means to do, from before its output may be written.
PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file's size, and its times in nanoseconds: unchanged stamp, unchanged content. No program can set the change
    time, so it finds what kept its size and modification time."""

    size: int = -1
    modified: int = 0
    changed: int = 0

    @classmethod
    def of(cls, path: Path) -> Stamp | None:
        """Of the file at ``path``; None where there is none."""
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Row:
    """One photo. ``source``: relative to its input, the key; ``path``: where it was found. ``settings``: the hash of
    everything that the output's bytes depend on besides the photo's. ``output``: relative to the output folder.
    ``written``: whether the status speaks of a file there; ``output_...``: of the last file that was written there,
    be it by an earlier run. ``record``: the command line's object, as JSON."""

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
    record: str = field(default="{}", repr=False)

    @property
    def source_stamp(self) -> Stamp:
        return Stamp(self.source_size, self.source_modified, self.source_changed)

    @property
    def output_stamp(self) -> Stamp:
        return Stamp(self.output_size, self.output_modified, self.output_changed)

    @property
    def owns_output(self) -> bool:
        """Whether a file at the output's place is ours: one was written there, or may have been when a run ended."""
        return self.status == PLANNED or self.output_sha256 != ""

    @property
    def evidence(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.record)
        return found


@dataclass(frozen=True, slots=True)
class Run:
    """What one run did: photos that were protected anew, their bytes, and the wall time."""

    started: float
    settings: str
    parameters: str
    device: str
    photos: int = 0
    source_bytes: int = 0
    output_bytes: int = 0
    seconds: float = 0.0
