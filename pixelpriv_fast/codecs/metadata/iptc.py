"""IPTC-IIM records under the ``keep`` policy: without the preview, the embedded object, and other values that show it."""

from __future__ import annotations

from collections.abc import Iterator

from .pictures import may_show_picture

MARK = b"\x1c"  #: what each record starts with
_WORD = 64  # bytes: a shorter value is a keyword, perhaps in an older coding of letters
_PREVIEW = frozenset({(2, 200), (2, 201), (2, 202)})  # its format, version and data
_OBJECT = frozenset({7, 8, 9})  # the records before, of and after an embedded object


def keep(iptc: bytes) -> bytes | None:
    """Leave out pictures, and what announces them.

    Parameters
    ----------
    iptc : bytes
        The records.

    Returns
    -------
    bytes or None
        The others, as they were; None if nothing is left.
    """
    found = list(_data_sets(iptc))
    values: dict[tuple[int, int], list[bytes]] = {}
    for name, start, end, _ in found:
        values.setdefault(name, []).append(iptc[start:end])
    gone = _PREVIEW | {name for name, several in values.items() if _show(several)}
    kept = [iptc[at:end] for name, _, end, at in found if name not in gone and name[0] not in _OBJECT]
    return b"".join(kept) or None


def _show(several: list[bytes]) -> bool:
    """Return whether values of one data set show a picture, one of them or, as it may be spread over them, all together."""
    together = b" ".join(value for value in several if len(value) > _WORD or value.isascii())
    return may_show_picture(together) or any(may_show_picture(value) for value in several)


def _data_sets(iptc: bytes) -> Iterator[tuple[tuple[int, int], int, int, int]]:
    """Yield ((record, data set), where its value starts, where it ends, where its mark stands), up to the first damage."""
    at = 0
    while at + 5 <= len(iptc) and iptc[at : at + 1] == MARK:
        name = iptc[at + 1], iptc[at + 2]
        size, start = int.from_bytes(iptc[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:  # an extended data set: the number of bytes of its length
            wide = size & 0x7FFF
            size, start = int.from_bytes(iptc[start : start + min(wide, 8)], "big"), start + wide
        if start + size > len(iptc):
            return
        yield name, start, start + size, at
        at = start + size
