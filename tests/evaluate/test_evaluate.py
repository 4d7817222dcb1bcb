"""Accuracy and metrics of two folders, checked against a count of the tests' own."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.errors import ModelError, PhotoError, UsageError
from pixelpriv_fast.evaluate import Evaluation, PairMeasurement, prepare
from pixelpriv_fast.evaluate.measuring import hits
from pixelpriv_fast.metrics import NIMA, PSNR, names_in_table_order
from pixelpriv_fast.models import load_classifier
from tests.scenes import encoded, scene

CLASSIFIER = "efficientnet_lite0"


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Nineteen photos (more than one batch) and their "protected" files: other photos, mostly."""
    root = tmp_path_factory.mktemp("evaluate")
    for n in range(19):
        for side, seed, suffix in (("in", n, "png"), ("out", n if n % 3 else n + 50, "webp")):
            path = root / side / f"f{n % 2}" / f"{n}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(encoded(scene(60 + n, 80, seed), "WEBP" if suffix == "webp" else "PNG", **(
                {"lossless": True} if suffix == "webp" else {}
            )))  # fmt: skip
    return root / "in", root / "out"


@pytest.fixture(scope="module")
def answers(folders: tuple[Path, Path], store_folder: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    judge = load_classifier(CLASSIFIER, store_folder, "cpu")
    return {
        path.relative_to(folders[0]).as_posix(): (
            judge([pixels(path)])[0],
            judge([pixels(folders[1] / path.relative_to(folders[0]).with_suffix(".webp"))])[0],
        )
        for path in sorted(folders[0].rglob("*.png"))
    }


@pytest.fixture(scope="module")
def labels(answers: dict[str, tuple[np.ndarray, np.ndarray]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The original's first class for most, its fourth for every fifth (right by the top five only), two for one."""
    path = tmp_path_factory.mktemp("labels") / "labels.csv"
    lines = ["file,index"]
    for n, (name, (before, _)) in enumerate(answers.items()):
        order = np.argsort(-before)
        lines.append(f"{name},{order[3] if n % 5 == 4 else order[0]}{f' {order[-1]}' if n == 7 else ''}")
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def run(
    folders: tuple[Path, Path], labels: Path, store: Path, **options: object
) -> tuple[Evaluation, list[PairMeasurement]]:
    evaluation = prepare(*folders, labels, classifier=CLASSIFIER, models=store, device="cpu", **options)  # type: ignore[arg-type]
    rows = list(evaluation.rows())
    assert all(isinstance(row, PairMeasurement) for row in rows)
    return evaluation, rows  # type: ignore[return-value]


def test_counts_what_the_files_show(
    folders: tuple[Path, Path],
    labels: Path,
    answers: dict[str, tuple[np.ndarray, np.ndarray]],
    store_folder: Path,
) -> None:
    evaluation, rows = run(folders, labels, store_folder, metrics=["psnr", "ssim"])
    with labels.open(encoding="utf-8") as stream:
        accepted = {row["file"]: {int(word) for word in row["index"].split()} for row in csv.DictReader(stream)}
    top1 = [[int(np.argmax(side)) in accepted[name] for side in sides] for name, sides in answers.items()]
    top5 = [[bool(set(np.argsort(-s)[:5].tolist()) & accepted[n]) for s in sides] for n, sides in answers.items()]
    record = evaluation.record()
    assert record["images"] == 19 == len(rows)
    assert record["original"]["top1_accuracy"] == pytest.approx(np.mean(top1, 0)[0])
    assert record["top1_accuracy"] == pytest.approx(np.mean(top1, 0)[1])
    assert record["original"]["top5_accuracy"] == pytest.approx(np.mean(top5, 0)[0]) == 1.0
    assert record["top5_accuracy"] == pytest.approx(np.mean(top5, 0)[1])
    assert record["top1_accuracy"] < record["top5_accuracy"], "or the two were not told apart"
    assert [row.pair.name for row in rows] == list(answers)
    assert (record["missing"], record["failed"], record["classifier"]) == (0, 0, CLASSIFIER)


def test_means_run_over_finite_figures(folders: tuple[Path, Path], labels: Path, store_folder: Path) -> None:
    evaluation, rows = run(folders, labels, store_folder, metrics=["psnr"])
    figures = [PSNR()(pixels(row.pair.protected), pixels(row.pair.original)) for row in rows]
    assert math.inf in figures, "unchanged photos are among them"
    finite = [figure for figure in figures if math.isfinite(figure)]
    assert evaluation.record()["metrics"] == {"psnr": pytest.approx(np.mean(finite))}
    assert evaluation.record()["original"]["metrics"] == {}


def test_nima_of_both_sides_and_the_table(
    folders: tuple[Path, Path], labels: Path, store_folder: Path, nima_store: Path, tmp_path: Path
) -> None:
    (tmp_path / "store").mkdir()
    for file in (store_folder / "efficientnet_lite0.onnx", nima_store / "nima_mobilenet.onnx"):
        (tmp_path / "store" / file.name).symlink_to(file)
    evaluation = prepare(*folders, labels, classifier=CLASSIFIER, models=tmp_path / "store", device="cpu")
    with evaluation.table(tmp_path / "photos.csv") as table:
        rows = [row for row in evaluation.rows() if isinstance(row, PairMeasurement)]
        for row in rows:
            table.add(row)
    metric = NIMA(models=nima_store, device="cpu")
    expected = [metric.scores([pixels(getattr(row.pair, side)) for row in rows]) for side in ("original", "protected")]
    record = evaluation.record()
    assert record["original"]["metrics"]["nima"] == pytest.approx(np.mean(expected[0]), abs=1e-5)
    assert record["metrics"]["nima"] == pytest.approx(np.mean(expected[1]), abs=1e-5)
    assert tuple(record["metrics"]) == tuple(names_in_table_order())
    with (tmp_path / "photos.csv").open(encoding="utf-8", newline="") as stream:
        written = list(csv.DictReader(stream))
    assert [line["file"] for line in written] == [row.pair.name for row in rows]
    assert np.mean([int(line["protected_top1"]) for line in written]) == pytest.approx(record["top1_accuracy"])
    assert float(written[3]["original_nima"]) == pytest.approx(expected[0][3], abs=1e-4)
    assert float(written[3]["nima"]) == pytest.approx(expected[1][3], abs=1e-4)
    assert written[3]["protected_file"].endswith(".webp")


def test_nima_without_its_network_is_null_by_default_and_an_error_by_name(
    folders: tuple[Path, Path], labels: Path, store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    evaluation, _ = run(folders, labels, store_folder)
    assert evaluation.record()["metrics"]["nima"] is None
    assert evaluation.record()["metrics"]["ssim"] is not None
    with pytest.raises(ModelError, match="pixelpriv models fetch nima_mobilenet"):
        prepare(*folders, labels, classifier=CLASSIFIER, models=store_folder, device="cpu", metrics=["nima"])


def test_a_broken_file_stays_alone(
    folders: tuple[Path, Path], labels: Path, store_folder: Path, tmp_path: Path
) -> None:
    originals = tmp_path / "in"
    protected = tmp_path / "out"
    for name in ("f0/0.png", "f0/2.png", "f0/4.png"):
        for root in (originals, protected):
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes((folders[0] / name).read_bytes())
    (protected / "f0/2.png").write_bytes(b"cut")
    (protected / "f0/4.png").write_bytes(encoded(scene(30, 30)))  # another size: no PSNR, but an answer
    file = tmp_path / "labels.csv"
    file.write_text("f0/0.png,1\nf0/2.png,2\nf0/4.png,3\n", encoding="utf-8")
    evaluation = prepare(
        originals, protected, file, classifier=CLASSIFIER, models=store_folder, device="cpu", metrics=["ssim"]
    )
    first, second, third = evaluation.rows()
    assert isinstance(first, PairMeasurement)
    assert first.protected.metrics == {"ssim": 1.0}
    assert isinstance(second, PhotoError)
    assert "2.png" in str(second)
    assert isinstance(third, PairMeasurement)
    assert third.protected.metrics == {"ssim": None}
    assert evaluation.record()["images"] == 2
    assert evaluation.failed == 1
    assert evaluation.record()["metrics"] == {"ssim": 1.0}


def test_a_photo_that_a_metric_cannot_rate_has_no_figure(store_folder: Path, tmp_path: Path) -> None:
    for root in ("in", "out"):
        (tmp_path / root).mkdir()
        (tmp_path / root / "tiny.png").write_bytes(encoded(scene(7, 20)))
        (tmp_path / root / "wide.png").write_bytes(encoded(scene(40, 50)))
    (tmp_path / "labels.csv").write_text("tiny.png,1\nwide.png,2\n", encoding="utf-8")
    folders = tmp_path / "in", tmp_path / "out"
    evaluation, rows = run(folders, tmp_path / "labels.csv", store_folder, metrics=["ssim", "ssimulacra2"])
    assert [row.protected.metrics for row in rows] == [
        {"ssim": 1.0, "ssimulacra2": None},
        {"ssim": 1.0, "ssimulacra2": 100.0},
    ]
    assert evaluation.record()["metrics"] == {"ssim": 1.0, "ssimulacra2": 100.0}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda lines: [*lines, "ghost.png,3"], r"labels 1 photo\(s\) that are not there: ghost\.png"),
        (lambda lines: lines[:-2], r"2 photo\(s\) have no label in .*labels\.csv"),
        (lambda lines: [*lines[:-1], lines[-1].split(",")[0] + ",1000"], r"class index 1000 of .* is outside 0\.\.999"),
        (lambda lines: [*lines[:-1], lines[-1].split(",")[0] + ",-1"], r"class index -1 of .* is outside 0\.\.999"),
    ],
)
def test_labels_that_do_not_fit(
    folders: tuple[Path, Path], labels: Path, store_folder: Path, tmp_path: Path, edit: object, message: str
) -> None:
    wrong = tmp_path / "labels.csv"
    wrong.write_text("\n".join(edit(labels.read_text(encoding="utf-8").splitlines())), encoding="utf-8")  # type: ignore[operator]
    with pytest.raises(UsageError, match=message):
        prepare(*folders, wrong, classifier=CLASSIFIER, models=store_folder, device="cpu")


def test_the_table_never_overwrites_what_is_read(folders: tuple[Path, Path], labels: Path, store_folder: Path) -> None:
    evaluation = prepare(*folders, labels, classifier=CLASSIFIER, models=store_folder, device="cpu", metrics=["psnr"])
    before = labels.read_bytes()
    for path in (labels, evaluation.pairs[0].original):
        with pytest.raises(UsageError, match="one of the files to be read"):
            evaluation.table(path)
    assert labels.read_bytes() == before


def test_hits() -> None:
    logits = np.array([0.0, 5.0, 4.0, 3.0, 2.0, 1.0, -1.0], np.float32)
    assert hits(logits, [1]) == (True, True)
    assert hits(logits, [6, 1]) == (True, True)
    assert hits(logits, [5]) == (False, True)
    assert hits(logits, [0]) == (False, False)
    assert hits(np.zeros(7, np.float32), [0]) == (True, True), "ties go to the lower index"
    with pytest.raises(UsageError, match="at least one"):
        hits(logits, [])


def test_accuracy_of_real_scenes(data: Path, photos: Path, evaluation_store: Path, tmp_path: Path) -> None:
    """The label file says of every photo whether this network is right about it; so does an evaluation."""
    with (data / "labels" / "sun_places365.csv").open(encoding="utf-8-sig", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["file"].startswith("desert/")]
    known = {row["file"].removeprefix("desert/"): row for row in rows}
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(f"{name},{row['accepted_indices']}" for name, row in known.items()), encoding="utf-8")
    folder = photos / "sun" / "desert"
    evaluation = prepare(
        folder, folder, file, classifier="squeezenet_places365", models=evaluation_store, device="cpu", metrics=["nima"]
    )
    seen = {row.pair.name: row.original.top1 for row in evaluation.rows() if isinstance(row, PairMeasurement)}
    right = {name: row["squeezenet_correct"] == "1" for name, row in known.items()}
    assert seen == right
    assert evaluation.record()["top1_accuracy"] == pytest.approx(np.mean(list(right.values())))
    assert 3.0 < evaluation.record()["metrics"]["nima"] < 5.0
