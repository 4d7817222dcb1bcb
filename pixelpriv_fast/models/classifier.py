"""A classifier ready to use: preprocessing, session and labels behind one call. Verdicts are given by it."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ..errors import ModelError
from ..logits import softmax
from ..photo_check import checked_photo
from ..runtime import Session, SessionOptions, create_session
from ..types import Floats, Logits, Pixels, Prediction
from .batches import equal_batch, in_batches
from .preprocess import Preprocess
from .stamped.file import StampedModel
from .store.store import Notice, load_model

_TOP = 5
#: Photos a session call: beyond this the caches are full and only memory grows (100 MB of activations for ResNet50).
_CHUNK = 16


class Classifier:
    """Logits and predictions for photos of any size, in fp32. May be shared by threads.

    Parameters
    ----------
    model : StampedModel
        A checked model of kind "classifier".
    session : Session
        Made from its bytes.

    Raises
    ------
    ModelError
        If the model is of another kind, or does not return a logit for each of its labels.
    """

    def __init__(self, model: StampedModel, session: Session) -> None:
        stamp = model.stamp
        if stamp.kind != "classifier" or stamp.preprocess is None or stamp.labels is None:
            raise ModelError(f"{stamp.name} is a {stamp.kind}, not a classifier")
        outputs = session.outputs[0].shape
        if len(outputs) != 2 or outputs[1] != len(stamp.labels):
            raise ModelError(f"{stamp.name} returns {outputs}, not (photos, {len(stamp.labels)})")
        self.model = model
        self.stamp = stamp
        self.session = session
        self.name: str = stamp.name
        self.labels: tuple[str, ...] = stamp.labels
        self.preprocess: Preprocess = stamp.preprocess

    @property
    def classes(self) -> int:
        """The number of classes."""
        return len(self.labels)

    @property
    def device(self) -> str:
        """What really runs, as "cpu (OpenVINO)"."""
        return str(self.session.provider)

    def __call__(self, photos: Sequence[Pixels] | Pixels, batch: int | None = None) -> Logits:
        """Classify photos behind the classifier's own rounded preprocessing.

        Parameters
        ----------
        photos : sequence of uint8 arrays (height, width, 3), or uint8 array (n, height, width, 3)
            RGB photos; those of a sequence may have any sizes.
        batch : int, optional
            As ``logits`` takes it.

        Returns
        -------
        float32 array of shape (n, classes)
            The logits.
        """
        rows: list[Logits] = []
        for start in range(0, len(photos), batch or _CHUNK):
            chunk = [
                self.preprocess.rounded(checked_photo(photo)) for photo in photos[start : start + (batch or _CHUNK)]
            ]
            rows.append(self.logits(np.stack(chunk), batch))
        return np.concatenate(rows) if rows else np.zeros((0, self.classes), np.float32)

    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits of preprocessed inputs.

        Parameters
        ----------
        inputs : float32 array of shape (n, 3, height, width)
            Inputs at the network's size.
        batch : int, optional
            The static number of photos in a call of the session. Fewer are padded up to it, more run in chunks of it (or
            of the provider's maximum, if that is smaller), so a photo's logits do not depend on its neighbours.
            None: all in one call, without that promise.

        Returns
        -------
        float32 array of shape (n, classes)
            The logits.

        Raises
        ------
        DeviceError
            If the provider fails, or after a fork.
        """
        if batch is None:
            logits: Logits = self.session.run({self.stamp.input: inputs})[0]
            return logits
        size = equal_batch(batch, self.session.provider.max_batch)
        return in_batches(lambda full: self.session.run({self.stamp.input: full})[:1], size, inputs)[0]

    def close(self) -> None:
        """Free the session; calls are an error afterwards."""
        self.session.close()

    def predictions(self, logits: Logits) -> list[Prediction]:
        """Return the top class and the five highest of each row of ``logits`` (n, classes), ties to the lower index."""
        return [self._prediction(row) for row in softmax(logits)]

    def _prediction(self, probabilities: npt.NDArray[np.float64]) -> Prediction:
        order = np.argsort(-probabilities, kind="stable")[:_TOP]
        top = tuple((self.labels[index], float(probabilities[index])) for index in order)
        return Prediction(int(order[0]), top[0][0], top[0][1], top)


def load_classifier(
    name: str | StampedModel,
    models: str | os.PathLike[str] | None = None,
    device: str = "auto",
    *,
    threads: int | None = None,
    notice: Notice | None = None,
) -> Classifier:
    """Load a classifier. It always computes in fp32.

    Parameters
    ----------
    name : str or StampedModel
        Name of its card, the path of a stamped ``.onnx`` file, or a stamped model.
    models : path, optional
        A folder to look in first.
    device : str
        "auto", "cpu", or a provider's name.
    threads : int, optional
        Number of threads of its session.
    notice : callable, optional
        Called with one line when something slow begins.

    Returns
    -------
    Classifier
        Ready to call.

    Raises
    ------
    ModelError
        If it is missing or damaged.
    DeviceError
        If the device cannot be used.
    UsageError
        For an unknown name.
    """
    model = load_model(name, models, notice=notice) if isinstance(name, str) else name
    return Classifier(model, create_session(model.data, device, SessionOptions(threads=threads)))
