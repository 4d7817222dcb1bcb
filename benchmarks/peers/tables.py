"""Formats the rows of ``attacks.py`` as Markdown: every contender, and one line a network and batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]


def full(rows: Sequence[Row]) -> str:
    """Return all rows, each row's speed also relative to the fastest peer as shipped, and as tuned, of its network and batch."""
    head = (
        "network | batch | contender | precision | photos/s | spread | x shipped | x tuned | success | cosine | of peak"
    )
    return _markdown(head.split(" | "), map(list, _full(rows)))


def brief(rows: Sequence[Row]) -> str:
    """Return the fastest peers, and our engines with their ratios to them."""
    ours = list(dict.fromkeys((row["contender"], row["precision"]) for row in rows if row["form"] == "ours"))
    head = ["network", "batch", "fastest as shipped", "fastest tuned", *(name for name, _ in ours)]
    return _markdown(head, (_brief(same, ours) for same in _cases(rows)))


def _cases(rows: Sequence[Row]) -> Iterator[list[Row]]:
    for case in dict.fromkeys((row["network"], row["batch"]) for row in rows):
        yield [row for row in rows if (row["network"], row["batch"]) == case]


def _fastest(rows: Sequence[Row], form: str) -> Row | None:
    found = [row for row in rows if row["form"].startswith(form)]
    return max(found, key=lambda row: row["photos_per_second"], default=None)


def _ratio(row: Row, other: Row | None) -> str:
    return f"{row['photos_per_second'] / other['photos_per_second']:.2f}" if other else "-"


def _full(rows: Sequence[Row]) -> Iterator[Sequence[str]]:
    for same in _cases(rows):
        shipped, tuned = _fastest(same, "as shipped"), _fastest(same, "tuned")
        for row in same:
            yield (
                row["network"],
                str(row["batch"]),
                row["contender"],
                row["precision"],
                f"{row['photos_per_second']:.2f}",
                f"{row['spread']:.0%}" if row["photos"] > row["batch"] else "-",  # one round has none
                _ratio(row, shipped),
                _ratio(row, tuned),
                f"{row['success']:.1%} of {row['photos']}",
                f"{row['cosine']:.4f}",
                f"{row['share_of_peak']:.0%}",
            )


def _brief(same: Sequence[Row], ours: Sequence[tuple[str, str]]) -> list[str]:
    shipped, tuned = _fastest(same, "as shipped"), _fastest(same, "tuned")
    cells = [same[0]["network"], str(same[0]["batch"])]
    cells += [f"{peer['contender']}: {peer['photos_per_second']:.2f}" if peer else "-" for peer in (shipped, tuned)]
    for wanted in ours:
        row = next((row for row in same if (row["contender"], row["precision"]) == wanted), None)
        if row is None:
            cells.append("-")
        else:
            cells.append(f"{row['photos_per_second']:.2f} (x{_ratio(row, shipped)}, x{_ratio(row, tuned)})")
    return cells


def _markdown(head: Sequence[str], rows: Iterator[list[str]]) -> str:
    lines = [list(head), ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
