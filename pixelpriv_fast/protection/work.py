"""One photo on its way through the pipeline: the only thing that travels from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..attacks import AttackOutcome, ContentSeed
from ..channels.panel import Reads, Treatment
from ..channels.readings import PanelReadings
from ..codecs.sources import OpenedSource, Source
from ..codecs.sources import weight as weight_of
from ..codecs.transparency import WHITE
from ..errors import PixelPrivError
from ..types import Alpha, Photo, Pixels, Survival, Verdict
from .deadline import Deadline
from .verdicts import Subject, why_not

Status = Literal["protected", "unprotected", "failed", "skipped"]


@dataclass(frozen=True, slots=True)
class MadeWith:
    """What made a result.

    Attributes
    ----------
    recipe : str
        The recipe's canonical word.
    classifier : str
        The classifiers' names, comma-separated.
    device : str
        What really ran, see ``Protector.device``.
    """

    recipe: str
    classifier: str
    device: str


@dataclass(slots=True)
class Work:
    """One photo, and what the steps made of it. Each part is set once, by the step that is named here.

    A part of a photo that failed or was skipped may be missing: reading it raises ``AttributeError``.

    Attributes
    ----------
    name : str
        What messages call the photo.
    source : path, bytes, PIL image or array
        Where it comes from.
    accepted : tuple of int
        Class indices of the known labels; () where none is known.
    deadline : Deadline
        The time limit.
    content : bytes, PIL image or array
        What was read, until it is opened (``read_source``).
    sha256 : str or None
        Of the file's bytes (``read_source``); None for pixels in memory.
    opened : OpenedSource or None
        The parsed file, until it is decoded (``open_source``).
    cost : int
        Bytes that the photo holds on its way (``open_source``).
    skipped : str or None
        Why the photo was left out.
    error : PixelPrivError or None
        Why it failed.
    attempts : int
        Number of encodings that were tried.
    seconds : float
        Time that the steps took, a batch's in equal shares.
    encoded : bytes or None
        The file (``encode_file``).
    made_with : MadeWith or None
        What made the result, once it is finished.
    survival : Survival or None
        What the result survives (``survive``); None where that was not asked.
    lost : str
        Why the photo counts as unprotected although its file is protected; "" otherwise (``survive``).
    backgrounds : tuple of int
        Grey levels of the backgrounds that the photo is judged over: two if it has transparency (``decode_source``).
    photo : Photo
        The original; pixels of it that are not seen have one colour (``decode_source``).
    seed : ContentSeed
        The photo's own seed (``decode_source``).
    enhanced : uint8 array of shape (height, width, 3)
        The photo to be attacked (``enhance``).
    subject : Subject
        What is to be hidden (``classify_originals``).
    readings : PanelReadings
        What is read of the original after treatments, the file alone until somebody asks more (``classify_originals``).
    attacked : AttackOutcome
        The attack's pixels and their largest change (``attack``).
    pixels : uint8 array of shape (height, width, 3)
        The result: the file's pixels, decoded again, or the attacked ones (``encode_file``, ``take_pixels``).
    alpha : uint8 array of shape (height, width) or None
        The result's transparency.
    reads : dict of Treatment to Reads
        What is read of the result already: of its file as it stands (``verify``).
    verdict : Verdict
        Whether the result is protected (``verify``), and its metrics (``measure``).
    """

    name: str
    source: Source = field(repr=False)
    accepted: tuple[int, ...] = ()
    deadline: Deadline = field(default_factory=Deadline, repr=False)
    content: Any = field(default=None, repr=False)
    sha256: str | None = None
    opened: OpenedSource | None = field(default=None, repr=False)
    cost: int = 0
    skipped: str | None = None
    error: PixelPrivError | None = None
    attempts: int = 0
    seconds: float = 0.0
    encoded: bytes | None = field(default=None, repr=False)
    made_with: MadeWith | None = None
    survival: Survival | None = field(init=False, default=None)
    lost: str = field(init=False, default="")
    backgrounds: tuple[int, ...] = field(init=False, default=(WHITE,))
    photo: Photo = field(init=False, repr=False)
    seed: ContentSeed = field(init=False, repr=False)
    enhanced: Pixels = field(init=False, repr=False)
    subject: Subject = field(init=False, repr=False)
    readings: PanelReadings = field(init=False, repr=False)
    attacked: AttackOutcome = field(init=False, repr=False)
    pixels: Pixels = field(init=False, repr=False)
    alpha: Alpha | None = field(init=False, default=None, repr=False)
    reads: dict[Treatment, Reads] = field(init=False, default_factory=dict, repr=False)
    verdict: Verdict = field(init=False, repr=False)

    @property
    def alive(self) -> bool:
        """Whether the steps go on with it."""
        return self.error is None and self.skipped is None

    @property
    def weight(self) -> int:
        """Number of bytes that ``read_source`` will read; 0 if they are in memory."""
        return weight_of(self.source)

    @property
    def left(self) -> int:
        """Number of bytes that a finished photo still holds while it waits to be written."""
        return len(self.encoded or b"")

    @property
    def status(self) -> Status:
        """The outcome of a finished photo."""
        if self.error is not None:
            return "failed"
        if self.skipped is not None:
            return "skipped"
        return "protected" if self.verdict.protected and not self.lost else "unprotected"

    @property
    def reason(self) -> str:
        """Why a finished photo is not protected; "" if it is."""
        if self.error is not None:
            return str(self.error)
        if self.skipped is not None:
            return self.skipped
        return self.lost if self.verdict.protected else why_not(self.verdict, self.subject)

    def drop_pixels(self) -> None:
        """Let go of everything large but the file."""
        self.content = self.opened = None
        self.alpha = None
        for name in ("photo", "seed", "readings", "enhanced", "attacked", "pixels"):
            if hasattr(self, name):
                delattr(self, name)
