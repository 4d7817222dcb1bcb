"""Protect photos from scene classifiers: enhancement, an attack on the 8-bit pixels, and a verdict on the saved file.

The public names below are loaded when first used; importing this package loads no library.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

#: Public name -> where it stands. Sub-packages are named without an attribute.
_PUBLIC = {
    "Protector": ".protection.protector:Protector",
    "Recipe": ".protection.recipes:Recipe",
    "Result": ".protection.result:Result",
    "PAPER_RUNS": ".protection.recipes:PAPER_RUNS",
    "EncodeOptions": ".codecs:EncodeOptions",
    "Limits": ".codecs:Limits",
    "PixelPrivError": ".errors:PixelPrivError",
    "protect": ".protection.protector:protect",
    "survive": ".protection.survival:survive",
    "score": ".evaluate.score:score",
    "load_classifier": ".models:load_classifier",
    "info": ".about:info",
    "attacks": ".attacks:",
    "channels": ".channels:",
    "enhance": ".enhance:",
    "metrics": ".metrics:",
    "errors": ".errors:",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from .about import package_version

        return package_version()
    try:
        module_name, attribute = _PUBLIC[name].split(":")
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    module = importlib.import_module(module_name, __name__)
    value = getattr(module, attribute) if attribute else module
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


if TYPE_CHECKING:
    __version__: str
    from . import attacks as attacks
    from . import channels as channels
    from . import enhance as enhance
    from . import errors as errors
    from . import metrics as metrics
    from .about import info as info
    from .codecs import EncodeOptions as EncodeOptions
    from .codecs import Limits as Limits
    from .errors import PixelPrivError as PixelPrivError
    from .evaluate.score import score as score
    from .models import load_classifier as load_classifier
    from .protection.protector import Protector as Protector
    from .protection.protector import protect as protect
    from .protection.recipes import PAPER_RUNS as PAPER_RUNS
    from .protection.recipes import Recipe as Recipe
    from .protection.result import Result as Result
    from .protection.survival import survive as survive
