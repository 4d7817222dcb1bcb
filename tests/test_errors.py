"""How other programs' errors are quoted."""

from __future__ import annotations

from pixelpriv_fast.errors import one_line


def test_an_error_becomes_one_line_of_bounded_length() -> None:
    error = ValueError("first line\n\tsecond   line\r\n")
    assert one_line(error) == "first line second line"
    assert one_line(error, 5) == "first"
    assert len(one_line("x" * 1000)) == 300
    assert len(one_line("x" * 1000, None)) == 1000
