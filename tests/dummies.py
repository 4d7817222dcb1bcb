"""One dummy thing of every kind; ``dummy_rows`` has their rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np

from pixelpriv_fast.attacks.contract import LatticeAttack
from pixelpriv_fast.attacks.fgsm import FGSM
from pixelpriv_fast.channels import Applied, Channel
from pixelpriv_fast.channels.panel import Panel, Treatment
from pixelpriv_fast.codecs.contract import Codec, EncodeJob, Header
from pixelpriv_fast.codecs.png import Png
from pixelpriv_fast.metrics.contract import Metric
from pixelpriv_fast.models.cards import SQUEEZENET_PLACES365
from pixelpriv_fast.types import Photo, Pixels

_MAGIC = b"FRAMED\r\n"


@dataclass(frozen=True, slots=True)
class Dimmer:
    """An enhancement: the photo a little darker."""

    levels: int = 3

    def __call__(self, image: Pixels) -> Pixels:
        """Return the darker photo."""
        return np.where(image > self.levels, image - np.uint8(self.levels), 0).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Nudge(LatticeAttack):
    """An attack: one step of FGSM."""

    epsilon: float = 8 / 255

    def plan(self) -> Any:
        """Return FGSM's plan."""
        return FGSM(epsilon=self.epsilon).plan()

    def stronger(self) -> Any:
        """Return FGSM's next attack."""
        return FGSM(epsilon=self.epsilon).stronger()


@dataclass(frozen=True, slots=True)
class Inverted(Channel):
    """A channel: the negative."""

    def _at(self, photo: Pixels) -> Applied:
        return Applied(255 - photo, np.negative)


#: A panel: the file, and its negative.
DARKROOM = Panel("darkroom", (Treatment("file", "file", None), Treatment("negative", "chain", Inverted())))


@dataclass(frozen=True, slots=True)
class Brightness(Metric):
    """A metric: the mean grey level."""

    title: ClassVar[str] = "Mean level"
    unit: ClassVar[str] = "of 255"
    decimals: ClassVar[int] = 1
    mean_decimals: ClassVar[int] = 0
    range: ClassVar[tuple[float, float]] = (0.0, 255.0)
    higher_better: ClassVar[bool] = True
    reference: ClassVar[bool] = False

    def __call__(self, result: Pixels, original: Pixels) -> float:
        """Return the mean."""
        return float(result.mean())


class Framed(Codec[Any]):
    """A format: PNG with other first bytes."""

    name = "framed"
    suffixes = (".framed",)
    has_alpha = True
    can_lossless = True
    can_lossy = False
    max_side = 1000

    def matches(self, data: bytes) -> bool:
        """Return whether the content starts with the format's first bytes."""
        return data.startswith(_MAGIC)

    def parse(self, data: bytes) -> tuple[Header, Any]:
        """Read PNG's header."""
        header, parsed = Png().parse(data[len(_MAGIC) :])
        return replace(header, format=self.name), parsed

    def decode(self, data: bytes, header: Header, parsed: Any) -> Photo:
        """Decode the PNG."""
        return replace(Png().decode(data[len(_MAGIC) :], header, parsed), format=self.name)

    def encode(self, job: EncodeJob) -> bytes:
        """Write the PNG."""
        return _MAGIC + Png().encode(job)


DUMMYNET = replace(SQUEEZENET_PLACES365, name="dummynet", title="A network that nobody trained")


def load_quiet(model: Any, device: str = "auto", precision: str = "auto") -> Any:
    """Load an engine: the one on ONNX."""
    from pixelpriv_fast.engines.onnx.engine import load

    return load(model, device, precision)
