"""A file's items, and how they belong together: which is the photo, which are its tiles, alpha, thumbnail, metadata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..contract import Damaged
from .boxes import MAX_ENTRIES, Reader, boxes


@dataclass(frozen=True, slots=True)
class BoxItem:
    """One item.

    Attributes
    ----------
    number : int
        Its number in this file.
    kind : bytes
        Its type, such as b"hvc1", b"av01", b"grid", b"Exif".
    hidden : bool
        Whether it is not meant to be shown by itself.
    type_at : int
        Where its type stands in the file.
    content_type : bytes
        The MIME type of a b"mime" item.
    """

    number: int
    kind: bytes
    hidden: bool
    type_at: int
    content_type: bytes = b""


def read_items(data: bytes, start: int, end: int) -> dict[int, BoxItem]:
    """Read the items (box iinf).

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the box's content stands.

    Returns
    -------
    dict
        Number -> item; of two with one number, the first.
    """
    found: dict[int, BoxItem] = {}
    head = 6 if data[start : start + 1] == b"\0" else 8
    for kind, at, stop in boxes(data, start + head, end):
        version = data[at] if at < stop else 0
        if kind != b"infe" or version < 2:
            continue
        wide = 4 if version > 2 else 2
        type_at = at + 4 + wide + 2
        if type_at + 4 > stop:
            continue
        number, item_type = int.from_bytes(data[at + 4 : at + 4 + wide], "big"), data[type_at : type_at + 4]
        _, _, after_name = data[type_at + 4 : min(stop, type_at + 1028)].partition(b"\0")
        content_type = after_name.partition(b"\0")[0] if item_type == b"mime" else b""
        found.setdefault(number, BoxItem(number, item_type, bool(data[at + 3] & 1), type_at, content_type))
    return found


@dataclass(frozen=True, slots=True)
class ItemReferences:
    """How items refer to one another.

    Attributes
    ----------
    rows : mapping
        Type -> (from, to several) in the file's order: a grid refers to its tiles by b"dimg", an alpha or depth picture
        to its photo by b"auxl", a thumbnail by b"thmb", metadata by b"cdsc".
    """

    rows: Mapping[bytes, tuple[tuple[int, tuple[int, ...]], ...]]

    def targets(self, kind: bytes, holder: int) -> tuple[int, ...]:
        """Return the items that one item refers to.

        Parameters
        ----------
        kind : bytes
            The reference's type.
        holder : int
            Who refers.

        Returns
        -------
        tuple of int
            The items' numbers.
        """
        return tuple(number for one, several in self.rows.get(kind, ()) if one == holder for number in several)

    def below(self, *pictures: int) -> tuple[int, ...]:
        """Return the items that pictures are put together of, those that these are put together of, and so on."""
        parts: dict[int, None] = {}
        made_of = dict(reversed(self.rows.get(b"dimg", ())))  # the first of two counts
        waiting = list(pictures)
        while waiting:
            several = made_of.pop(waiting.pop(), ())
            waiting.extend(several)
            parts |= dict.fromkeys(several)
        for picture in pictures:
            parts.pop(picture, None)
        return tuple(parts)


def read_references(data: bytes, start: int, end: int) -> ItemReferences:
    """Read the references between items (box iref).

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the box's content stands.

    Returns
    -------
    ItemReferences
        All of them.

    Raises
    ------
    Damaged
        If there are too many.
    """
    rows: dict[bytes, list[tuple[int, tuple[int, ...]]]] = {}
    wide = 2 if data[start : start + 1] == b"\0" else 4
    room = MAX_ENTRIES
    for kind, at, stop in boxes(data, start + 4, end):
        reader = Reader(data, at, stop)
        holder, count = reader.take(wide), reader.take(2)
        room -= min(count, reader.left // wide)
        if room < 0:
            raise Damaged(f"more than {MAX_ENTRIES:,} references between items")
        rows.setdefault(kind, []).append((holder, reader.take_several(count, wide)))
    return ItemReferences({kind: tuple(several) for kind, several in rows.items()})


def read_groups(data: bytes, start: int, end: int) -> list[tuple[bytes, tuple[int, ...]]]:
    """Read which items are grouped (box grpl).

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the box's content stands.

    Returns
    -------
    list of (bytes, tuple of int)
        Type and items of each group: b"altr" are alternatives to each other, b"ster" views of a stereo pair.
    """
    found, room = [], MAX_ENTRIES
    for kind, at, stop in boxes(data, start, end):
        reader = Reader(data, at, stop)
        reader.version()
        reader.take(4)
        members = reader.take_several(min(reader.take(4), room), 4)
        room -= len(members)
        found.append((kind, members))
    return found
