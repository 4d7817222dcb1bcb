"""The self-test of a backend: a built graph is compared once with the CPU reference on a fixed input.

OpenVINO's CPU plug-in returned wrong gradients for one form of a whole network whose single layers were right (see
``rules/convolution.py``), so that no provider is trusted because others, or its parts, are right.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating[Any]]

#: (photos, accepted) -> (logits, gradient)
Step = Callable[[npt.NDArray[np.float32], npt.NDArray[np.float32]], tuple[Floats, Floats]]


@dataclass(frozen=True, slots=True)
class Proof:
    """Result of one comparison.

    Attributes
    ----------
    ok : bool
        Whether every threshold was reached.
    gradient_cosine : float
        Cosine between the gradients, mean of the photos.
    worst_gradient_cosine : float
        The same of the worst photo.
    sign_agreement : float
        Share of equal gradient signs, 0..1, where the reference's gradient is not negligible.
    logits_cosine : float
        Cosine between the logits of the worst photo.
    reason : str
        What failed, "" if nothing did.
    """

    ok: bool
    gradient_cosine: float
    worst_gradient_cosine: float
    sign_agreement: float
    logits_cosine: float
    reason: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, to be stored."""
        return asdict(self)

    @classmethod
    def from_dict(cls, record: Mapping[str, Any]) -> Proof:
        """Return the proof that :meth:`as_dict` wrote. Raises ``TypeError`` for another record."""
        return cls(**record)


#: Increase it when :func:`prove` changes in a manner that makes stored proofs invalid.
PROOF_VERSION = 2


def proof_key(model: bytes, provider: str, version: str) -> str:
    """Return the name that a proof is stored under.

    Parameters
    ----------
    model : bytes
        The serialised graph.
    provider : str
        The provider with the settings that change its arithmetic, for example "openvino:CPU:bf16".
    version : str
        The version of its library.

    Returns
    -------
    str
        64 hexadecimal digits.
    """
    parts = [hashlib.sha256(model).hexdigest(), provider, version, str(PROOF_VERSION)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def prove(
    run: Step,
    reference: Step,
    photos: tuple[int, int, int, int],
    classes: int,
    *,
    min_cosine: float = 0.9999,
    min_worst_cosine: float | None = None,
    min_sign_agreement: float = 0.995,
    min_logits_cosine: float = 0.999,
    seed: int = 0,
) -> Proof:
    """Run both on the same noise and masks of one accepted class a photo, and compare.

    The default thresholds are those of fp32; for bf16 and fp16 the caller says what suffices.

    Parameters
    ----------
    run : callable
        The step to test: (photos, accepted) -> (logits, gradient).
    reference : callable
        The step that is known to be right.
    photos : tuple of int
        Shape of the input, (n, channels, height, width).
    classes : int
        Number of classes.
    min_cosine : float
        Every photo's gradient must reach it.
    min_worst_cosine : float, optional
        If given, a photo needs only this much, and the photos' mean ``min_cosine``.
    min_sign_agreement : float
        Share of equal signs, 0..1.
    min_logits_cosine : float
        Every photo's logits must reach it.
    seed : int
        Seed of the noise and masks.

    Returns
    -------
    Proof
        What was found.
    """
    x, accepted = proof_input(photos, classes, seed)
    expected_logits, expected = (np.asarray(value, np.float64) for value in reference(x, accepted))
    logits, gradient = (np.asarray(value, np.float64) for value in run(x, accepted))
    if gradient.shape != expected.shape or logits.shape != expected_logits.shape:
        shapes = f"logits {logits.shape}, gradient {gradient.shape}"
        return Proof(False, 0.0, 0.0, 0.0, 0.0, f"{shapes} instead of {expected_logits.shape}, {expected.shape}")
    if not (np.isfinite(gradient).all() and np.isfinite(logits).all()):
        return Proof(False, 0.0, 0.0, 0.0, 0.0, "values that are not finite")
    cosines, logits_cosine = photo_cosines(gradient, expected), worst_cosine(logits, expected_logits)
    cosine, worst = float(cosines.mean()), float(cosines.min())
    agreement = sign_agreement(gradient, expected)
    failed = [
        f"{name} {value:.5f} is below {limit}"
        for name, value, limit in (
            ("gradient cosine", cosine, min_cosine),
            ("the worst photo's gradient cosine", worst, min_cosine if min_worst_cosine is None else min_worst_cosine),
            ("sign agreement", agreement, min_sign_agreement),
            ("logits cosine", logits_cosine, min_logits_cosine),
        )
        if not value >= limit
    ]
    return Proof(not failed, cosine, worst, agreement, logits_cosine, "; ".join(failed))


def proof_input(
    photos: tuple[int, int, int, int], classes: int, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Draw photo-like noise and one-class masks.

    Parameters
    ----------
    photos : tuple of int
        Shape of the noise, (n, channels, height, width).
    classes : int
        Number of classes.
    seed : int
        Seed of the generator.

    Returns
    -------
    tuple of ndarray of float32
        Noise with smooth and fine structure, of about +-2 as normalised photos have; masks (n, classes).
    """
    random = np.random.default_rng(seed)
    count, channels, height, width = photos
    coarse = random.standard_normal((count, channels, -(-height // 16), -(-width // 16)))
    smooth = np.kron(coarse, np.ones((16, 16)))[:, :, :height, :width]
    x = 0.8 * smooth + 0.3 * random.standard_normal(photos)
    accepted = np.zeros((count, classes), np.float32)
    accepted[np.arange(count), random.integers(0, classes, count)] = 1.0
    return x.astype(np.float32), accepted


def worst_cosine(a: Floats, b: Floats) -> float:
    """Return the minimum of ``photo_cosines``.

    Parameters
    ----------
    a, b : ndarray, shape (n, ...)
        Values of n photos.

    Returns
    -------
    float
        The worst photo's cosine.
    """
    return float(photo_cosines(a, b).min())


def photo_cosines(a: Floats, b: Floats) -> Floats:
    """Compute the cosine between corresponding photos' values.

    Parameters
    ----------
    a, b : ndarray, shape (n, ...)
        Values of n photos.

    Returns
    -------
    ndarray, shape (n,)
        The cosines; 1 where both are zero, 0 where one is.
    """
    a, b = a.reshape(len(a), -1), b.reshape(len(b), -1)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    both_zero = ~(a.any(axis=1) | b.any(axis=1))
    return np.where(norms > 0, (a * b).sum(axis=1) / np.where(norms > 0, norms, 1.0), both_zero.astype(float))


def sign_agreement(a: Floats, b: Floats, negligible: float = 1e-3) -> float:
    """Compute the share of equal signs where ``b`` is not negligible.

    Parameters
    ----------
    a, b : ndarray, shape (n, ...)
        Values of n photos.
    negligible : float
        Fraction of a photo's root mean square below which the sign of ``b`` is rounding.

    Returns
    -------
    float
        The share, 0..1; 1 if nothing counts.
    """
    flat = b.reshape(len(b), -1)
    floor = negligible * np.sqrt((flat**2).mean(axis=1)).reshape(-1, *[1] * (b.ndim - 1))
    counted = np.abs(b) > floor
    return float((np.sign(a) == np.sign(b))[counted].mean()) if counted.any() else 1.0
