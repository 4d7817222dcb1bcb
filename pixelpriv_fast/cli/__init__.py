"""The command line: it turns arguments into calls and holds no logic. One file a command; ``main`` is the entry point."""

from __future__ import annotations


def main() -> None:
    """Run the command ``pixelpriv`` and exit with its code."""
    from .running import run

    raise SystemExit(run())
