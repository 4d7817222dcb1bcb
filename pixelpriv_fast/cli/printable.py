"""Names as people may see them: what would steer a terminal or turn text around is shown as an escape."""

from __future__ import annotations

import re

#: Control characters of both ASCII and Latin-1 (a terminal acts on them; newlines fake lines), marks that turn or hide
#: text (bidirectional controls, invisible ones), line and paragraph separators, and bytes of names that are not text.
#: The joiners U+200C and U+200D stay: many scripts and emoji are spelled with them.
_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)

_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def printable(text: str) -> str:
    r"""Return ``text`` as one line that a terminal shows as it is.

    Parameters
    ----------
    text : str
        A line for people, with names of files in it.

    Returns
    -------
    str
        The line, with escapes such as ``\x1b``, ``\n``, ``\u202e``; ``\xff`` also for a byte that is not text.
    """
    return _UNSEEN.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    character = found[0]
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # how Python spells a byte of a name that is not valid text
        code -= 0xDC00
    return _NAMED.get(character) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
