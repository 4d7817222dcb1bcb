"""Where networks run: which providers really work, and the one place that creates sessions."""

from __future__ import annotations

from .create import create_session, select
from .info import info
from .probe import precisions, status, version
from .providers import PROVIDERS, Choice, Provider, Status, resolve
from .session import Array, Binding, Session, SessionOptions, TensorSpec

__all__ = [
    "PROVIDERS",
    "Array",
    "Binding",
    "Choice",
    "Provider",
    "Session",
    "SessionOptions",
    "Status",
    "TensorSpec",
    "create_session",
    "info",
    "precisions",
    "resolve",
    "select",
    "status",
    "version",
]
