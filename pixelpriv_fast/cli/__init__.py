"""The command line: arguments to calls, no logic. One file a command; ``main`` is the entry point."""

from __future__ import annotations


def main() -> None:
    """Entry point of ``pixelpriv``: runs the command and leaves with its exit code."""
    from .app import app

    app(prog_name="pixelpriv")
