"""The report: what stands in the page, in what order, and that a real browser shows it without loading anything."""

from __future__ import annotations

import base64
import html
import io
import json
import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.archive.report import rendering as report
from pixelpriv_fast.archive.report.evidence import MAGNIFIED, SIDE, Evidence, evidence, evidence_of
from pixelpriv_fast.archive.report.pictures import MAX_BYTES
from pixelpriv_fast.archive.report.rendering import ReportRow, render
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.protection.work import Work
from pixelpriv_fast.types import Photo, Verdict
from tests.scenes import scene

SUMMARY = {"protected": 2, "unprotected": 1, "failed": 1, "skipped": 0, "seconds": 1234.5, "device": "a device"}
HOSTILE = "a/</script><img src=x onerror=alert(1)>&amp;.jpg"


def answer(label: str, probability: float) -> dict[str, Any]:
    return {"index": 1, "label": label, "probability": probability, "top5": [[label, probability], ["x", 0.01]]}


def row(source: str, status: str, *, pictures: bool = True) -> ReportRow:
    failed = status == "failed"
    record = {
        "source": source, "output": None if failed else source, "status": status, "reason": "" if not failed else "cut off",
        "recipe": "euclidean", "classifier": "efficientnet_lite0",
        "before": None if failed else answer("beach", 0.9), "after": None if failed else answer("desert", 0.6),
        "linf": None if failed else 8, "metrics": {"psnr": None if failed else 33.0, "ssim": None, "nima": None},
        "seconds": 0.5,
    }  # fmt: skip
    small = scene(96, 128)
    return ReportRow(record, evidence(small, 255 - small, small) if pictures and not failed else None)


ROWS = (row("b.jpg", "protected"), row(HOSTILE, "protected"), row("d.jpg", "unprotected"), row("z.jpg", "failed"))


def data_of(page: bytes) -> Any:
    (found,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page.decode(), re.DOTALL)
    return json.loads(found)


def picture(data: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_what_is_not_protected_comes_first() -> None:
    data = data_of(render(ROWS, SUMMARY))
    assert [photo["source"] for photo in data["photos"]] == ["z.jpg", "d.jpg", HOSTILE, "b.jpg"]
    assert data["summary"]["sentence"] == "4 photos. The last run took 1,234.5 s: a device."
    assert data["omitted"] == ""


def test_pictures_and_rows_stop_at_their_limits_and_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    first = ROWS[2].evidence
    assert first is not None
    monkeypatch.setattr(report, "MAX_BYTES", 2 * first.size + 1)
    data = data_of(render(ROWS, SUMMARY))
    assert [photo["pictures"] is not None for photo in data["photos"]] == [False, True, True, False]
    assert data["omitted"] == "1 photos are listed without their pictures."
    monkeypatch.setattr(report, "MAX_ROWS", 3)
    assert data_of(render(ROWS, SUMMARY))["omitted"] == ("The table stops at 3 of 4 photos; the journal has them all.")


def test_figures_that_json_cannot_hold_are_left_out() -> None:
    record = {**ROWS[0].record, "metrics": {"psnr": float("inf"), "ssim": 1.0, "nima": None}}
    page = render([ReportRow(record)], SUMMARY, ["a note"])
    assert b"Infinity" not in page.split(b"</script>")[0]
    assert data_of(page)["photos"][0]["metrics"] == {"psnr": None, "ssim": 1.0, "nima": None}
    assert data_of(page)["notes"] == ["a note"]


def test_a_name_cannot_leave_its_place() -> None:
    page = render(ROWS, SUMMARY)
    assert page.count(b"<img src=x") == 0
    assert page.count(b"</script>") == 2
    undecodable = render([row("caf\udce9.jpg", "protected", pictures=False)], SUMMARY)
    assert data_of(undecodable)["photos"][0]["source"] == "caf?.jpg"


def test_nothing_is_loaded_from_anywhere() -> None:
    page = render(ROWS, SUMMARY).decode()
    assert "default-src 'none'" in page
    assert set(re.findall(r"https?://[^\s\"']+", page)) <= {"http://www.w3.org/2000/svg"}


def test_the_pictures_show_the_photo_and_its_change() -> None:
    before = scene(480, 640)
    enhanced = np.minimum(before, 215) + 40  # by far more than the attack
    after = enhanced.copy()
    after[:240] = np.where(enhanced[:240] < 128, enhanced[:240] + 8, enhanced[:240] - 8)  # 8 levels in the upper half
    made = evidence(before, after, enhanced)
    pictures = [picture(data) for data in (made.before, made.after, made.difference)]
    assert {p.shape for p in pictures} == {(SIDE * 3 // 4, SIDE, 3)}
    small = np.asarray(Image.fromarray(before).resize((SIDE, SIDE * 3 // 4), Image.Resampling.BOX))
    assert np.abs(pictures[0].astype(float) - small).mean() < 6  # lossy WebP at quality 72
    upper, lower = pictures[2][:90], pictures[2][-90:]
    assert abs(float(upper.mean()) - 8 * MAGNIFIED) < 4
    assert float(lower.mean()) < 4


def test_what_the_attack_changed_is_what_is_magnified() -> None:
    work = Work("x", None)
    original, enhanced = scene(96, 128), 255 - scene(96, 128)
    work.photo, work.enhanced, work.pixels = Photo(original, format="png"), enhanced, enhanced
    for linf, shown in ((8, 0), (0, 255)):  # an attack that changed nothing after all; no attack, but an enhancement
        work.verdict = Verdict(True, (), linf, {}, "file")
        assert abs(float(np.median(picture(evidence_of(work).difference))) - shown) < 30


def test_a_thousand_photos_fit_in_fifty_megabytes() -> None:
    noise = np.random.default_rng(0).bytes(3 * 16_500)  # photos that are hardest to compress: half of them go bare
    large = Evidence(noise[:16_500], noise[16_500:33_000], noise[33_000:])
    page = render([ReportRow(ROWS[0].record, large)] * 1000, {**SUMMARY, "protected": 1000})
    assert 40_000_000 < len(page) < 50_000_000


def test_a_usual_photo_takes_less_than_its_share(photos: Path) -> None:
    made: list[Evidence] = []
    for file in sorted((photos / "kodak").glob("*.png"))[:6]:
        original = np.asarray(Image.open(file).convert("RGB"))
        noise = np.random.default_rng(0).integers(-8, 9, original.shape)
        made.append(evidence(original, np.clip(original + noise, 0, 255).astype(np.uint8), original))
    assert sum(one.size for one in made) / len(made) < MAX_BYTES / 1000


needs_chromium = pytest.mark.skipif(
    shutil.which("chromium") is None, reason="needs Chromium (Debian's package chromium)"
)


def dom(page: bytes, folder: Path, script: str) -> str:
    """What Chromium makes of the page after ``script``."""
    file = folder / "report.html"
    file.write_bytes(page.replace(b"</body>", f"<script>{script}</script></body>".encode()))
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"]
    command += ["--disable-background-networking", "--disable-component-update", f"--user-data-dir={folder / 'user'}"]
    done = subprocess.run(
        [*command, "--dump-dom", file.as_uri()], capture_output=True, text=True, check=False, timeout=300
    )
    assert "<tbody>" in done.stdout, done.stderr[-2000:]
    return done.stdout


def rows_of(drawn: str) -> list[str]:
    body = re.search(r"<tbody>(.*?)</tbody>", drawn, re.DOTALL)
    assert body is not None
    return body.group(1).split("<tr")[1:]


@pytest.mark.slow
@needs_chromium
def test_chromium_draws_it(tmp_path: Path) -> None:
    drawn = dom(render(ROWS, SUMMARY), tmp_path, "document.querySelectorAll('tbody tr')[2].click(); $('next').click();")
    rows = rows_of(drawn)
    assert [("failed" in r, "unprotected" in r) for r in rows] == [(1, 0), (0, 1), (0, 0), (0, 0)]
    assert html.escape(HOSTILE, quote=False) in rows[2]
    first = ROWS[0].evidence
    assert first is not None
    assert base64.b64encode(first.after).decode() in rows[3]
    assert drawn.count("<circle") == 3
    assert '<h2 id="name">b.jpg</h2>' in drawn, "the photo after the one that was opened"
    assert "Survives" not in "".join(re.findall("<thead>.*</thead>", drawn)), "records of before it was asked"
    assert re.search('<select id="survival"[^>]* hidden', drawn)


def surviving(
    source: str, status: str, *failed: str, unread: Sequence[str] = (), missing: Sequence[str] = ()
) -> ReportRow:
    of = len(SHARING.treatments) - len(missing)
    survival = {
        "panel": SHARING.name, "passed": of - len(failed), "of": of,
        "failed": list(failed), "unread": list(unread), "not_applied": list(missing),
    }  # fmt: skip
    return ReportRow({**row(source, status, pictures=False).record, "survival": survival})


SHARED = (
    surviving("all.jpg", "protected", unread=["jpeg 40"], missing=["webp 80"]),
    surviving("not.jpg", "protected", "message", "feed"),
    surviving("weak.jpg", "unprotected", "file"),
    ROWS[0],
    ReportRow({**ROWS[3].record, "survival": None}),
)


@pytest.mark.slow
@needs_chromium
def test_chromium_draws_what_survives(tmp_path: Path) -> None:
    page = render(SHARED, SUMMARY)
    failed, weak, every, old, some = rows_of(dom(page, tmp_path, ""))
    marks = {"passed": "\u25cf", "failed": "\u2715", "unread": "\u25cb", "missing": "\u2013"}
    found = re.findall(r'<span class="mark (\w+)" title="([^":]*): [^"]*">(.)</span>', every)
    assert [name for _, name, _ in found] == [treatment.name for treatment in SHARING.treatments], "the panel's order"
    assert all(marks[what] == drawn for what, _, drawn in found), "a shape for each, not a colour alone"
    assert {name: what for what, name, _ in found if what != "passed"} == {"jpeg 40": "unread", "webp 80": "missing"}
    assert 'aria-label="11 of 11; original unread after: jpeg 40; not applied: webp 80"' in every
    assert 'aria-label="10 of 12; read again after: message, feed"' in some
    assert '<span class="names">message, feed</span>' in some, "what failed is written out"
    assert not [r for r in (failed, old) if 'class="mark ' in r]
    assert 'class="mark failed" title="file: read again"' in weak


@pytest.mark.slow
@needs_chromium
@pytest.mark.parametrize(
    ("survival", "status", "shown"),
    [
        ("all", "", ["all.jpg"]),
        ("not", "", ["weak.jpg", "not.jpg"]),
        ("not", "protected", ["not.jpg"]),
        ("", "protected", ["all.jpg", "b.jpg", "not.jpg"]),
    ],
)
def test_chromium_filters_by_survival_and_status(tmp_path: Path, survival: str, status: str, shown: list[str]) -> None:
    chosen = f"$('status').value = '{status}'; $('survival').value = '{survival}'; $('survival').onchange();"
    drawn = dom(render(SHARED, SUMMARY), tmp_path, chosen)
    assert [re.findall(r'class="name">([^<]*)<', r)[0] for r in rows_of(drawn)] == shown
    assert re.search(r'<p id="legend" class="fine">Survives: 1 of 3 photos', drawn)


def test_the_page_knows_the_order_of_each_panels_treatments() -> None:
    panels = data_of(render(SHARED, SUMMARY))["panels"]
    assert panels[SHARING.name] == [treatment.name for treatment in SHARING.treatments]
