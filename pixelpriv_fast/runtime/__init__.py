"""Where networks run: which providers really work, and the one place that creates sessions."""

from __future__ import annotations

from .half_precision import half_precision
from .info import info
from .providers import PROVIDERS, Choice, Provider, Status, resolve
from .session import Session, SessionOptions, TensorSpec, create_session, select

__all__ = [
    "PROVIDERS",
    "Choice",
    "Provider",
    "Session",
    "SessionOptions",
    "Status",
    "TensorSpec",
    "create_session",
    "half_precision",
    "info",
    "resolve",
    "select",
]
