"""A network that rates photos, ready to use: session and stamp behind one call."""

from __future__ import annotations

import os

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..logits import softmax
from ..runtime import Session, SessionOptions, create_session
from ..types import Floats
from .preprocess import Preprocess
from .stamped.file import StampedModel
from .store.store import Notice, Store


class Scorer:
    """Distributions over ratings, in fp32. May be shared by threads.

    ``model``: a checked stamped model of kind "scorer"; ``session``: made from its bytes.
    """

    def __init__(self, model: StampedModel, session: Session) -> None:
        stamp = model.stamp
        if stamp.kind != "scorer" or stamp.preprocess is None:
            raise ModelError(f"{stamp.name} is a {stamp.kind}, not a scorer")
        shape = session.outputs[0].shape
        if len(shape) != 2 or shape[1] is None:
            raise ModelError(f"{stamp.name} returns {shape}, not (photos, ratings)")
        self.stamp = stamp
        self.session = session
        self.name: str = stamp.name
        self.preprocess: Preprocess = stamp.preprocess
        self.ratings: int = shape[1]

    @property
    def device(self) -> str:
        """What really runs, as "cpu (OpenVINO)"."""
        return f"{self.session.provider.device} ({self.session.provider.title})"

    def __call__(self, inputs: Floats) -> npt.NDArray[np.float64]:
        """Preprocessed inputs float32 (n, 3, h, w) -> (n, ratings), rows that sum to 1, as one call of the session."""
        return softmax(self.session.run({self.stamp.input: inputs})[0])


def load_scorer(
    name: str,
    models: str | os.PathLike[str] | None = None,
    device: str = "auto",
    *,
    threads: int | None = None,
    notice: Notice | None = None,
) -> Scorer:
    """The scorer ``name``, ready to call. ``models``: a folder to look in first. ``device``: "auto", "cpu", or a
    provider's name.

    Choice: always fp32. bf16 is 1.6 to 3 times as fast, but it moves NIMA's mean by up to 0.26 (by 0.05 on the average):
    the first depthwise layer has weights of up to 33 that nearly cancel. fp32 on OpenVINO is about ten times as fast as
    torch's eager mode as it is.

    Raises ``ModelError`` when it is missing (with the way to get it) or damaged, ``DeviceError`` when the device cannot
    be had, ``UsageError`` for an unknown name.
    """
    model = Store(models, notice=notice).load(name)
    return Scorer(model, create_session(model.data, device, SessionOptions(threads=threads)))
