"""From a job to its report: what is kept for it, where it is written, and that it never stands in a photo's way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

import pytest

from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import journal_file
from pixelpriv_fast.archive.report import pictures
from pixelpriv_fast.archive.report import writing as reporting
from pixelpriv_fast.archive.report.writing import Redrawing, is_report, notes_on_bytes
from pixelpriv_fast.archive.verify import Verification
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import StorageError
from tests.archive.report.test_rendering import data_of, picture
from tests.archive.tiny import fill, state_of, tiny_protector, traits


def protect(classifier: Path, source: Path, out: Path, **options: Any) -> Path | None:
    """Runs a job that is to draw a report: where that was written."""
    with open_job(tiny_protector(classifier), out, batch=4, report=True, **options) as job:
        for _ in job.run(plan([source], out)):
            pass
    return job.report


def test_a_report_of_all_runs(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 5)
    (tmp_path / "in" / "broken.jpg").write_bytes(b"no photo")
    out = tmp_path / "out"
    assert protect(classifier, tmp_path / "in", out) == state_of(out) / "report.html"
    fill(tmp_path / "in", 2, first=5)
    assert protect(classifier, tmp_path / "in", out) == state_of(out) / "report.html"
    data = data_of((state_of(out) / "report.html").read_bytes())
    assert [photo["status"] for photo in data["photos"]] == ["failed"] + ["protected"] * 7
    assert (data["summary"]["protected"], data["summary"]["failed"]) == (7, 1)
    assert [photo["pictures"] is None for photo in data["photos"]] == [True] + [False] * 7
    assert data["omitted"] == ""
    assert "no file depends on the other photos" in data["notes"][0]
    assert Verification(out, device="cpu").unknown_files() == []


def test_changed_photos_and_settings_do_not_show_old_pictures(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 1)
    out, (photo,) = tmp_path / "out", [path for path in (tmp_path / "in").rglob("*.*") if path.is_file()]
    protect(classifier, tmp_path / "in", out)
    first = data_of((state_of(out) / "report.html").read_bytes())["photos"][0]["pictures"]
    fill(tmp_path / "other", 1, first=9)
    shutil.copyfile(next((tmp_path / "other").rglob("*.*g")), photo)
    protect(classifier, tmp_path / "in", out)
    second = data_of((state_of(out) / "report.html").read_bytes())["photos"][0]["pictures"]
    assert first["before"] != second["before"]
    with open_job(tiny_protector(classifier, seed=5), out, batch=4) as job:  # without a report: no pictures are made
        list(job.run(plan([tmp_path / "in"], out)))
    protect_again = tiny_protector(classifier, seed=5)
    with open_job(protect_again, out, batch=4, report=True) as job:
        list(job.run(plan([tmp_path / "in"], out)))
    assert data_of((state_of(out) / "report.html").read_bytes())["photos"][0]["pictures"] is None


def test_what_has_its_name_in_the_output_folder_keeps_it(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    (name,) = (tmp_path / "in" / "0").iterdir()
    photo, out = name.rename(tmp_path / "report.html"), tmp_path / "out"
    out.mkdir()
    (out / "report-2.html").write_text("<p>mine")
    for _ in range(2):
        assert protect(classifier, photo, out) == state_of(out) / "report.html"
        assert picture((out / "report.html").read_bytes()).ndim == 3, "a photo's result"
        assert (out / "report-2.html").read_text() == "<p>mine"
    assert is_report(state_of(out) / "report.html")


def test_the_page_says_that_it_shows_the_originals_and_links_to_the_results(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    names = {os.fsdecode(b"caf\xe9 #1.png"), "50% ?.jpg"}
    for path, name in zip(
        sorted(path for path in (tmp_path / "in").rglob("*.*") if path.is_file()), names, strict=True
    ):
        path.rename(path.parent / name)
    for state in (None, tmp_path / "elsewhere" / "state"):
        out = tmp_path / f"a # b {state is None}"
        report = protect(classifier, tmp_path / "in", out, state=state)
        assert report is not None
        page = report.read_bytes()
        assert page.index(b"This page shows the original photos") < page.index(b"<h1>")
        linked = set()
        for photo in data_of(page)["photos"]:
            url = urlsplit(urljoin(report.as_uri(), photo["link"]))
            linked.add(os.fsdecode(unquote_to_bytes(url.path)))
        assert linked == {str(path) for path in out.rglob("*.*") if path.is_file()}


def test_a_report_that_fails_fails_nothing_else(
    classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(tmp_path / "in", 2)
    originals = traits(tmp_path / "in")

    def full(*_: Any) -> None:
        raise StorageError("no space")

    monkeypatch.setattr(reporting, "write_atomic", full)
    assert protect(classifier, tmp_path / "in", tmp_path / "out") is None
    assert "no report: no space" in caplog.text
    monkeypatch.setattr(pictures, "evidence_of", full)
    assert protect(classifier, tmp_path / "in", tmp_path / "more") is None
    assert len(list((tmp_path / "more").rglob("photo*"))) == 2
    assert traits(tmp_path / "in") == originals


def test_damaged_pictures_are_begun_anew(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    out = tmp_path / "out"
    protect(classifier, tmp_path / "in", out)
    store = journal_file(state_of(out)).with_name(pictures.FILE)
    store.write_bytes(b"damaged " * 1000)
    fill(tmp_path / "in", 1, first=2)
    protect(classifier, tmp_path / "in", out)
    shown = [photo["pictures"] is not None for photo in data_of((state_of(out) / "report.html").read_bytes())["photos"]]
    assert sorted(shown) == [False, False, True]


def test_pictures_are_kept_up_to_a_limit(classifier: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pictures, "MAX_BYTES", 1)
    fill(tmp_path / "in", 9)
    out = tmp_path / "out"
    protect(classifier, tmp_path / "in", out)
    store = pictures.Pictures(journal_file(state_of(out)).parent, "")
    assert 0 < store._held[True] < 9 * 2000
    store.close()


def test_a_report_is_drawn_again_when_there_is_something_new_and_not_too_often() -> None:
    done, drawn, now, takes = [0], list[int](), [100.0], [0.0]

    def draw() -> None:
        drawn.append(done[0])
        now[0] += takes[0]

    redraw = Redrawing(draw, lambda: done[0], clock=lambda: now[0])
    redraw.draw_if_due()
    assert drawn == [], "nothing is new"
    done[0] = 1
    redraw.draw_if_due()
    assert drawn == [1]
    done[0] = 2
    redraw.draw_if_due()
    assert drawn == [1], "too soon"
    now[0] += 11
    takes[0] = 3.0
    redraw.draw_if_due()
    redraw.draw_if_due()
    assert drawn == [1, 2]
    done[0] = 3
    for wait, wanted in ((50, [1, 2]), (11, [1, 2, 3])):  # one that took 3 s is left alone for 60
        now[0] += wait
        redraw.draw_if_due()
        assert drawn == wanted


@pytest.mark.parametrize(
    ("repeatable", "batch", "said"),
    [
        (True, 16, "no file depends on the other photos"),
        (False, 16, "cannot promise that a photo gives the same bytes again beside other photos; --deterministic"),
        (True, 1, "(--deterministic): a file depends on its photo and the settings alone"),
        (False, 1, "(--deterministic), because a GPU cannot promise"),
    ],
)
def test_what_is_said_of_equal_bytes(repeatable: bool, batch: int, said: str) -> None:
    (note,) = notes_on_bytes("a GPU", repeatable=repeatable, batch=batch)
    assert said in note
