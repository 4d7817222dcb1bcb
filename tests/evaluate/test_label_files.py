"""Label files as they really come: BOM, CRLF, quotes, headers, several accepted indices; and each kind of mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.evaluate.label_files import accepted_for, labels_for, read_labels


def write(folder: Path, data: bytes) -> Path:
    path = folder / "labels.csv"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "data",
    [
        b"a.jpg,3\nb/c.png,4 5\n",
        b"\xef\xbb\xbfa.jpg,3\r\nb/c.png,4 5\r\n",
        b'file,index\n"a.jpg","3"\n\n"b/c.png","4 5"\n',
        b"file,accepted_indices,more\na.jpg,3,x\nb\\c.png,4  5,y",
    ],
)
def test_reads_every_dialect(tmp_path: Path, data: bytes) -> None:
    assert read_labels(write(tmp_path, data), 365) == {"a.jpg": (3,), "b/c.png": (4, 5)}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a.jpg,365\n", "line 1: class index 365 of a.jpg is outside 0..364"),
        (b"a.jpg,-1\n", "index -1"),
        (b"x,1\na.jpg\n", "line 2: 'a.jpg'"),
        (b"x,1\na.jpg,cat\n", "whole-number"),
        (b"a.jpg,1\na.jpg,2\n", "already labelled"),
        (b"file,index\n", "names no photo"),
        (b"\xff\xfe\x00", "cannot be read"),
    ],
)
def test_refuses_with_line_and_value(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")):
        read_labels(write(tmp_path, data), 365)


def test_names_photos_without_labels_and_labels_without_photos() -> None:
    labels = {"a.jpg": (1,), "b.jpg": (2,)}
    assert labels_for(["x/a.jpg", "b.jpg"], labels, Path("l.csv")) == {"x/a.jpg": (1,), "b.jpg": (2,)}
    with pytest.raises(UsageError, match=r"1 photo.*no label.*c\.jpg"):
        labels_for(["a.jpg", "b.jpg", "c.jpg"], labels, Path("l.csv"))
    with pytest.raises(UsageError, match=r"labels 1 photo.*b\.jpg"):
        labels_for(["a.jpg"], labels, Path("l.csv"))


def test_photos_without_labels_may_be_left_out() -> None:
    labels = {"a.jpg": (1,), "y/b.jpg": (2,), "gone.jpg": (3,)}
    assert accepted_for(["x/a.jpg", "y/b.jpg", "z/b.jpg", "c.jpg"], labels) == {"x/a.jpg": (1,), "y/b.jpg": (2,)}


def test_reads_the_task_files(data: Path) -> None:
    manual = read_labels(data / "labels" / "MEPP19test_manual.csv", 365)
    labelled = read_labels(data / "labels" / "MEPP19test_labelled.csv", 365)
    assert (len(manual), len(labelled)) == (60, 600)
    assert all(labelled[name] == indices for name, indices in manual.items())
    with pytest.raises(UsageError, match="expected file,index"):
        read_labels(data / "labels" / "MEPP19test.csv", 365)


@pytest.mark.parametrize(
    "text",
    [
        "file;label\na.jpg;3\nb.jpg;4 5\n",
        "a.jpg\t3\nb.jpg\t4 5\n",
        "sep=;\nfile;label\na.jpg;3\nb.jpg;4 5\n",
        "# scenes of the holiday\na.jpg,3\nb.jpg,4 5\n",
        "./a.jpg,3\n./b.jpg,4 5\n",
        "file,label\na.jpg,3.0\nb.jpg,4.0 5\n",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_tables_as_spreadsheets_write_them(tmp_path: Path, text: str, encoding: str) -> None:
    assert read_labels(write(tmp_path, text.encode(encoding)), 365) == {"a.jpg": (3,), "b.jpg": (4, 5)}


def test_turned_columns_and_other_case_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the other way round"):
        read_labels(write(tmp_path, b"3,a.jpg\n4,b.jpg\n"), 365)
    with pytest.raises(UsageError, match=r"it labels A\.JPG, which differs in case"):
        labels_for(["a.jpg"], {"A.JPG": (1,)}, Path("l.csv"))
    with pytest.raises(UsageError, match="expected file,index"):
        read_labels(write(tmp_path, b"a.jpg,3.5\n"), 365)
