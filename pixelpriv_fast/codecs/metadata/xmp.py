"""XMP packets under the ``keep`` policy: without pictures, and without promises of parts that a protected photo lacks.

The packet is parsed as XML, names are told by their namespace, and what must go is cut out of the bytes, so everything else
stays as its author wrote it. Cut is always a whole property: half of one promises again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from .pictures import may_show_picture

#: Choice: a longer packet (an editor's list of all ancestors of a picture makes such ones) is left out.
_MAX_BYTES = 4 * 1024 * 1024
_MAX_DEPTH = 100

PREFIX = b"http://ns.adobe.com/xap/1.0/\0"  #: stands before the packet in JPEG
_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TIFF, _EXIF = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/"
_GOOGLE = "http://ns.google.com/photos/1.0/"
#: Prefixes that packets use without declaring them.
_USUAL_PREFIXES = {
    "rdf": _RDF,
    "tiff": _TIFF,
    "exif": _EXIF,
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "xap": "http://ns.adobe.com/xap/1.0/",
    "xmpGImg": "http://ns.adobe.com/xap/1.0/g/img/",
    "xapGImg": "http://ns.adobe.com/xap/1.0/g/img/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "GDepth": _GOOGLE + "depthmap/",
    "GImage": _GOOGLE + "image/",
    "GAudio": _GOOGLE + "audio/",
    "Container": _GOOGLE + "container/",
    "Item": _GOOGLE + "container/item/",
}
#: Namespaces that speak of other parts alone: thumbnails, extended XMP, gain maps, depth maps, films, sound, and lists of them.
_OTHER_PARTS = (
    "http://ns.adobe.com/xap/1.0/g/img/",
    "http://ns.adobe.com/xmp/note/",
    "http://ns.adobe.com/hdr-gain-map/",
    "http://ns.apple.com/HDRGainMap/",
    "http://ns.apple.com/HDRToneMap/",
    "http://ns.apple.com/depthData/",
    "http://ns.apple.com/pixeldatainfo/",
    "http://ns.apple.com/portraitEffectsMatte",
    "http://ns.apple.com/semanticSegmentationMatte",
    _GOOGLE + "depthmap/",
    _GOOGLE + "image/",
    _GOOGLE + "audio/",
    _GOOGLE + "container/",
    "http://ns.google.com/photos/dd/1.0/",
    "http://ns.xiaomi.com/photos/1.0/camera/",
    "http://ns.oplus.com/photos/1.0/camera/",
)
#: Properties that promise a film, extended XMP or a thumbnail, in namespaces that speak of more.
_OTHER_PART = re.compile(r"MotionPhoto|MicroVideo|HasExtendedXMP\Z|Thumbnails\Z")

_TAG = re.compile(rb"""<[^\s/>]+((?:\s+[^\s=<>/]+\s*=\s*(?:"[^"]*"|'[^']*'))*)\s*/?>""")
_ATTRIBUTE = re.compile(rb"""\s+[^\s=<>/]+\s*=\s*["']((?<=")[^"]*|(?<=')[^']*)["']""")


class _Unsafe(Exception):
    """The packet declares a document type, or nests too deep."""


def keep(xmp: bytes, width: int, height: int) -> bytes | None:
    """Cut out pictures and promises of other parts, and state what holds for upright pixels.

    Parameters
    ----------
    xmp : bytes
        The packet.
    width, height : int
        Size of the upright photo, in pixels.

    Returns
    -------
    bytes or None
        The packet, byte for byte if nothing had to change; None if it cannot be parsed safely or nothing is left.
    """
    data = _utf8(xmp)
    if data is None or len(data) > _MAX_BYTES:
        return None
    try:
        cuts = _Parser(data, width, height).cuts
    except (expat.ExpatError, _Unsafe):
        return None
    return _without(data, cuts) if cuts else xmp


def _utf8(xmp: bytes) -> bytes | None:
    """Return a packet as UTF-8, without the padding behind it. Packets in other codings than XMP's are Latin-1."""
    wide = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"<\0": "utf-16-le", b"\0<": "utf-16-be"}.get(xmp[:2])
    for coding in (wide,) if wide else ("utf-8", "latin-1"):
        try:
            return xmp.decode(coding).encode().rstrip(b"\0\t\r\n ") or None
        except UnicodeError:
            continue
    return None


@dataclass(frozen=True, slots=True)
class _Cut:
    """Bytes that go, and what stands there instead."""

    start: int
    end: int
    instead: bytes = b""


def _without(data: bytes, cuts: list[_Cut]) -> bytes | None:
    parts, at = list[bytes](), 0
    for cut in sorted(cuts, key=lambda cut: (cut.start, -cut.end)):
        if cut.start >= at:  # not inside one that was made already
            parts += data[at : cut.start], cut.instead
            at = cut.end
    left = b"".join([*parts, data[at:]])
    return left if _TAG.search(left) else None


@dataclass(slots=True)
class _Element:
    """An element that is open."""

    name: tuple[str, str]  #: (namespace, local name)
    start: int
    content: int  #: where its content starts
    declared: Mapping[str, str]  #: prefix -> namespace, of this element's own declarations
    is_property: bool
    inside_property: bool
    gone: bool = False
    leaf: bool = True
    text: list[str] = field(default_factory=list)  #: a property's is that of all elements inside


class _Parser:
    """Collects what to cut out of a packet.

    A property is an element inside a node inside ``rdf:RDF``. Elements outside, which real packets hardly have, are judged one
    by one.
    """

    def __init__(self, data: bytes, width: int, height: int) -> None:
        self.cuts: list[_Cut] = []
        self._data = data
        self._open: list[_Element] = []
        self._true = {
            (_TIFF, "Orientation"): "1",
            (_TIFF, "ImageWidth"): str(width),
            (_TIFF, "ImageLength"): str(height),
            (_EXIF, "PixelXDimension"): str(width),
            (_EXIF, "PixelYDimension"): str(height),
        }
        self._expat = expat.ParserCreate("UTF-8")
        self._expat.ordered_attributes = True
        self._expat.buffer_text = True
        self._expat.StartDoctypeDeclHandler = self._refuse  # no document type, so no entities to unfold
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._characters
        self._expat.CommentHandler = lambda text: self._aside(text, b"-->")
        self._expat.ProcessingInstructionHandler = lambda target, text: self._aside(target + " " + text, b"?>")
        self._expat.Parse(data, True)

    def _refuse(self, *_: Any) -> None:
        raise _Unsafe

    def _name(self, raw: str, declared: Mapping[str, str], default: str) -> tuple[str, str]:
        """Return (namespace, local name); ``default`` is the prefix of a name without one."""
        prefix, colon, local = raw.partition(":")
        if not colon:
            prefix, local = default, raw
        for names in (declared, *(element.declared for element in reversed(self._open))):
            if prefix in names:
                return names[prefix], local
        return _USUAL_PREFIXES.get(prefix, prefix), local

    def _start(self, raw: str, attributes: list[str]) -> None:
        at = self._expat.CurrentByteIndex
        tag = _TAG.match(self._data, at)
        if tag is None or len(self._open) >= _MAX_DEPTH:
            raise _Unsafe
        names, values = attributes[::2], attributes[1::2]
        declared = {name[6:]: value for name, value in zip(names, values, strict=True) if _declares(name)}
        parent = self._open[-1] if self._open else None
        is_property = len(self._open) > 1 and self._open[-2].name == (_RDF, "RDF")
        inside = parent is not None and (parent.is_property or parent.inside_property)
        name = self._name(raw, declared, "")
        element = _Element(name, at, tag.end(), declared, is_property, inside, gone=_promises(name))
        if parent is not None:
            parent.leaf = False
        places = _ATTRIBUTE.finditer(self._data, *tag.span(1))
        for attribute, value, place in zip(names, values, places, strict=True):
            self._judge_attribute(element, attribute, value, place)
        self._open.append(element)

    def _judge_attribute(self, element: _Element, raw: str, value: str, place: re.Match[bytes]) -> None:
        name = (value, "") if _declares(raw) else self._name(raw, element.declared, "-")
        if _promises(name) or may_show_picture(value.encode()):
            if not _declares(raw) and (element.is_property or element.inside_property):
                element.gone = True
            self.cuts.append(_Cut(*place.span()))
        elif self._true.get(name, value) != value:
            self.cuts.append(_Cut(*place.span(1), self._true[name].encode()))

    def _characters(self, text: str) -> None:
        if self._open:
            self._open[-1].text.append(text)

    def _end(self, raw: str) -> None:
        element = self._open.pop()
        stop = self._expat.CurrentByteIndex  # where the end tag starts, or where an empty element's only one ends
        empty = self._data.endswith(b"/>", element.start, element.content)
        text = "".join(element.text)
        if not element.inside_property:
            element.gone = element.gone or may_show_picture(text.encode())
        true = self._true.get(element.name, text.strip())
        if not element.leaf and element.name in self._true:
            element.gone = True
        elif not empty and text.strip() != true:
            self.cuts.append(_Cut(element.content, stop, true.encode()))
        if element.inside_property:
            self._open[-1].gone = self._open[-1].gone or element.gone
            self._open[-1].text += " ", text, " "
        elif element.gone:
            self.cuts.append(_Cut(element.start, stop if empty else self._data.index(b">", stop) + 1))

    def _aside(self, text: str, end: bytes) -> None:
        """Judge a comment or an instruction."""
        at = self._expat.CurrentByteIndex
        if may_show_picture(text.encode()):
            self.cuts.append(_Cut(at, self._data.index(end, at) + len(end)))


def _declares(name: str) -> bool:
    return name == "xmlns" or name.startswith("xmlns:")


def _promises(name: tuple[str, str]) -> bool:
    """Return whether a name speaks of a part that a protected photo lacks."""
    return name[0].startswith(_OTHER_PARTS) or _OTHER_PART.search(name[1]) is not None
