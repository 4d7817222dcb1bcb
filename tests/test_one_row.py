"""Adding a thing is one file and one row: with one dummy row of every kind, each is found everywhere it should be."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pixelpriv_fast.registry import TABLES
from tests.archive.tiny import fill, tiny_classifier
from tests.conftest import ROOT
from tests.dummy_rows import ROWS


def run(program: str, *arguments: object, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program of the package in a process whose tables have the dummy rows."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | ({"PIXELPRIV_MODELS": str(models)} if models else {})
    words = [sys.executable, "-m", "tests.dummy_rows", program, *map(str, arguments)]
    return subprocess.run(words, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=300, check=False)


def answer(*arguments: object, models: Path | None = None, code: int = 0) -> list[dict[str, Any]]:
    """What ``pixelpriv ... --json`` writes."""
    done = run("pixelpriv", *arguments, "--json", models=models)
    assert done.returncode == code, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def protected(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, Any]]]:
    """A folder of photos protected by dummies alone, and what the command said of them."""
    folder = tmp_path_factory.mktemp("dummies")
    (folder / "in").mkdir()
    fill(folder / "in", 2)
    classifier = tiny_classifier(folder)
    records = answer(
        "protect", folder / "in", folder / "out", "--recipe", "dimmer+nudge", "--classifier", classifier,
        "--engine", "quiet", "--format", "framed", "--device", "cpu", code=0,
    )  # fmt: skip
    return folder, records


def test_there_is_a_dummy_of_every_kind() -> None:
    assert set(ROWS) == set(TABLES)


@pytest.mark.parametrize("kind", [*TABLES, "kernels"])
def test_list_names_the_row(kind: str) -> None:
    name = "halved_sum" if kind == "kernels" else ROWS[kind][0]
    assert name in [row["name"] for row in answer("list", kind)]


def test_recipes_combine_the_new_parts_with_the_others() -> None:
    words = {row["name"] for row in answer("list", "recipes", "--all")}
    assert {"nudge", "contrast+nudge", "dimmer+pgd", "dimmer+nudge"} <= words


def test_the_command_line_offers_the_words() -> None:
    shown = " ".join(run("pixelpriv", "protect", "--help").stdout.split())
    assert "|framed>" in shown
    assert "|quiet>" in shown
    assert "brightness" in run("pixelpriv", "evaluate", "--help").stdout
    refused = run("pixelpriv", "protect", "a", "b", "--format", "framd")
    assert refused.returncode == 2
    assert "did you mean 'framed'" in refused.stderr


def test_photos_are_protected_by_the_new_parts(protected: tuple[Path, list[dict[str, Any]]]) -> None:
    folder, (*records, last) = protected
    assert [record["status"] for record in records] == ["protected"] * 2
    for record in records:
        assert record["recipe"] == "dimmer+nudge"
        assert record["output"].endswith(".framed")
        assert 0 < record["metrics"]["brightness"] < 255
        assert list(record["metrics"]) == [*TABLES["metrics"], "brightness"]
        assert (folder / "out" / record["output"]).read_bytes().startswith(b"FRAMED")
    assert last["summary"]["protected"] == 2


def test_the_report_has_a_column_for_the_metric(protected: tuple[Path, list[dict[str, Any]]]) -> None:
    page = (protected[0] / "out.pixelpriv" / "report.html").read_text(encoding="utf-8")
    assert '{"name":"brightness","title":"Mean level","decimals":1}' in page


def test_evaluate_measures_the_metric(protected: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    folder, records = protected
    labels, table = tmp_path / "labels.csv", tmp_path / "table.csv"
    lines = [f"{record['source']},{record['before']['index']}" for record in records[:-1]]
    labels.write_text("\n".join(lines), encoding="utf-8")
    (record,) = answer(
        "evaluate", folder / "in", folder / "out", "--labels", labels, "--classifier", folder / "tiny0.onnx",
        "--device", "cpu", "--csv", table,
    )  # fmt: skip
    assert 0 < record["metrics"]["brightness"] < 255
    assert 0 < record["original"]["metrics"]["brightness"] < 255
    assert {"brightness", "original_brightness"} < set(table.read_text(encoding="utf-8").splitlines()[0].split(","))


def test_score_and_classify_take_the_words(protected: tuple[Path, list[dict[str, Any]]], tmp_path: Path) -> None:
    folder, records = protected
    file = folder / "out" / records[0]["output"]
    (scored,) = answer("score", file, "--metrics", "brightness")
    assert scored["metrics"]["brightness"] == pytest.approx(records[0]["metrics"]["brightness"])
    done = run("pixelpriv", "classify", file, "--classifier", "dummynet", models=tmp_path)
    assert done.returncode == 4
    assert "dummynet" in done.stderr
    assert "dummynet" in run("pixelpriv", "models", "list", models=tmp_path).stdout


def test_the_papers_table_has_a_column_for_the_metric(monkeypatch: pytest.MonkeyPatch) -> None:
    from pixelpriv_fast.paper import CaseResult, ExperimentCase, tables
    from pixelpriv_fast.protection.recipes import PAPER_RUNS

    name, row = ROWS["metrics"]
    monkeypatch.setitem(TABLES["metrics"]._rows, name, row)
    means = {"psnr": 30.0, name: 101.6}
    result = CaseResult(
        ExperimentCase("run1", PAPER_RUNS[0], 1), 1, 0, 0.0, 0.0, means, {"top1_accuracy": 1.0, "metrics": means}, 1.0
    )
    experiment: Any = SimpleNamespace(classifier=SimpleNamespace(name="tiny"), items=[1], skipped=0, unreadable=0)
    record = tables.as_record(experiment, [result])
    assert record["runs"][0]["brightness"] == record["original"]["brightness"] == 101.6
    assert "brightness" in tables._as_csv(record).splitlines()[0].split(",")
    heading, *_, line = tables._as_markdown(record).splitlines()[2:]
    assert "| Mean level of 255 |" in heading
    assert "| 102 |" in line


def test_the_bench_has_cases_for_every_row() -> None:
    names = {line.split()[0] for line in run("bench", "--list").stdout.splitlines() if line.strip()}
    cases = {
        "kernel/halved_sum",
        "enhancement/dimmer",
        "classifier/dummynet",
        "metric/brightness",
        "codec/framed",
        "channel/inverted",
    }
    assert cases | {"attack/nudge/onnx", "attack/pgd/quiet", "attack/nudge/quiet"} <= names


def test_the_library_has_the_new_parts() -> None:
    code = (
        "from tests.dummy_rows import add_rows; add_rows()\n"
        "import pixelpriv_fast as pp\n"
        "assert pp.attacks.Nudge and pp.enhance.Dimmer and pp.metrics.Brightness and pp.channels.Inverted\n"
        "assert pp.Recipe(pp.enhance.Dimmer(), pp.attacks.Nudge()).word == 'dimmer+nudge'\n"
        "assert pp.Protector('dimmer', panel='darkroom', survival=True).options.panel.name == 'darkroom'\n"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
