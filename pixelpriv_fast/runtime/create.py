"""The one place that creates sessions. A session runs one network, from bytes, on one provider that was chosen once.

Bytes and never a path: the caller has checked exactly what runs (``models/stamped/file.py``), and a path would let
onnxruntime read further files beside it.
"""

from __future__ import annotations

import logging

from ..words import Precision
from . import probe
from .providers import Choice
from .session import Session, SessionOptions

_LOG = logging.getLogger(__name__)


def select(device: str = "auto", precision: Precision = "fp32") -> Choice:
    """Return the provider that a word means on this machine.

    Parameters
    ----------
    device : str
        A word of ``providers.DEVICE_WORDS``.
    precision : Precision
        Precision of the arithmetic.

    Returns
    -------
    Choice
        The provider and why.

    Raises
    ------
    DeviceError
        With reason and fix, if it cannot be had.
    UsageError
        For an unknown word.
    """
    return probe.choose(device, precision)


def create_session(model: bytes, device: str | Choice = "auto", options: SessionOptions | None = None) -> Session:
    """Create a session.

    Parameters
    ----------
    model : bytes
        The ONNX model.
    device : str or Choice
        A word of ``providers.DEVICE_WORDS``, or a choice made before.
    options : SessionOptions or None
        How it runs; None for the defaults.

    Returns
    -------
    Session
        Ready to run.

    Raises
    ------
    DeviceError
        If the request cannot be met, or the provider refuses this model.
    """
    options = options or SessionOptions()
    choice = select(device, options.precision) if isinstance(device, str) else device
    session: Session
    if choice.provider.ort is None:
        from .openvino_session import OpenVINOSession

        session = OpenVINOSession(model, choice.provider, options)
    else:
        from .ort_session import OnnxRuntimeSession

        session = OnnxRuntimeSession(model, choice.provider, options)
    _LOG.info("session on %s, %s (%s)", choice.provider.title, options.precision, choice.reason)
    return session
