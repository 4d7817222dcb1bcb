"""What an attack needs to know of a network: its answers, and in which direction the input moves them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from ..models.preprocess import Preprocess
from ..types import Floats, Logits
from ..words import Precision

ClassSets: TypeAlias = npt.NDArray[np.bool_]  #: (photos, classes), one set of classes a photo


class Engine(Protocol):
    """One network on one device. Calls share no state; any thread may call."""

    @property
    @abstractmethod
    def name(self) -> str:
        """The network's name."""

    @property
    @abstractmethod
    def device(self) -> str:
        """What really runs, for example "torch cpu fp32"."""

    @property
    @abstractmethod
    def precision(self) -> Precision:
        """Precision of gradients and of the logits that come with them; without gradients, of what ranks candidates."""

    @property
    @abstractmethod
    def repeatable(self) -> bool:
        """Whether a photo's answers are bit-identical in any batch and in another process.

        Tests show it for CPUs; the libraries of GPUs do not promise it.
        """

    @property
    @abstractmethod
    def max_batch(self) -> int | None:
        """Preferred maximum number of photos per call, or None for the whole batch.

        Larger calls evict inputs and gradients from the processor's cache.
        """

    @property
    @abstractmethod
    def preprocess(self) -> Preprocess:
        """What makes the network's inputs from photos."""

    @abstractmethod
    def prepare(self, batch: int) -> None:
        """Compile or record what calls with ``batch`` photos need; otherwise the first call does."""

    @abstractmethod
    def close(self) -> None:
        """Free what the engine holds; later calls are errors. A forked child frees nothing."""


class LogitEngine(Engine, Protocol):
    """A classifier that answers with logits."""

    @property
    @abstractmethod
    def classes(self) -> int:
        """The number of classes."""

    @abstractmethod
    def logits(self, inputs: Floats, batch: int | None = None) -> Logits:
        """Compute logits, always in fp32.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, 3, h, w)
            Inputs of any number of photos.
        batch : int or None
            Static number of photos in a network call. Fewer photos are padded up to it and more are run in chunks of
            it, so a photo's answer depends neither on its neighbours nor on its place. None leaves the number to the
            engine, without that promise.

        Returns
        -------
        ndarray of float32, shape (n, classes)
            The logits.

        Raises
        ------
        ModelError
            If a logit is not finite.
        """


class GradientEngine(LogitEngine, Protocol):
    """An engine that also computes the gradient with respect to the network's input."""

    @abstractmethod
    def gradient(self, inputs: Floats, accepted: ClassSets, batch: int | None = None) -> tuple[Logits, Floats]:
        """Compute logits, and for each photo the gradient of the log-odds of leaving its set of classes S.

        The log-odds are ``L = logsumexp(z outside S) - logsumexp(z in S)``. L grows with the cross entropy
        -log(sum of p in S) and has its gradient's direction, but never vanishes where the network is sure: its
        derivative by the logits, softmax(z outside S) - softmax(z in S), has sums +1 and -1 by construction.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, 3, h, w)
            Inputs of any number of photos.
        accepted : ndarray of bool, shape (n, classes)
            The sets S; each holds at least one class and leaves at least one out.
        batch : int or None
            As for ``logits``.

        Returns
        -------
        logits : ndarray of float32, shape (n, classes)
            In the gradient's precision; verdicts use ``logits``, which is always fp32.
        gradient : ndarray of float32, shape (n, 3, h, w)
            The gradient of L.

        Raises
        ------
        ModelError
            If a value is not finite.
        PhotoError
            If a photo's gradient is zero everywhere.
        """


class ScoreEngine(Engine, Protocol):
    """A network that rates photos, and the direction in which the input raises its rating."""

    @property
    @abstractmethod
    def sha256(self) -> str:
        """Hash of the network's file."""

    @abstractmethod
    def score(self, inputs: Floats, batch: int | None = None) -> Floats:
        """Compute mean ratings, always in fp32.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, 3, h, w)
            Inputs of any number of photos.
        batch : int or None
            As for ``LogitEngine.logits``.

        Returns
        -------
        ndarray of float32, shape (n,)
            ``sum of i p_i`` over the ratings i = 1, 2, ...

        Raises
        ------
        ModelError
            If a logit is not finite.
        """

    @abstractmethod
    def gradient(self, inputs: Floats, batch: int | None = None) -> tuple[Floats, Floats]:
        """Compute mean ratings and their gradients by the inputs.

        Parameters
        ----------
        inputs : ndarray of float32, shape (n, 3, h, w)
            Inputs of any number of photos.
        batch : int or None
            As for ``LogitEngine.logits``.

        Returns
        -------
        scores : ndarray of float32, shape (n,)
            In the gradient's precision; ``score`` is always fp32.
        gradient : ndarray of float32, shape (n, 3, h, w)
            The gradient of each photo's own mean rating. All zeros where a photo's rating does not depend on it.

        Raises
        ------
        ModelError
            If a value is not finite.
        """
