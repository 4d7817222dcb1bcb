"""One photo's outcome, as the library hands it out."""

from __future__ import annotations

import html
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..codecs import format_for
from ..codecs.transparency import over, shown
from ..errors import PixelPrivError, UsageError
from ..files import Access, write_atomic
from ..types import Alpha, Pixels, Prediction, Survival, Verdict
from .survival import survival_record
from .work import MadeWith, Status, Work


class Result:
    """The result of protecting one photo: a read-only view of it.

    A failed photo has ``error`` and neither image nor verdict; a skipped one has neither. ``save`` encodes, verifies and
    writes.

    Parameters
    ----------
    work : Work
        The finished photo.
    encoder : callable
        Returns the photo encoded in a format (a codec's name) and verified as a file.
    """

    __slots__ = ("_encoder", "_work")

    def __init__(self, work: Work, encoder: Callable[[Work, str], Work]) -> None:
        self._work = work
        self._encoder = encoder

    def __repr__(self) -> str:
        return f"Result(source={self.source!r}, status={self.status!r}, reason={self.reason!r}, recipe={self.recipe!r})"

    @property
    def source(self) -> str:
        """The photo's name: its path where it has one."""
        return self._work.name

    @property
    def status(self) -> Status:
        """Either "protected", "unprotected", "failed" or "skipped"."""
        return self._work.status

    @property
    def reason(self) -> str:
        """Why the photo is not protected; "" if it is."""
        return self._work.reason

    @property
    def recipe(self) -> str:
        """The recipe's canonical word."""
        return _made_with(self._work).recipe

    @property
    def classifier(self) -> str:
        """The classifiers' names, comma-separated."""
        return _made_with(self._work).classifier

    @property
    def device(self) -> str:
        """What really ran, see ``Protector.device``."""
        return _made_with(self._work).device

    @property
    def seconds(self) -> float:
        """Time that the photo took, its share of each batch."""
        return self._work.seconds

    @property
    def source_sha256(self) -> str | None:
        """SHA-256 of the source's bytes; None if it did not come as a file."""
        return self._work.sha256

    @property
    def attempts(self) -> int:
        """Number of encodings that were tried until one stayed protected."""
        return self._work.attempts

    @property
    def error(self) -> PixelPrivError | None:
        """Why the photo failed."""
        return self._work.error

    @property
    def encoded(self) -> bytes | None:
        """The file's bytes if the photo was encoded and verified as a file, else None."""
        return self._work.encoded

    @property
    def image(self) -> Pixels:
        """The protected photo, (height, width, 3) uint8 RGB. Raises the photo's error if it failed.

        Pixels with alpha 0 hold nothing of the original.
        """
        if not self._work.alive:
            raise self._failure()
        return self._work.pixels

    @property
    def alpha(self) -> Alpha | None:
        """The transparency of ``image``, (height, width) uint8; None without. Raises the photo's error if it failed."""
        if not self._work.alive:
            raise self._failure()
        return self._work.alpha

    @property
    def verdict(self) -> Verdict:
        """Measured on the encoded file when saved, on the pixels otherwise. Raises the photo's error if it failed."""
        if not self._work.alive:
            raise self._failure()
        return self._work.verdict

    @property
    def survival(self) -> Survival | None:
        """What ``verdict``'s photo is still protected after; None where it was not asked. Raises a failed photo's error."""
        if not self._work.alive:
            raise self._failure()
        return self._work.survival

    def save(self, path: str | os.PathLike[str]) -> Result:
        """Encode in the format of the suffix, verify the encoded bytes and write them atomically.

        A photo that came as a file is then readable by no more people than that file, another one as the umask says.

        Parameters
        ----------
        path : path
            Where to write; the photo's source is never overwritten.

        Returns
        -------
        Result
            This result; ``verdict`` then speaks of the file.

        Raises
        ------
        UsageError
            If the suffix is unknown or the file is the original.
        StorageError
            If the disk or folder takes no more.
        """
        target = Path(path)
        if not self._work.alive:
            raise self._failure()
        if os.path.exists(self.source) and target.exists() and target.samefile(self.source):
            raise UsageError(f"{target} is the original; originals are never overwritten: choose another name")
        self._work = self._encoder(self._work, format_for(target))
        if self._work.error is not None or self.encoded is None:
            raise self._failure()
        source = self._work.source
        write_atomic(
            target, self.encoded, Access.of(Path(source)) if isinstance(source, str | os.PathLike) else Access()
        )
        return self

    def _repr_html_(self) -> str:
        """Show before and after with a slider, and the top-5 of each, for notebooks."""
        from .notebook import result_html

        heading = f"{self.source}: {self.status}" + (f" ({self.reason})" if self.reason else "")
        if not self._work.alive:
            return f"<p>{html.escape(heading)}</p>"
        verdict = self.verdict
        before, after = shown(self._work.photo), over(self.image, self.alpha)
        return result_html(before, after, verdict.before, verdict.after, heading)

    def record(self) -> dict[str, Any]:
        """Return this result as the command line's JSON object, without ``output``."""
        return record_of(self._work)

    def _failure(self) -> PixelPrivError:
        return self.error or PixelPrivError(f"{self.source}: {self.status}: {self.reason}")


def record_of(work: Work) -> dict[str, Any]:
    """Return a finished photo as the command line's JSON object, without ``output``."""
    made = _made_with(work)
    verdict = work.verdict if work.alive else None
    record: dict[str, Any] = {
        "source": work.name,
        "status": work.status,
        "reason": work.reason,
        "recipe": made.recipe,
        "classifier": made.classifier,
        "device": made.device,
        "before": None,
        "after": None,
        "linf": verdict.linf if verdict else None,
        "edit": asdict(verdict.edit) if verdict and verdict.edit else None,
        "metrics": dict(verdict.metrics) if verdict else {},
        "survival": survival_record(work.survival) if verdict else None,
        "seconds": round(work.seconds, 4),
    }
    if verdict:
        first, *others = [_views_of(verdict, number) for number in range(len(verdict.judgements))]
        record |= first
        if others:
            names = (judgement.classifier for judgement in verdict.judgements[1:])
            record["others"] = [{"classifier": name} | views for name, views in zip(names, others, strict=True)]
    return record


def _views_of(verdict: Verdict, number: int) -> dict[str, Any]:
    """Return what one classifier says; of a photo with transparency over white, and under ``over_black`` over black."""
    judgements = [verdict.judgements[number], *verdict.over_black[number : number + 1]]
    seen, *black = [{"before": _record_of(j.before), "after": _record_of(j.after)} for j in judgements]
    return {**seen, "over_black": black[0]} if black else seen


def _made_with(work: Work) -> MadeWith:
    if work.made_with is None:
        raise RuntimeError(f"{work.name} is not finished")
    return work.made_with


def _record_of(prediction: Prediction) -> dict[str, Any]:
    return {
        "index": prediction.index,
        "label": prediction.label,
        "probability": prediction.probability,
        "top5": [list(entry) for entry in prediction.top5],
    }
