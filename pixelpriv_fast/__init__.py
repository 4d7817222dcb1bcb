"""Protects photos from scene classifiers, fast: enhancement, adversarial change on 8-bit pixels, and a verdict measured
on the saved file. The public names below are loaded when first used; importing this package loads no library."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: Public name -> where it stands. Sub-packages are named without an attribute.
_PUBLIC = {
    "Protector": ".pipeline:Protector",
    "Recipe": ".recipes:Recipe",
    "Result": ".result:Result",
    "PAPER_RUNS": ".recipes:PAPER_RUNS",
    "EncodeOptions": ".codecs:EncodeOptions",
    "Limits": ".codecs:Limits",
    "PixelPrivError": ".errors:PixelPrivError",
    "protect": ".pipeline:protect",
    "score": ".scoring:score",
    "load_classifier": ".models:load_classifier",
    "info": ".information:info",
    "attacks": ".attacks:",
    "enhance": ".enhance:",
    "metrics": ".metrics:",
    "errors": ".errors:",
}

__all__ = [*_PUBLIC, "__version__"]


def __getattr__(name: str) -> Any:
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
    from . import attacks as attacks
    from . import enhance as enhance
    from . import errors as errors
    from . import metrics as metrics
    from .codecs import EncodeOptions as EncodeOptions
    from .codecs import Limits as Limits
    from .errors import PixelPrivError as PixelPrivError
    from .information import info as info
    from .models import load_classifier as load_classifier
    from .pipeline import Protector as Protector
    from .pipeline import protect as protect
    from .recipes import PAPER_RUNS as PAPER_RUNS
    from .recipes import Recipe as Recipe
    from .result import Result as Result
    from .scoring import score as score
