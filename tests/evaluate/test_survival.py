"""What protected files survive: counted by the tests' own reading of each treated photo, and as lines."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.evaluate import PairMeasurement, SurvivalTotals, prepare, still_read, survival_lines
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.types import Survival
from tests.archive.tiny import tiny_classifier
from tests.cli.test_protect import pixelpriv
from tests.scenes import encoded, scene

NAMES = [treatment.name for treatment in SHARING.treatments]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Nine photos, their "protected" files and labels: four are hardly changed, the others are other photos."""
    root = tmp_path_factory.mktemp("evaluate")
    (root / "in").mkdir()
    (root / "out").mkdir()
    lines = ["file,index"]
    for n in range(9):
        before = scene(60 + n, 80, n)
        after = scene(60 + n, 80, n + 50) if n % 2 else np.clip(before.astype(np.int16) + n, 0, 255).astype(np.uint8)
        (root / "in" / f"{n}.png").write_bytes(encoded(before))
        (root / "out" / f"{n}.png").write_bytes(encoded(after))
        lines.append(f"{n}.png,{n % 3} 7")
    (root / "labels.csv").write_text("\n".join(lines))
    return root / "in", root / "out", root / "labels.csv"


def expected(folders: tuple[Path, Path, Path], classifier: Path) -> tuple[dict[str, list[int]], int]:
    """Of each treatment [read, of, unread], and the number of photos that survive all, one photo after the other."""
    judge = load_classifier(str(classifier), None, "cpu")

    def top1(pixels: np.ndarray) -> int:
        return int(judge([pixels])[0].argmax())

    counts, complete = {name: [0, 0, 0] for name in NAMES}, 0
    for n in range(9):
        original, result = (np.asarray(Image.open(folders[side] / f"{n}.png")) for side in (0, 1))
        hidden, read = {n % 3, 7, top1(original)}, 0
        for treatment in SHARING.treatments:
            known, again = (top1(treatment.treated(photo)) in hidden for photo in (original, result))
            seen = counts[treatment.name]
            seen[1 if known else 2] += 1
            seen[0] += known and again
            read += known and again
        complete += not read
    return counts, complete


def test_counts_what_treated_files_show(folders: tuple[Path, Path, Path], classifier: Path) -> None:
    counts, complete = expected(folders, classifier)
    run = prepare(*folders, classifier=str(classifier), metrics=["psnr"], device="cpu", survival=True)
    rows = list(run.rows())
    record = run.record()["survival"]
    assert (record["panel"], record["photos"]) == ("sharing", 9)
    assert record["survived_all"] == pytest.approx(complete / 9)
    assert 0 < complete < 9, "both kinds must be among the photos"
    assert list(record["treatments"]) == NAMES
    for name, (read, of, unread) in counts.items():
        assert record["treatments"][name] == {"read": read, "of": of, "unread": unread, "not_applied": 0}
    assert all(isinstance(row, PairMeasurement) and row.survival is not None for row in rows)


def test_it_is_measured_where_it_is_asked(folders: tuple[Path, Path, Path], classifier: Path) -> None:
    run = prepare(*folders, classifier=str(classifier), metrics=["psnr"], device="cpu")
    assert all(isinstance(row, PairMeasurement) and row.survival is None for row in run.rows())
    assert "survival" not in run.record()


def test_what_says_nothing_is_no_success() -> None:
    totals = SurvivalTotals(SHARING)
    assert totals.record()["survived_all"] is None
    assert survival_lines(totals.record()) == ["survival, panel sharing: no photo"]
    totals.add(Survival("sharing", 12, 12, unread=("message",)))
    totals.add(Survival("sharing", 10, 11, failed=("feed",), unread=("message",), not_applied=("webp 80",)))
    record = totals.record()
    assert record["survived_all"] == 0.5
    assert record["treatments"]["message"] == {"read": 0, "of": 0, "unread": 2, "not_applied": 0}
    assert record["treatments"]["webp 80"] == {"read": 0, "of": 1, "unread": 0, "not_applied": 1}
    shares = still_read(record)
    assert "message" not in shares, "no photo tells"
    assert (shares["feed"], shares["jpeg 90"]) == (0.5, 0.0)
    headline, _, *lines = survival_lines(record)
    assert headline == "50.00% of 2 photos survive all treatments of the panel sharing"
    cells = {line[:10].strip(): line[10:].split() for line in lines}
    assert (cells["message"], cells["feed"]) == (["-", "0", "2", "0"], ["50.00%", "2", "0", "0"])
    assert cells["webp 80"] == ["0.00%", "1", "0", "1"]


def test_the_command_and_its_table(folders: tuple[Path, Path, Path], classifier: Path, tmp_path: Path) -> None:
    originals, protected, labels = folders
    words = ("evaluate", originals, protected, "--labels", labels, "--classifier", classifier, "--device", "cpu")
    done = pixelpriv(*words, "--metrics", "psnr", "--survival", "--csv", tmp_path / "t.csv", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)["survival"]
    rows = list(csv.DictReader((tmp_path / "t.csv").read_text().splitlines()))
    assert sum(row["survival_failed"] == "" for row in rows) == round(9 * record["survived_all"])
    for name, counts in record["treatments"].items():
        failed, unread = (
            sum(name in row[f"survival_{word}"].split("; ") for row in rows) for word in ("failed", "unread")
        )
        assert (failed, unread) == (counts["read"], counts["unread"])
