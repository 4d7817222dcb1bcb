"""What a job needs of whatever protects its photos: a ``Protector``, or the machines of a cluster."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from ..protection.step_kinds import Step
from .photo import ArchivePhoto


class Workforce(Protocol):
    """Takes the photos of an archive through the steps of a pipeline. ``Protector`` is one."""

    @property
    def device(self) -> str:
        """What really runs."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the networks promise a photo the same bytes whatever is beside it."""
        ...

    def load(self, batch: int = 1) -> None:
        """Load the networks, prepared for ``batch`` photos at a time. Raises ``ModelError`` or ``DeviceError``."""

    def settings(self) -> dict[str, Any]:
        """Return everything that a photo's file depends on besides the photo and rounding, as plain values."""
        ...

    def steps(self, batch: int) -> Sequence[Step[ArchivePhoto]]:
        """List what happens to a photo in this process, for ``batch`` photos in a network call."""
        ...

    def run(
        self, photos: Iterable[ArchivePhoto], steps: Sequence[Step[ArchivePhoto]], batch: int, /
    ) -> Iterator[ArchivePhoto]:
        """Take photos through steps.

        Parameters
        ----------
        photos : iterable of ArchivePhoto
            The photos; those that are not alive only keep their place.
        steps : sequence of Step
            The pipeline.
        batch : int
            Number of photos in a network call, 1 or more.

        Yields
        ------
        ArchivePhoto
            The finished photos, in order.
        """
        ...
