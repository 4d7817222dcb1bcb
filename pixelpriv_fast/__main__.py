"""``python -m pixelpriv_fast`` is ``pixelpriv``."""

from .cli import main

main()
