"""Whether every block of a JPEG is there: what libjpeg's warnings leave open, decided to the bit.

A file with stray bytes behind its pixels and one that lost some of its blocks make libjpeg say the same ("extraneous bytes").
Here every scan is read block by block. Data that is short, is not a code, or goes on with further blocks is damage; bytes
that are neither are not the picture's, and are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from ..contract import Damaged, Refused
from .blocks import NO_CODE, Bits, Refining, ac_steps, dc_steps, sequential_block, symbols
from .stream import MAX_STRAY, Component, JpegStream, Scan

_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_MAX_VISITS = 5_000_000  # blocks of all scans together: those of 100 million pixels at 4:4:4, a minute at most
_INTERVAL_VISITS = 20  # what a restart marker costs, in blocks
_MAX_STRAY_PROGRESSIVE = 32
_FILLED = 8  # equal bytes at the end of the pixels that are filler, not pixels
_MAX_FURTHER = 2_000  # units behind the last one that are looked at

#: Takes the data, a bit position and a unit's number (-1 for one behind the last); returns where the unit ends.
_Unit = Callable[[Bits, int, int], int]


def checked(stream: JpegStream) -> JpegStream:
    """Check that the data of every block is there.

    Parameters
    ----------
    stream : JpegStream
        The picture.

    Returns
    -------
    JpegStream
        The same one without bytes that are not the picture's.

    Raises
    ------
    Damaged
        If data is missing, is not a code, or is more than the picture's blocks take.
    Refused
        If that cannot be told, or the channels' sampling cannot be decoded.
    """
    if stream.arithmetic:
        reason = "an arithmetic-coded JPEG of a sampling whose pixels cannot be checked"
        raise Refused(reason, "code it again, without loss, with: jpegtran OLD > NEW")
    across, down = _largest(stream)
    if not all(c.across and c.down for c in stream.channels):
        raise Damaged("a channel has no samples")
    if any(across % c.across or down % c.down for c in stream.channels):
        factors = ", ".join(f"{c.across}x{c.down}" for c in stream.channels)
        raise Refused(f"a JPEG with channels of sizes in odd ratios ({factors})", "export it again as JPEG or PNG")
    blocks = [_blocks(stream, channel) for channel in stream.channels]
    visits = sum(blocks[channel] for scan in stream.scans for channel, _, _ in scan.channels)
    if visits + sum(_INTERVAL_VISITS * scan.data.count(b"\xff") for scan in stream.scans if scan.restart) > _MAX_VISITS:
        reason = "a JPEG of too many scans or restart markers for its size"
        raise Refused(reason, "code it again, without loss, with: jpegtran -restart 0 OLD > NEW")
    refining = [Refining(count if stream.progressive else 0) for count in blocks]
    # Bits of a later scan of a progressive picture fit nearly any values, so that damage there looks like stray bytes.
    stray = (_MAX_STRAY_PROGRESSIVE if stream.progressive else MAX_STRAY) if stream.closed else 0
    return stream.changed(tuple(_checked_scan(stream, scan, refining, stray) for scan in stream.scans))


def _largest(stream: JpegStream) -> tuple[int, int]:
    return max(c.across for c in stream.channels), max(c.down for c in stream.channels)


def _blocks(stream: JpegStream, channel: Component) -> int:
    """Return the number of blocks that a channel has in a scan of its own."""
    across, down = _largest(stream)
    columns = -(-stream.width * channel.across // (8 * across))
    return columns * -(-stream.height * channel.down // (8 * down))


def _units(stream: JpegStream, scan: Scan) -> int:
    if len(scan.channels) == 1:
        return _blocks(stream, stream.channels[scan.channels[0][0]])
    return _blocks(stream, Component(1, 1))


def _checked_scan(stream: JpegStream, scan: Scan, refining: list[Refining], stray: int) -> Scan:
    """Walk the scan's units, interval by interval; return it without the ``stray`` bytes at most that follow."""
    total = _units(stream, scan)
    step = scan.restart or max(1, total)
    unit = _unit(stream, scan, refining)
    start = done = interval = 0
    while True:
        mark = _RESTART.search(scan.data, start)
        end = mark.start() if mark else len(scan.data)
        bits = Bits(scan.data[start:end].rstrip(b"\xff").replace(b"\xff\0", b"\xff"))
        for refiner in refining:
            refiner.to_come = 0
        at = _walk(bits, unit, range(done, min(total, done + step)), total)
        done += step
        if done >= total:
            used = -(-at // 8)
            rest = bits.data[used:] + scan.data[end:]
            if rest and not _is_filler(bits, used, rest):
                if len(rest) > stray:
                    raise Damaged(f"{len(rest):,} bytes behind the picture's last block are not its own")
                _refuse_more(bits, at, unit, refining)
            return replace(scan, data=scan.data[:start] + bits.data[:used].replace(b"\xff", b"\xff\0"))
        if bits.end - at >= 8 or mark is None or scan.data[end + 1] != 0xD0 + interval % 8:
            raise Damaged("the pixels do not fit between their restart markers")
        start = end + 2
        interval += 1


def _walk(bits: Bits, unit: _Unit, numbers: range, total: int) -> int:
    at = 0
    for number in numbers:
        try:
            at = unit(bits, at, number)
        except IndexError:  # beyond the data
            at = bits.end + 1
        if at > bits.end:
            raise Damaged(f"the data ends after {number:,} of the picture's {total:,} parts")
    return at


def _unit(stream: JpegStream, scan: Scan, refining: list[Refining]) -> _Unit:
    """Return the walk over one unit: of all channels of the scan, or one block of its only channel."""
    single = len(scan.channels) == 1
    counts = [1 if single else stream.channels[c].across * stream.channels[c].down for c, _, _ in scan.channels]
    if scan.first:
        if not single:
            raise Damaged("a scan of AC values is of several channels")
        channel, _, ac = scan.channels[0]
        table, band = symbols(_table(scan, 1, ac)), (scan.first, scan.last)
        values = refining[channel].refined if scan.above else refining[channel].first
        return lambda bits, at, number: values(bits, at, number, table, band)
    if scan.above:
        return lambda bits, at, number: at + sum(counts)
    several = zip(counts, scan.channels, strict=True)
    dc = [steps for n, (_, d, _) in several for steps in [dc_steps(_table(scan, 0, d))] * n]
    if stream.progressive:
        return lambda bits, at, number: _dc_unit(bits, at, dc)
    several = zip(counts, scan.channels, strict=True)
    ac_of_block = [steps for n, (_, _, a) in several for steps in [ac_steps(_table(scan, 1, a))] * n]
    pairs = list(zip(dc, ac_of_block, strict=True))
    return lambda bits, at, number: _sequential_unit(bits, at, pairs)


def _table(scan: Scan, kind: int, number: int) -> bytes:
    found = scan.tables.get((kind, number))
    if found is None:
        raise Damaged("a Huffman table is missing")
    return found


def _dc_unit(bits: Bits, at: int, dc: list[list[int]]) -> int:
    windows, base = bits.at(at)
    position = at - base
    for steps in dc:
        step = steps[windows[position]]
        if not step:
            raise Damaged(NO_CODE)
        position += step
    return base + position


def _sequential_unit(bits: Bits, at: int, pairs: list[tuple[list[int], list[int]]]) -> int:
    for dc, ac in pairs:
        at = sequential_block(bits, at, dc, ac)
    return at


def _is_filler(bits: Bits, used: int, rest: bytes) -> bool:
    """Return whether the rest behind the last unit is one value repeated.

    The pixels must not end in it themselves: a download that stopped halfway in a file of zeros has all its blocks, too.
    """
    if rest.count(rest[:1]) < len(rest):
        return False
    if bits.data[max(0, used - _FILLED) : used] == rest[:1] * _FILLED:
        raise Damaged("the picture ends in filler bytes")
    return True


def _refuse_more(bits: Bits, at: int, unit: _Unit, refining: list[Refining]) -> None:
    """Raise ``Damaged`` unless the pixels end in the ones that fill up a byte, and no further blocks follow."""
    if _further(bits, unit, at, refining):
        raise Damaged("there is data for more blocks than the picture has: some were lost before")
    if not _only_ones(bits.data[: -(-at // 8)], -at % 8):
        raise Damaged("the pixels do not end where their data does")


def _only_ones(data: bytes, number: int) -> bool:
    """Return whether the last bits of the data are ones."""
    return not number or (data[-1] + 1) & ((1 << number) - 1) == 0


def _further(bits: Bits, unit: _Unit, at: int, refining: list[Refining]) -> bool:
    """Return whether the bits from ``at`` are whole units up to the very end, or very many of them."""
    try:
        for _ in range(_MAX_FURTHER):
            for refiner in refining:
                refiner.to_come = 0
            at = unit(bits, at, -1)
            left = bits.end - at
            if left < 8:
                return left >= 0 and _only_ones(bits.data, left)
    except (Damaged, IndexError):
        return False
    return True
