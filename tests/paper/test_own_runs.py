"""Recipes beside the paper's runs: how they are listed, where they are written, and what they survive."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.evaluate import prepare as evaluation_of
from pixelpriv_fast.models import Store
from pixelpriv_fast.paper import ablations, cases_of, conduct, prepare, sweep
from pixelpriv_fast.protection.recipes import PAPER_RUNS
from tests.archive.tiny import tiny_classifier
from tests.cli.test_protect import pixelpriv
from tests.scenes import encoded, scene


def test_a_list_names_numbers_and_recipes() -> None:
    cases = cases_of("pgd, 3,least_likely(epsilon=4/255, steps=8),1,3,pgd,contrast(k=4)+least_likely")
    assert [(case.run, case.name, case.own) for case in cases] == [
        (3, "run3", False),
        (1, "run1", False),
        (None, "pgd", True),
        (None, "least_likely_epsilon_4_255_steps_8", True),
        (None, "contrast_k_4_+least_likely", True),
    ]
    assert [case.recipe.word for case in cases[3:]] == [
        "least_likely(epsilon=4/255,steps=8)",
        "contrast(k=4)+least_likely",
    ]
    assert [case.recipe for case in cases_of("1,2,3,4,5")] == list(PAPER_RUNS)
    assert not any(case.own for case in [*sweep(cases, "epsilon=2"), *ablations(Store())])


def test_folders_of_two_recipes_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pixelpriv_fast.paper.cases._LONGEST", 12)
    cases = cases_of("least_likely(steps=8),least_likely(steps=9),least_likely")
    assert [case.name for case in cases] == ["least_likely", "least_likely_2", "least_likely_3"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1,robst", "unknown recipe 'robst'"),
        ("6", "no run 6"),
        (" , ", "names no run"),
        ("1,pgd(steps=20", "a bracket is not closed"),
        ("pgd(steps=20,1", "a bracket is not closed"),
        ("1;2", "unknown recipe '1;2'"),
    ],
)
def test_what_is_no_list_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cases_of(text)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Path]:
    """Four photos, labels, and a classifier."""
    root = tmp_path_factory.mktemp("paper")
    (root / "in").mkdir()
    for n in range(4):
        (root / "in" / f"{n}.png").write_bytes(encoded(scene(60, 80 + n, n)))
    (root / "labels.csv").write_text("".join(f"{n}.png,{n}\n" for n in range(4)))
    return root / "in", root / "labels.csv", tiny_classifier(root)


def measured(photos: tuple[Path, Path, Path], out: Path, **options: Any) -> dict[str, Any]:
    images, labels, classifier = photos
    options |= {"classifier": str(classifier), "device": "cpu", "engine": "onnx", "keep_misclassified": True}
    experiment = prepare(images, labels, out, say=print, **options)
    table, whole = conduct(experiment, cases_of("4,least_likely(steps=2),pgd"), 2, print, print)
    assert whole
    assert json.loads((out / "table1.json").read_text()) == table
    return table


def test_own_rows_stand_below_the_papers_with_what_they_survive(
    photos: tuple[Path, Path, Path], tmp_path: Path
) -> None:
    table = measured(photos, tmp_path, panel=SHARING)
    assert [(line["run"], line["recipe"]) for line in table["runs"]] == [
        (4, "p_fgsm"),
        (None, "least_likely(steps=2)"),
        (None, "pgd"),
    ]
    assert ["paper" in line for line in table["runs"]] == [True, False, False]
    assert table["others"] == []
    folders = ("run4", "least_likely_steps_2", "pgd")
    for line, folder in zip(table["runs"], folders, strict=True):
        assert len(list((tmp_path / folder).iterdir())) == 4
        again = evaluation_of(
            photos[0], tmp_path / folder, photos[1], classifier=str(photos[2]), metrics=["psnr"], device="cpu", survival=True
        )  # fmt: skip
        list(again.rows())
        assert line["survival"] == again.record()["survival"], "as evaluate finds it"

    rows = list(csv.DictReader((tmp_path / "table1.csv").read_text().splitlines()))
    assert [row["run"] for row in rows] == ["original", "4", "", ""]
    for row, line in zip(rows[1:], table["runs"], strict=True):
        shares = [n["read"] / n["of"] for n in line["survival"]["treatments"].values() if n["of"]]
        assert float(row["survived_all"]) == line["survival"]["survived_all"]
        assert float(row["still_read_mean"]) == pytest.approx(sum(shares) / len(shares))
        assert float(row["still_read_worst"]) == max(shares)
    heads, rule, *lines = (tmp_path / "table1.md").read_text().splitlines()[2:]
    assert len({line.count("|") for line in (heads, rule, *lines)}) == 1
    assert "survive all" in heads
    assert lines[2].startswith("| - | least_likely(steps=2) |")
    assert lines[2].endswith(f" {100 * float(rows[2]['still_read_worst']):.1f} % |")
    with Image.open(tmp_path / "figure1.png") as figure:
        assert figure.width > 1000, "the original and three runs"


def test_without_survival_the_table_is_as_before(photos: tuple[Path, Path, Path], tmp_path: Path) -> None:
    table = measured(photos, tmp_path)
    assert not any("survival" in line for line in table["runs"])
    assert "surviv" not in (tmp_path / "table1.md").read_text()
    assert "surviv" not in (tmp_path / "table1.csv").read_text().splitlines()[0]


def test_the_command(photos: tuple[Path, Path, Path], tmp_path: Path) -> None:
    images, labels, classifier = photos
    done = pixelpriv(
        "paper", images, "--labels", labels, "--out", tmp_path / "out", "--classifier", classifier, "--device", "cpu",
        "--engine", "onnx", "--keep-misclassified", "--runs", "4,pgd(epsilon=4/255,steps=2)", "--survival", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (paper, own) = json.loads(done.stdout)["runs"]
    assert (paper["run"], own["run"], own["recipe"]) == (4, None, "pgd(epsilon=4/255,steps=2)")
    assert own["survival"]["photos"] == 4
    wrong = pixelpriv(
        "paper", images, "--labels", labels, "--out", tmp_path / "no", "--classifier", classifier, "--runs", "1,pdg"
    )  # fmt: skip
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "pgd" in wrong.stderr
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize(("words", "asked"), [([], True), (["--no-survival"], False)])
def test_survival_is_measured_where_an_attack_works_towards_it(
    photos: tuple[Path, Path, Path], tmp_path: Path, words: list[str], asked: bool
) -> None:
    images, labels, classifier = photos
    done = pixelpriv(
        "paper", images, "--labels", labels, "--out", tmp_path, "--classifier", classifier, "--device", "cpu", "--engine",
        "onnx", "--keep-misclassified", "--runs", "4,robust(steps=1,rounds=1)", "--json", *words,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert ["survival" in line for line in json.loads(done.stdout)["runs"]] == [asked, asked]
