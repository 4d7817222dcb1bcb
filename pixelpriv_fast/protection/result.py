"""One photo's outcome, as the library hands it out."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..codecs import format_for
from ..errors import PixelPrivError, UsageError
from ..files import write_atomic
from ..types import Pixels, Prediction, Verdict


@dataclass(slots=True)
class Result:
    """The result of protecting one photo.

    ``status`` is "protected", "unprotected", "failed" or "skipped"; a failed one has ``error`` and neither image nor
    verdict, a skipped one has neither.
    ``image`` is (height, width, 3) uint8 RGB. ``encoded`` holds the file's bytes where the photo was encoded
    and verified as a file, else None; ``save`` encodes, verifies and writes.
    """

    source: str
    recipe: str
    classifier: str
    status: str = "skipped"
    reason: str = ""
    device: str = ""  #: what really ran, see ``Protector.device``
    seconds: float = 0.0
    source_sha256: str | None = None  #: of the source's bytes, where it came as a file
    attempts: int = 0  #: how many encodings were tried until one stayed protected
    error: PixelPrivError | None = None
    encoded: bytes | None = field(default=None, repr=False)
    _image: Pixels | None = field(default=None, repr=False)
    _original: Pixels | None = field(default=None, repr=False)
    _verdict: Verdict | None = field(default=None, repr=False)
    _save: Callable[[Result, str], None] | None = field(
        default=None, repr=False
    )  #: encodes in a format, fills the result

    @property
    def image(self) -> Pixels:
        """The protected photo, (height, width, 3) uint8 RGB. Raises the photo's error where it failed."""
        if self._image is None:
            raise self._why()
        return self._image

    @property
    def verdict(self) -> Verdict:
        """Measured on the encoded file when saved, on the pixels otherwise. Raises where the photo failed."""
        if self._verdict is None:
            raise self._why()
        return self._verdict

    def save(self, path: str | os.PathLike[str]) -> Result:
        """Encodes in the format of ``path``'s suffix, verifies the encoded bytes (``verdict`` then speaks of the
        file) and writes them atomically. Returns itself. Raises ``UsageError`` for an unknown suffix, ``StorageError``
        when the folder takes no more; the source of this result is never overwritten."""
        target = Path(path)
        if self.error is not None or self._save is None:
            raise self._why()
        if os.path.exists(self.source) and target.exists() and target.samefile(self.source):
            raise UsageError(f"{target} is the original; originals are never overwritten: choose another name")
        self._save(self, format_for(target))
        if self.encoded is None:
            raise self._why()
        write_atomic(target, self.encoded)
        return self

    def _repr_html_(self) -> str:
        """Before and after with a slider, and the top-5 of each, for notebooks."""
        from .notebook import result_html

        heading = f"{self.source}: {self.status}" + (f" ({self.reason})" if self.reason else "")
        if self._image is None or self._original is None or self._verdict is None:
            return f"<p>{html.escape(heading)}</p>"
        return result_html(self._original, self._image, self._verdict.before, self._verdict.after, heading)

    def record(self) -> dict[str, Any]:
        """This result as the command line's JSON object, without ``output``."""
        verdict = self._verdict
        record: dict[str, Any] = {
            "source": self.source,
            "status": self.status,
            "reason": self.reason,
            "recipe": self.recipe,
            "classifier": self.classifier,
            "device": self.device,
            "before": _prediction(verdict.before) if verdict else None,
            "after": _prediction(verdict.after) if verdict else None,
            "linf": verdict.linf if verdict else None,
            "metrics": dict(verdict.metrics) if verdict else {},
            "seconds": round(self.seconds, 4),
        }
        if verdict and len(verdict.judgements) > 1:
            record["others"] = [
                {"classifier": j.classifier, "before": _prediction(j.before), "after": _prediction(j.after)}
                for j in verdict.judgements[1:]
            ]
        return record

    def _why(self) -> PixelPrivError:
        return self.error or PixelPrivError(f"{self.source}: {self.status}: {self.reason}")


def _prediction(prediction: Prediction) -> dict[str, Any]:
    return {
        "index": prediction.index,
        "label": prediction.label,
        "probability": prediction.probability,
        "top5": [list(entry) for entry in prediction.top5],
    }
