"""One run over an archive: what is planned, protected, written and counted."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import PhotoError
from ..files import sweep, write_atomic
from ..pipeline import Protector
from ..result import Result
from .walk import Item

#: The order in which bad news wins the exit code: a photo that failed, then one that is not protected.
_EXIT_FAILED, _EXIT_UNPROTECTED = 1, 3


@dataclass(slots=True)
class Summary:
    """Counts by status, time, and the exit code that they mean."""

    device: str = ""
    seconds: float = 0.0
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def exit_code(self) -> int:
        if self.counts["failed"]:
            return _EXIT_FAILED
        return _EXIT_UNPROTECTED if self.counts["unprotected"] else 0

    def record(self) -> dict[str, Any]:
        photos = sum(self.counts.values())
        return {
            "images": photos,
            **{status: self.counts[status] for status in ("protected", "unprotected", "failed", "skipped")},
            "seconds": round(self.seconds, 3),
            "images_per_second": round(photos / self.seconds, 3) if self.seconds else None,
            "device": self.device,
        }


def run(
    protector: Protector, items: Sequence[Item], out: Path, *, batch: int, strict: bool, summary: Summary
) -> Iterator[dict[str, Any]]:
    """Protects ``items`` and writes each result below ``out``; yields one record a photo, in order, and keeps
    ``summary`` up to date. With ``strict`` a photo that is not protected is not written. Raises ``StorageError`` when
    the folder takes no more: what is written by then is whole."""
    start = time.perf_counter()
    if out.is_dir():
        sweep(out)
    results = protector.stream([item.path for item in items], batch=batch, encode=True)
    for item, result in zip(items, results, strict=True):
        written = _write(result, out / item.output, strict)
        summary.counts[result.status] += 1
        summary.seconds = time.perf_counter() - start
        yield _record(item, result, written)
    summary.device = protector.device
    summary.seconds = time.perf_counter() - start


def _write(result: Result, target: Path, strict: bool) -> bool:
    """Writes what is to be written; whether it was. A name that the folder cannot hold fails this photo alone."""
    wanted = result.status == "protected" or (result.status == "unprotected" and not strict)
    if not wanted or result.encoded is None:
        return False
    try:
        write_atomic(target, result.encoded)
    except PhotoError as error:
        result.status, result.reason, result.error = "failed", str(error), error
        return False
    return True


def _record(item: Item, result: Result, written: bool) -> dict[str, Any]:
    record = result.record()
    reason = record["reason"]
    if result.status == "unprotected" and not written:
        reason = f"{reason}; not written (strict)"
    return (
        {"source": item.source, "output": item.output if written else None}
        | {key: value for key, value in record.items() if key != "source"}
        | {"reason": reason}
    )
