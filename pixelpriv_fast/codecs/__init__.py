"""Bytes -> Photo -> bytes: safe against what a file may hold, careful with what it says.

Importing this loads no image library; the first ``decode`` or ``encode`` does.
"""

from .contract import EncodeOptions, Header
from .decoding import Opened, decode, open, peek
from .encoding import as_saved, check_options, encode, is_lossy, recode
from .formats import format_for, format_of_path, known_suffixes, suffix_for
from .from_pillow import from_pil
from .limits import Limits
from .metadata.policies import POLICIES
from .webp import picture

__all__ = [
    "POLICIES",
    "EncodeOptions",
    "Header",
    "Limits",
    "Opened",
    "as_saved",
    "check_options",
    "decode",
    "encode",
    "format_for",
    "format_of_path",
    "from_pil",
    "is_lossy",
    "known_suffixes",
    "open",
    "peek",
    "picture",
    "recode",
    "suffix_for",
]
