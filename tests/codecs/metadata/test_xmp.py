"""XMP under the ``keep`` policy: pictures and promises are cut out, by namespace; all else stays byte for byte."""

from __future__ import annotations

import base64
from xml.etree import ElementTree

import numpy as np
import pytest

from pixelpriv_fast.codecs.metadata.policies import xmp
from pixelpriv_fast.types import Metadata

from ..planted import PICTURES, SPELLINGS, TEXTS, traces, unpacked, written
from ..samples import FORMATS

RDF = 'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
TITLE = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A &lt;long&gt; evening</rdf:li></rdf:Alt></dc:title>"
STAYS = "<dc:subject><rdf:Bag><rdf:li>kitchen</rdf:li><rdf:li>Küche</rdf:li></rdf:Bag></dc:subject>" + TITLE
NAMES = f"""{RDF} xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:a="http://ns.example.com/own/1.0/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" """


def packet(inner: str = "", attributes: str = "", outside: str = "") -> bytes:
    body = f'<rdf:Description rdf:about="" {attributes} xmp:Rating="4">{inner}{STAYS}</rdf:Description>'
    head = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    return f'{head}<rdf:RDF {NAMES}>{body}{outside}</rdf:RDF></x:xmpmeta>\n<?xpacket end="w"?>'.encode()


def kept(data: bytes) -> bytes:
    """What stays; it is well-formed, and holds what has nothing to do with pictures."""
    found = xmp.keep(data, 72, 40)
    assert found is not None
    ElementTree.fromstring(found.decode().partition("?>")[2].rpartition("<?")[0])
    assert STAYS.encode() in found
    assert b'xmp:Rating="4"' in found
    return found


THUMBNAILS = (
    '<xmp:Thumbnails xmlns:g="http://ns.adobe.com/xap/1.0/g/img/"><rdf:Alt><rdf:li rdf:parseType="Resource">'
    "<g:width>32</g:width><g:format>JPEG</g:format><g:image>{}</g:image></rdf:li></rdf:Alt></xmp:Thumbnails>"
)
PLACES = {
    "thumbnails": THUMBNAILS,
    "element": "<a:unknown>{}</a:unknown>",
    "nested": "<a:list><rdf:Seq><rdf:li>1</rdf:li><rdf:li rdf:parseType='Resource'><a:x>{}</a:x></rdf:li></rdf:Seq></a:list>",
    "cdata": "<a:unknown><![CDATA[{}]]></a:unknown>",
    "attribute of a property": '<a:unknown a:name="1" a:value="{}"/>',
    "node": '<a:unknown><rdf:Description a:value="{}"/></a:unknown>',
    "comment": "<!-- {} -->",
    "instruction": "<?cache {} ?>",
    "mixed": "<a:unknown>text <a:b/>{}<a:b/></a:unknown>",
}


def test_a_packet_without_pictures_and_promises_stays_byte_for_byte() -> None:
    for data in (packet(), packet("<a:x>1</a:x>", "a:y='2'"), packet() + b"\n \0\0"):
        assert xmp.keep(data, 72, 40) == data
    wide = packet().decode().encode("utf-16")
    assert xmp.keep(wide, 72, 40) == wide
    old = packet().decode().replace("\ufeff", "").encode("latin-1")
    assert xmp.keep(old, 72, 40) == old


@pytest.mark.parametrize("spelling", TEXTS)
@pytest.mark.parametrize("place", PLACES)
def test_no_picture_in_any_place(place: str, spelling: str) -> None:
    for data in (PICTURES["JPEG"], PICTURES["WEBP"], PICTURES["pixels"]):
        text = SPELLINGS[spelling](data).decode()
        if spelling == "base85" and (data is not PICTURES["pixels"] or place != "cdata"):
            continue  # it has XML's own signs; short runs are not told from long words
        if place == "comment" and "--" in text:
            continue  # not XML
        source = packet(PLACES[place].format(text))
        assert text.encode() in source
        assert kept(source) == packet(), "exactly the property is cut out"


def test_signs_in_values_and_text_that_looks_like_attributes() -> None:
    for inner in (
        "<a:x >y='1' z=\"2\"</a:x>",
        "<a:x a:y='/>'/>",
        "<a:x a:y='&lt;a b=\"1\"'\n/>",
        "<a:x a:y=\"a='1' >\"></a:x >",
    ):
        assert kept(packet(inner)) == packet(inner)
        promise = '<h:Version xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/">1.0</h:Version>'
        assert kept(packet(inner + promise + inner)) == packet(inner + inner)


def test_pictures_in_attributes_of_the_node_go_alone() -> None:
    text = base64.b64encode(PICTURES["JPEG"]).decode()
    assert kept(packet("", f'a:one="{text}"')) == packet("", "").replace(b'""  xmp', b'"" xmp')
    assert kept(packet("", f"a:zero='0>' a:one='{text}' a:two='2'")) == packet("", "a:zero='0>' a:two='2'")


def test_line_breaks_written_as_references() -> None:
    text = base64.encodebytes(PICTURES["JPEG"]).decode()
    assert kept(packet(THUMBNAILS.format(text.replace("\n", "&#xA;")))) == packet()
    assert kept(packet("<a:x>{}</a:x>".format(text.replace("A", "&#65;")))) == packet()


def test_a_picture_spread_over_a_list_goes() -> None:
    text = base64.b64encode(PICTURES["pixels"]).decode()
    items = "".join(f"<rdf:li>{text[at : at + 60]}</rdf:li>" for at in range(0, len(text), 60))
    assert kept(packet(f"<a:list><rdf:Seq>{items}</rdf:Seq></a:list>")) == packet()


@pytest.mark.parametrize("target", FORMATS)
def test_no_picture_of_xmp_in_any_format(target: str) -> None:
    data = PICTURES["JPEG"]
    source = packet(THUMBNAILS.format(base64.b64encode(data).decode()))
    found = unpacked(written(Metadata(xmp=source), target))
    assert [trace for trace in traces(data) if trace in found] == []
    assert STAYS.encode() in found


GOOGLE = "http://ns.google.com/photos/1.0/"
PROMISES = [
    ("http://ns.adobe.com/hdr-gain-map/1.0/", "Version", "1.0"),
    ("http://ns.adobe.com/hdr-gain-map/1.0/", "GainMapMax", "2.5"),
    ("http://ns.adobe.com/xmp/note/", "HasExtendedXMP", "0123456789ABCDEF0123456789ABCDEF"),
    ("http://ns.apple.com/HDRGainMap/1.0/", "HDRGainMapVersion", "65536"),
    (GOOGLE + "camera/", "MotionPhoto", "1"),
    (GOOGLE + "camera/", "MotionPhotoPresentationTimestampUs", "500000"),
    (GOOGLE + "camera/", "MicroVideo", "1"),
    (GOOGLE + "camera/", "MicroVideoOffset", "3016"),
    (GOOGLE + "image/", "Mime", "image/jpeg"),
    (GOOGLE + "audio/", "Mime", "audio/mp4a-latm"),
    (GOOGLE + "depthmap/", "Near", "0.5"),
    ("http://ns.google.com/photos/dd/1.0/device/", "Revision", "2"),
]


@pytest.mark.parametrize(("space", "name", "value"), PROMISES)
def test_promises_go_by_namespace_whatever_the_prefix(space: str, name: str, value: str) -> None:
    declared = f'xmlns:zz="{space}"'
    for source in (packet("", f'{declared} zz:{name}="{value}"'), packet(f"<zz:{name} {declared}>{value}</zz:{name}>")):
        found = kept(source)
        assert name.encode() not in found
        assert f'"{value}"'.encode() not in found
    other = packet("", f'xmlns:hdrgm="http://ns.example.com/" hdrgm:Near="{value}"')
    assert kept(other) == other


def test_a_list_of_the_parts_goes_whole() -> None:
    names = f'xmlns:C="{GOOGLE}container/" xmlns:I="{GOOGLE}container/item/"'
    item = (
        '<rdf:li rdf:parseType="Resource"><C:Item I:Semantic="GainMap" I:Mime="image/jpeg" I:Length="4711"/></rdf:li>'
    )
    found = kept(packet(f"<C:Directory><rdf:Seq>{item * 2}</rdf:Seq></C:Directory>", names))
    for gone in (b"Directory", b"Length", b"4711", b"container", b"GainMap"):
        assert gone not in found


def test_panoramas_and_bursts_stay() -> None:
    source = packet(
        "", f'xmlns:G="{GOOGLE}panorama/" G:ProjectionType="equirectangular" xmlns:H="{GOOGLE}camera/" H:BurstID="7"'
    )
    assert kept(source) == source


def test_upright_pixels_are_called_upright() -> None:
    names = 'xmlns:t="http://ns.adobe.com/tiff/1.0/" xmlns:e="http://ns.adobe.com/exif/1.0/"'
    attributes = packet("", f'{names} t:Orientation = \'6\' e:PixelXDimension="9" e:PixelYDimension="9"')
    assert kept(attributes) == attributes.replace(b"'6'", b"'1'").replace(
        b'XDimension="9"', b'XDimension="72"'
    ).replace(b'YDimension="9"', b'YDimension="40"')
    elements = packet("<t:Orientation>8</t:Orientation><t:ImageWidth>9</t:ImageWidth>", names)
    assert kept(elements) == elements.replace(b">8<", b">1<").replace(b">9<", b">72<")
    right = packet("", f'{names} t:Orientation="1" e:PixelXDimension="72"')
    assert kept(right) == right


@pytest.mark.parametrize(
    "data",
    [
        b"<!DOCTYPE x [<!ENTITY e 'text'>]><x>&e;</x>",
        b"<!DOCTYPE x SYSTEM 'http://example.com/x.dtd'><x/>",
        packet()[:-120],
        b"no XML at all",
        b"<a>&unknown;</a>",
        b"<a>" * 200 + b"</a>" * 200,
        b"",
        packet().decode().encode("utf-32"),
    ],
)
def test_what_cannot_be_parsed_safely_is_left_out(data: bytes) -> None:
    assert xmp.keep(data, 72, 40) is None


def test_a_packet_of_promises_alone_goes() -> None:
    assert xmp.keep(b"<h:Version xmlns:h='http://ns.adobe.com/hdr-gain-map/1.0/'>1.0</h:Version>", 72, 40) is None


def test_packets_in_texts_of_other_keywords() -> None:
    source = packet(THUMBNAILS.format(base64.b64encode(PICTURES["JPEG"]).decode()))
    found = written(Metadata(text=(("xmp", source.decode()), ("Title", "A long evening"))), "png")
    assert STAYS.encode() in found
    assert b"Thumbnails" not in found
    assert b"A long evening" in found


@pytest.mark.parametrize("seed", range(4))
def test_damaged_packets_and_records_raise_nothing(seed: int) -> None:
    rng = np.random.default_rng(seed)
    good = packet("<!-- a --><a:x a:y='1'>2</a:x>", 'a:z="3"')
    for at, new in zip(rng.integers(0, len(good), 1000), rng.integers(0, 256, 1000), strict=True):
        bad = good[:at] + bytes((new,)) + good[at + int(new) % 3 :]
        found = xmp.keep(bad, 72, 40)
        assert found is None or found == bad or len(found) < len(bad)
