"""Photoshop's image resources: blocks of "8BIM", in JPEG's APP13, in TIFF and in PNG's raw profiles."""

from __future__ import annotations

_MARK, _IPTC = b"8BIM", b"\x04\x04"


def iptc_of(resources: bytes) -> bytes | None:
    """Return the IPTC records among image resources; the rest, a thumbnail among them, is not carried.

    Parameters
    ----------
    resources : bytes
        The blocks, without a container's own prefix.

    Returns
    -------
    bytes or None
        The records of the first block that holds some.
    """
    at = 0
    while resources[at : at + 4] == _MARK and at + 12 <= len(resources):
        name = 1 + resources[at + 6]
        start = at + 6 + name + name % 2
        size = int.from_bytes(resources[start : start + 4], "big")
        if resources[at + 4 : at + 6] == _IPTC:
            return resources[start + 4 : start + 4 + size] or None
        at = start + 4 + size + size % 2
    return None


def with_iptc(iptc: bytes) -> bytes:
    """Return image resources that hold IPTC records alone.

    Parameters
    ----------
    iptc : bytes
        The records.

    Returns
    -------
    bytes
        One block, padded to an even length.
    """
    return _MARK + _IPTC + b"\0\0" + len(iptc).to_bytes(4, "big") + iptc + b"\0" * (len(iptc) % 2)
