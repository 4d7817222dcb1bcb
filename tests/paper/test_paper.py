"""The paper's experiment on real photos and real networks: the table says what the saved files say."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.models import Store, load_classifier
from pixelpriv_fast.paper import cases, paper_cases, prepare, run5_labels, sweep
from pixelpriv_fast.protection.recipes import PAPER_RUNS, Recipe
from tests.cli.test_protect import pixelpriv


@pytest.fixture(scope="module")
def sun(photos: Path, data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Four labelled photos, the last of which the classifier gets wrong, and their labels."""
    folder = tmp_path_factory.mktemp("sun")
    with open(data / "labels" / "sun_places365.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    right = [row for row in rows if row["squeezenet_correct"] == "1"][::150][:3]
    wrong = [row for row in rows if row["squeezenet_correct"] == "0"][:1]
    lines = ["file,index"]
    (folder / "in").mkdir()
    for row in right + wrong:
        name = row["file"].replace("/", "_")
        (folder / "in" / name).write_bytes((photos / "sun" / row["file"]).read_bytes())
        lines.append(f"{name},{row['accepted_indices']}")
    (folder / "labels.csv").write_text("\r\n".join(lines), encoding="utf-8-sig")
    return folder / "in", folder / "labels.csv"


@pytest.fixture(scope="module")
def full_store(evaluation_store: Path, data: Path) -> Path:
    Store(evaluation_store, environment={}).import_model("cartoongan_hayao", data / "weights" / "cartoongan_hayao.npz")
    return evaluation_store


def test_the_five_runs(sun: tuple[Path, Path], full_store: Path, tmp_path: Path) -> None:
    images, labels = sun
    done = pixelpriv(
        "paper", images, "--labels", labels, "--out", tmp_path, "--classifier", "squeezenet_places365", "--photos", 1,
        "--json", "--device", "cpu", models=full_store,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    table = json.loads((tmp_path / "table1.json").read_text())
    assert json.loads(done.stdout) == table
    assert (table["images"], table["skipped"]) == (3, 1)
    assert table["original"]["top1_accuracy"] == 1.0
    assert [run["run"] for run in table["runs"]] == [1, 2, 3, 4, 5]
    words = ["cartoon+least_likely", "cartoon+pgd", "contrast+least_likely", "p_fgsm"]
    words.append("euclidean(k=100,rule=until_success,margin=none)")
    assert [run["recipe"] for run in table["runs"]] == words
    assert table["runs"][1]["paper"] == {"top1_accuracy": 0.14, "nima": 4.77}
    judge = load_classifier("squeezenet_places365", full_store, "cpu")
    accepted = {
        row[0]: set(map(int, row[1].split()))
        for row in csv.reader(labels.read_text(encoding="utf-8-sig").splitlines())
        if row[1] != "index"
    }
    for run in table["runs"]:
        files = sorted((tmp_path / f"run{run['run']}").iterdir())
        assert len(files) == 3
        tops = judge([np.asarray(Image.open(file)) for file in files]).argmax(1)
        hits = [int(top) in accepted[file.with_suffix(".jpg").name] for file, top in zip(files, tops, strict=True)]
        assert run["top1_accuracy"] == pytest.approx(np.mean(hits))
        assert 1 < run["nima"] < 10
        assert run["seconds_per_image"] > 0
    assert all(run["top1_accuracy"] == 0 for run in table["runs"][:4])
    recipes = json.loads((tmp_path / "recipes.json").read_text())
    assert recipes["runs"]["run4"]["attack"]["epsilon"] == pytest.approx(8 / 255)
    assert recipes["runs"]["run5"]["attack"]["k"] == 100
    assert len(list(csv.DictReader((tmp_path / "table1.csv").read_text().splitlines()))) == 6
    for figure in ("figure1.png", "scatter.png"):
        with Image.open(tmp_path / figure) as image:
            assert image.width > 400


def test_the_experiment_repeats_to_the_byte(sun: tuple[Path, Path], full_store: Path, tmp_path: Path) -> None:
    images, labels = sun
    for name in ("one", "two"):
        experiment = prepare(
            images,
            labels,
            tmp_path / name,
            classifier="squeezenet_places365",
            models=full_store,
            device="cpu",
            say=print,
        )
        experiment.items = experiment.items[:1]
        experiment.run(paper_cases([4])[0], print)
    first, second = (sorted((tmp_path / name).rglob("*.png")) for name in ("one", "two"))
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]
    assert len(first) == 1


def test_runs_are_the_papers() -> None:
    epsilons = [getattr(run.attack, "epsilon", None) for run in PAPER_RUNS]
    assert epsilons == pytest.approx([8 / 255, 2 / 255, 8 / 255, 8 / 255, None])
    assert PAPER_RUNS[3].attack.sigma == 0.99
    assert (PAPER_RUNS[4].attack.degrees, PAPER_RUNS[4].attack.shift_x, PAPER_RUNS[4].attack.fill) == (20, 0.2, 0)


def test_sweeps_and_ablations(tmp_path: Path) -> None:
    swept = sweep(paper_cases([2, 5]), "epsilon=2,4")
    assert [case.name for case in swept] == ["run2_epsilon2", "run2_epsilon4"]
    assert [round(case.recipe.attack.epsilon * 255) for case in swept] == [2, 4]
    assert all(case.run is None for case in swept)
    for text in ("epsilon=", "sigma=1", "epsilon=0", "epsilon=2.5"):
        with pytest.raises(UsageError, match="cannot sweep"):
            sweep(paper_cases([2]), text)
    names = [case.name for case in cases.ablations(Store(tmp_path, environment={}))]
    assert names == ["only_contrast", "only_least_likely", "only_pgd"]
    with pytest.raises(UsageError, match="no run 6"):
        paper_cases([6])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda text: text.splitlines()[0], "names no photo"),
        (lambda text: text + "\nmissing.jpg,3", "that are not there: missing.jpg"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "have no label"),
        (lambda text: text + "\nx.jpg,365", "outside 0..364"),
    ],
)
def test_bad_labels_end_before_work(
    sun: tuple[Path, Path], places_store: Path, tmp_path: Path, edit: object, message: str
) -> None:
    images, labels = sun
    bad = tmp_path / "bad.csv"
    bad.write_text(edit(labels.read_text(encoding="utf-8-sig")))  # type: ignore[operator]
    with pytest.raises(UsageError, match=message):
        prepare(
            images,
            bad,
            tmp_path / "out",
            classifier="squeezenet_places365",
            models=places_store,
            device="cpu",
            say=print,
        )
    assert not (tmp_path / "out").exists()


def test_run_5_is_limited_to_the_tasks_60_photos(sun: tuple[Path, Path], places_store: Path, tmp_path: Path) -> None:
    images, labels = sun
    lines = labels.read_text(encoding="utf-8-sig").splitlines()[1:]
    task, manual = tmp_path / "MEPP19test_labelled.csv", tmp_path / "MEPP19test_manual.csv"
    task.write_text("\n".join(lines))
    assert run5_labels(task) is None, "no list of 60 beside it"
    manual.write_text(lines[1])
    assert run5_labels(task) == manual
    assert run5_labels(labels) is None, "not the task's list"
    assert run5_labels(manual) is None
    experiment = prepare(
        images,
        task,
        tmp_path / "out",
        classifier="squeezenet_places365",
        models=places_store,
        device="cpu",
        run5_labels=manual,
        say=print,
    )
    case = cases.ExperimentCase("run5", Recipe.parse("euclidean").with_attack(k=1), 5)
    assert experiment.run(case, print).images == 1
    assert [path.stem for path in (tmp_path / "out" / "run5").iterdir()] == [Path(lines[1].split(",")[0]).stem]
