"""The box meta: which item is the photo, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass

from ..contract import Damaged, Refused
from .av1_sequence import LONGEST, Sequence, read_sequence
from .boxes import Reader, first_boxes
from .data import ItemData, read_locations
from .items import BoxItem, ItemReferences, read_groups, read_items, read_references
from .properties import Properties, auxiliary_kind, is_alpha, read_properties, size_of

#: Items that are pictures: coded ones, and those put together of others.
_CODED = frozenset({b"hvc1", b"av01"})
_PICTURES = _CODED | {b"grid", b"iovl", b"iden"}
_XMP = b"application/rdf+xml"


@dataclass(frozen=True, slots=True)
class Meta:
    """The items, and which of them is the photo.

    Attributes
    ----------
    primary : int
        The photo's number.
    parts : tuple of int
        The items that it is put together of.
    alphas : tuple of int
        The items that hold its transparency, and those that these are put together of.
    items : dict
        Number -> item.
    references : ItemReferences
        How they refer to one another.
    groups : list of (bytes, tuple of int)
        Type and items of each group.
    properties : Properties
        What is said of single items.
    contents : ItemData
        What they hold.
    """

    primary: int
    parts: tuple[int, ...]
    alphas: tuple[int, ...]
    items: dict[int, BoxItem]
    references: ItemReferences
    groups: list[tuple[bytes, tuple[int, ...]]]
    properties: Properties
    contents: ItemData

    def check(self) -> None:
        """Check that there is one still picture of a known kind, with all of its bytes.

        Raises
        ------
        Damaged
            If the picture or a part of it is missing.
        Refused
            If it is of another kind.
        """
        photo = self.items.get(self.primary)
        if photo is None:
            raise Damaged(f"item {self.primary}, which is to be shown, is missing")
        if photo.kind not in _PICTURES:
            kind = photo.kind.decode("ascii", "replace")
            raise Refused(f"a picture of kind {kind!r}, which is not read", "convert it to PNG or JPEG")
        if any(kind == b"ster" and self.primary in members for kind, members in self.groups):
            raise Refused("a spatial photo: two pictures, one for each eye", "export one of them as a single photo")
        for number in (self.primary, *self.parts, *self.alphas):
            if self.contents.is_cut_off(number):
                raise Damaged(f"item {number}, a part of the picture, runs past the end of the file")

    def others(self) -> int:
        """Count the pictures besides the photo that stand for themselves.

        These are neither hidden, nor a thumbnail or auxiliary (alpha, depth, gain) picture, nor a part of another one,
        nor an alternative to the photo.
        """
        rows = self.references.rows
        belonging = {holder for kind in (b"thmb", b"auxl") for holder, _ in rows.get(kind, ())}
        belonging |= {number for _, several in rows.get(b"dimg", ()) for number in several}
        for kind, members in self.groups:
            if kind == b"altr" and self.primary in members:
                belonging.update(members)
        pictures = (item for item in self.items.values() if item.kind in _PICTURES and not item.hidden)
        return sum(item.number not in belonging and item.number != self.primary for item in pictures)

    def along(self) -> list[str]:
        """Name the pictures of the same scene that ride along."""
        kinds = [kind for item in self.items.values() for kind in [auxiliary_kind(self.properties.of(item.number))]]
        kinds += ["HDR gain map" for item in self.items.values() if item.kind == b"tmap"]
        return sorted({kind for kind in kinds if kind is not None})

    def pixels(self, numbers: tuple[int, ...]) -> int:
        """Return how many pixels the coded ones of some items have together, by their boxes or by AV1's own header.

        A decoder makes memory for what the header says, whatever the boxes do. libheif holds HEVC to the boxes itself.
        """
        coded = (number for number in numbers if number in self.items and self.items[number].kind in _CODED)
        return sum(map(self._coded_pixels, coded))

    def _coded_pixels(self, number: int) -> int:
        width, height = size_of(self.properties.of(number)) or (0, 0)
        sequence = self.sequence(number)
        return max(width * height, sequence.width * sequence.height if sequence else 0)

    def sequence(self, number: int) -> Sequence | None:
        """Return the header of an AV1 picture; None for other items."""
        item = self.items.get(number)
        is_av1 = item is not None and item.kind == b"av01"
        return read_sequence(self.contents.head(number, LONGEST)) if is_av1 else None

    def described_by(self, kind: bytes) -> bytes | None:
        """Return the metadata of a kind that belongs to the photo.

        Choice: a block that says of no picture that it belongs to it belongs to the photo; one of another picture does
        not.

        Parameters
        ----------
        kind : bytes
            b"Exif", or b"mime" for XMP.

        Returns
        -------
        bytes or None
            The item's bytes; None where there is none, or they are damaged.
        """
        rows = self.references.rows.get(b"cdsc", ())
        owned, of_photo = (
            {holder for holder, _ in rows},
            {holder for holder, several in rows if self.primary in several},
        )
        candidates = [item.number for item in self.items.values() if item.kind == kind and _is_metadata(item)]
        own = [number for number in candidates if number in of_photo]
        free = [number for number in candidates if number not in owned]
        return next(filter(None, map(self.contents.content, [*own, *free][:2])), None)

    def metadata_types(self) -> tuple[int, ...]:
        """Return where the types of all metadata items stand in the file."""
        return tuple(item.type_at for item in self.items.values() if _is_metadata(item))


def read_meta(data: bytes, start: int, end: int) -> Meta:
    """Read the box meta.

    Parameters
    ----------
    data : bytes
        The whole file.
    start, end : int
        Where the box's content stands.

    Returns
    -------
    Meta
        What it says.

    Raises
    ------
    Damaged
        If boxes are missing or broken.
    """
    inner = first_boxes(data, start + 4, end)
    for needed in (b"pitm", b"iinf", b"iloc", b"iprp"):
        if needed not in inner:
            raise Damaged(f"box {needed.decode('ascii')} is missing")
    primary = _primary(Reader(data, *inner[b"pitm"]))
    references = read_references(data, *inner[b"iref"]) if b"iref" in inner else ItemReferences({})
    properties = read_properties(data, *inner[b"iprp"])
    parts = references.below(primary)
    alphas = _alphas({primary, *parts}, references, properties)
    idat = data[slice(*inner.get(b"idat", (0, 0)))]
    return Meta(
        primary,
        parts,
        alphas,
        read_items(data, *inner[b"iinf"]),
        references,
        read_groups(data, *inner[b"grpl"]) if b"grpl" in inner else [],
        properties,
        ItemData(data, idat, read_locations(data, *inner[b"iloc"]), references),
    )


def _primary(reader: Reader) -> int:
    version, _ = reader.version()
    return reader.take(4 if version else 2)


def _alphas(photo: set[int], references: ItemReferences, properties: Properties) -> tuple[int, ...]:
    """Return the alpha channels of the photo, or of its tiles, and what these are put together of."""
    holders = [holder for holder, several in references.rows.get(b"auxl", ()) if not photo.isdisjoint(several)]
    alphas = [holder for holder in dict.fromkeys(holders) if is_alpha(properties.of(holder))]
    return (*alphas, *references.below(*alphas))


def _is_metadata(item: BoxItem) -> bool:
    return item.kind == b"Exif" or (item.kind == b"mime" and item.content_type == _XMP)
