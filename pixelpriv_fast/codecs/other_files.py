"""What stands in photo folders besides the photos that are taken: files by kind, and folders that programs keep house in.

A person who reads "all protected" must learn of each file that was left out, so each has a kind, and each kind a way out.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Final

from ..registry import CODECS
from .formats import codec, known_suffixes


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of thing that is passed over.

    Attributes
    ----------
    one, many : str
        What messages call one and several of them.
    fix : str
        What a person can do to have their pictures protected; "" where there is nothing to do.
    suffixes : frozenset of str
        In lower case, with the dot; empty for kinds that are told by something else.
    """

    one: str
    many: str
    fix: str = ""
    suffixes: frozenset[str] = frozenset()


def _suffixes(text: str) -> frozenset[str]:
    return frozenset(f".{suffix}" for suffix in text.split())


#: Name in JSON -> kind, in the order in which people read them: what shows a picture first.
KINDS: Final[dict[str, Kind]] = {
    "raw": Kind(
        "camera raw file",
        "camera raw files",
        "develop to JPEG or TIFF; the preview inside is not taken",
        _suffixes(
            "3fr ari arw bay cap cr2 cr3 crw dcr dcs dng drf eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf "
            "pef ptx r3d raf raw rw2 rwl rwz sr2 srf srw x3f"
        ),
    ),
    "multi_picture": Kind(
        "multi-picture file", "multi-picture files", "export each picture as JPEG", _suffixes("mpo jps pns fpx")
    ),
    "other_image": Kind(
        "picture of another format",
        "pictures of other formats",
        "convert to PNG or JPEG",
        _suffixes(
            "ai apng avifs bmp cin cur dds dib dpx emf eps exr gif hdr heics heifs icns ico j2c j2k jfi jls jp2 jpc jpf "
            "jpm jpx jxl jxr kra pam pbm pcx pdn pgm pic pict ppm ps psb psd qoi rgbe sgi svg svgz tga wbmp wdp wmf xbm "
            "xcf xpm"
        ),
    ),
    "misnamed": Kind("photo under another suffix", "photos under other suffixes", "give it its format's suffix"),
    "video": Kind(
        "video",
        "videos",
        "",
        _suffixes(
            "3g2 3gp asf avi braw dv f4v flv insv lrv m2t m2ts m2v m4v mkv mov mp4 mpe mpeg mpg mpv mts mxf ogv ts vob "
            "webm wmv"
        ),
    ),
    "audio": Kind("sound file", "sound files", "", _suffixes("aac aif aiff amr caf flac m4a mp3 oga ogg opus wav wma")),
    "document": Kind(
        "document",
        "documents",
        "export its pictures",
        _suffixes("doc docx epub indd key numbers odp ods odt pages pdf ppt pptx rtf xls xlsx"),
    ),
    "archive": Kind("packed archive", "packed archives", "unpack it", _suffixes("7z bz2 gz rar tar tgz xz zip zst")),
    "sidecar": Kind(
        "sidecar file",
        "sidecar files",
        "",
        _suffixes("aae arp cos cosessiondb dop dxo nksc on1 pp3 rpp thm vrd xmp"),
    ),
    "link_outside": Kind("link to outside the input", "links to outside the input", "give its target as an input"),
    "hidden": Kind("hidden file", "hidden files"),
    "housekeeping_folder": Kind(
        "trash, thumbnail or hidden folder", "trash, thumbnail or hidden folders", "--all-folders takes them"
    ),
    "protected_folder": Kind(
        "folder of protected photos", "folders of protected photos", "give it as an input to protect it again"
    ),
    "unreadable_folder": Kind("folder that cannot be read", "folders that cannot be read", "allow reading it"),
    "other": Kind("other file", "other files"),
}

_BY_SUFFIX: Final = {suffix: name for name, kind in KINDS.items() for suffix in kind.suffixes}

#: Folders in which programs keep trash, thumbnails, snapshots and older versions, in lower case; ``*`` stands for any
#: text. Choice: each folder whose name begins with a dot is among them, as hidden files are.
HOUSEKEEPING_FOLDERS: Final = (
    ".*",
    "@eadir",
    "@recycle",
    "@recently-snapshot",
    "@tmp",
    "@sharebin",
    "@__thumb",
    "#recycle",
    "#snapshot",
    "$recycle.bin",
    "recycler",
    "recycled",
    "system volume information",
    "lost+found",
    "found.[0-9][0-9][0-9]",
    "__macosx",
    "lost.dir",
    "*.lrdata",
    "*.cocatalogdb",
    "*.ithmb",
    "~snapshot",
)

_SNIFFED: Final = 64  #: bytes in which every format's magic stands


def is_housekeeping(folder: str) -> bool:
    """Return whether a folder of this name is passed over unless all folders are asked for."""
    name = folder.lower()
    return any(fnmatchcase(name, pattern) for pattern in HOUSEKEEPING_FOLDERS)


def kind_of_file(path: Path) -> str | None:
    """Name the kind of a file that is passed over, by its name and, where the suffix is unknown, its first bytes.

    Parameters
    ----------
    path : Path
        The file.

    Returns
    -------
    str or None
        A key of ``KINDS``; None for a file whose suffix is a photo's.
    """
    if path.name.startswith("."):
        return "hidden"
    suffix = PurePath(path.name).suffix.lower()
    if suffix in known_suffixes():
        return None
    known = _BY_SUFFIX.get(suffix)
    if known is not None:
        return known
    return "misnamed" if _holds_photo(path) else "other"


def _holds_photo(path: Path) -> bool:
    """Return whether a regular file begins as a photo does. Anything else is not opened: a pipe would wait for ever."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return False
        with open(path, "rb") as file:
            head = file.read(_SNIFFED)
    except OSError:
        return False
    return any(codec(name).matches(head) for name in CODECS)
