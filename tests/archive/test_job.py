"""One run over an archive, and the next one: what fails stays with its photo, what is done stays done, what changed is
done again, and nobody's files are touched but our own."""

from __future__ import annotations

import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import reading
from pixelpriv_fast.archive.summary import Summary
from pixelpriv_fast.archive.walk import plan
from tests.archive.tiny import fill, state_of, tiny_classifier, tiny_protector, traits, tree
from tests.scenes import encoded, scene

Run = Callable[..., tuple[list[dict[str, Any]], Summary]]


@pytest.fixture
def run(classifier: Path, tmp_path: Path) -> Run:
    """Protects ``tmp_path/in`` into ``tmp_path/out``: the records and the summary."""

    def go(recipe: str | pp.Recipe = "euclidean", shuffled: bool = False, **options: Any) -> Any:
        job_options = {key: options.pop(key) for key in ("batch", "strict", "resume") if key in options}
        source, out = options.pop("source", tmp_path / "in"), options.pop("out", tmp_path / "out")
        format_name = options.get("encoding", pp.EncodeOptions()).format
        items = plan([source], out, format_name)
        if shuffled:
            random.Random(5).shuffle(items)
        protector = tiny_protector(options.pop("classifier", classifier), recipe, **options)
        with open_job(protector, out, **job_options) as job:
            records = list(job.run(items))
        assert [record["source"] for record in records] == [item.source for item in items]
        return records, job.summary

    return go


def statuses(records: list[dict[str, Any]]) -> list[str]:
    return [record["status"] for record in records]


def test_a_second_run_finds_everything_done(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 8)
    originals = traits(tmp_path / "in")
    first, summary = run()
    assert set(statuses(first)) == {"protected"}
    assert summary.exit_code == 0
    outputs = traits(tmp_path / "out" / "0")
    assert sorted(tree(tmp_path / "out")) == sorted(record["output"] for record in first)
    second, summary = run()
    assert set(statuses(second)) == {"skipped"}
    assert second[0]["reason"] == "done already: protected"
    assert {k: v for k, v in second[0].items() if k not in ("status", "reason")} == {
        k: v for k, v in first[0].items() if k not in ("status", "reason")
    }
    assert summary.exit_code == 0
    assert traits(tmp_path / "out" / "0") == outputs, "not written again"
    assert traits(tmp_path / "in") == originals


def test_bytes_do_not_depend_on_workers_or_order(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 40)
    trees = []
    for number, (workers, shuffled) in enumerate([(1, False), (2, False), (4, False), (2, True)]):
        run(out=tmp_path / f"out{number}", workers=workers, shuffled=shuffled, batch=1 + number)
        trees.append(tree(tmp_path / f"out{number}"))
    assert len(trees[0]) == 40
    assert trees[0] == trees[1] == trees[2] == trees[3]


@pytest.mark.parametrize("change", ["seed", "recipe", "encoding", "classifier", "no-resume"])
def test_other_settings_are_done_again(run: Run, tmp_path: Path, change: str) -> None:
    fill(tmp_path / "in", 3)
    run()
    before = tree(tmp_path / "out")
    options: dict[str, Any] = {
        "seed": {"seed": 1},
        "recipe": {"recipe": pp.Recipe(attack=pp.attacks.Euclidean(degrees=30.0))},
        "encoding": {"encoding": pp.EncodeOptions(metadata="none", quality=80)},
        "classifier": {"classifier": tiny_classifier(tmp_path, seed=1)},
        "no-resume": {"resume": False},
    }[change]
    records, _ = run(**options)
    assert "skipped" not in statuses(records)
    assert (tree(tmp_path / "out") == before) == (change == "no-resume")
    assert set(statuses(run(**{k: v for k, v in options.items() if k != "resume"})[0])) == {"skipped"}


def test_what_changed_is_done_again_and_nothing_else(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 6)
    records, _ = run()
    whole = tree(tmp_path / "out")
    changed, touched, missing, altered = (record["source"] for record in records[:4])
    kept = (tmp_path / "in" / changed).stat()
    (tmp_path / "in" / changed).write_bytes(encoded(scene(44, 44, 99)))
    os.utime(tmp_path / "in" / changed, ns=(kept.st_atime_ns, kept.st_mtime_ns))
    os.utime(tmp_path / "in" / touched)
    (tmp_path / "out" / missing).unlink()
    (tmp_path / "out" / altered).write_bytes(b"x" + whole[altered][1:])
    records, summary = run()
    by_source = {record["source"]: record["status"] for record in records}
    assert [by_source[name] for name in (changed, touched, missing, altered)] == [
        "protected",
        "skipped",
        "protected",
        "protected",
    ]
    assert summary.counts["skipped"] == 3
    now = tree(tmp_path / "out")
    assert now.pop(changed) != whole.pop(changed)
    assert now == whole
    assert run()[1].counts["skipped"] == 6


def test_own_outputs_are_recognised_as_inputs(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    records, _ = run()
    shutil.copy(tmp_path / "out" / records[0]["output"], tmp_path / "in" / "sent back.png")
    again, summary = run()
    (back,) = (record for record in again if record["source"] == "sent back.png")
    assert (back["status"], back["output"]) == ("skipped", None)
    assert back["reason"] == f"is itself the protected file of {records[0]['source']}"
    assert summary.exit_code == 0
    assert not (tmp_path / "out" / "sent back.png").exists()


def test_broken_and_vanished_and_unreadable_photos_fail_alone(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 3)
    (tmp_path / "in" / "cut.jpg").write_bytes(encoded(scene(60, 60), "JPEG")[:500])
    (tmp_path / "in" / "gone.jpg").symlink_to(tmp_path / "in" / "nothing.jpg")
    (tmp_path / "in" / "folder.jpg").mkdir()
    os.mkfifo(tmp_path / "in" / "pipe.jpg")
    records, summary = run()
    failed = {record["source"]: record["reason"] for record in records if record["status"] == "failed"}
    assert set(failed) == {"cut.jpg", "gone.jpg", "pipe.jpg"}
    assert "no such file" in failed["gone.jpg"]
    assert (summary.counts["protected"], summary.exit_code) == (3, 1)
    (tmp_path / "in" / "cut.jpg").write_bytes(encoded(scene(60, 60), "JPEG"))
    records, _ = run()
    assert {r["source"]: r["status"] for r in records}["cut.jpg"] == "protected", "failures are tried again"


def test_a_name_that_does_not_fit_fails_one_photo(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    long = "n" * 251 + ".jpg"  # fits as .jpg, not as .webp
    (tmp_path / "in" / long).write_bytes(encoded(scene(60, 60), "JPEG"))
    records, summary = run(encoding=pp.EncodeOptions(format="webp"))
    failed = [record for record in records if record["status"] == "failed"]
    assert [record["source"] for record in failed] == [long]
    assert "too long" in failed[0]["reason"]
    assert summary.exit_code == 1


def test_strict_photos_are_counted_and_not_written(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 3)
    for _ in range(2):
        records, summary = run("identity", strict=True)
        assert summary.exit_code == 3
    assert set(statuses(records)) == {"skipped"}
    assert tree(tmp_path / "out") == {}
    records, summary = run("identity")
    assert (set(statuses(records)), summary.exit_code) == ({"unprotected"}, 3)
    assert len(tree(tmp_path / "out")) == 3
    assert run("identity")[1].exit_code == 3, "skipped, and still not protected"
    records, summary = run("identity", strict=True)
    assert [record["output"] for record in records] == [None] * 3
    assert "an earlier run's" in records[0]["reason"]


def test_files_that_are_not_ours_stay(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 3)
    records, _ = run()
    taken, same, other = (record["output"] for record in records)
    whole = tree(tmp_path / "out")
    shutil.rmtree(state_of(tmp_path / "out"))  # the journal is lost: nothing here is known to be ours
    (tmp_path / "out" / taken).write_bytes(b"someone's")
    (tmp_path / "out" / other).unlink()
    for _ in range(2):
        records, summary = run()
        assert records[0]["status"] == "failed"
        assert "not a result of this archive" in records[0]["reason"]
        assert summary.exit_code == 1
    assert tree(tmp_path / "out") == whole | {taken: b"someone's"}
    assert statuses(records)[1:] == ["skipped", "skipped"], f"{same} was taken over, {other} made again"


def test_another_archives_results_are_not_replaced(run: Run, tmp_path: Path) -> None:
    for folder, first in (("in", 0), ("in2", 7)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.png").write_bytes(encoded(scene(50, 50, first)))
    run()
    before = tree(tmp_path / "out")
    records, _ = run(source=tmp_path / "in2")
    assert records[0]["status"] == "failed"
    assert "another output folder" in records[0]["reason"]
    assert tree(tmp_path / "out") == before
    (tmp_path / "in").rename(tmp_path / "moved")
    assert statuses(run(source=tmp_path / "moved")[0]) == ["skipped"], "the same photo in another place"
    assert statuses(run(source=tmp_path / "in2")[0]) == ["failed"]


def test_links_do_not_lead_out_of_the_output_folder(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 7)
    (tmp_path / "outside").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "0").symlink_to(tmp_path / "outside")
    records, _ = run()
    assert [record["status"] for record in records].count("failed") == 1
    assert "leads out" in records[0]["reason"]
    assert list((tmp_path / "outside").iterdir()) == []


def test_leftovers_of_a_killed_run_are_swept(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 1)
    (tmp_path / "out" / "a").mkdir(parents=True)
    (tmp_path / "out" / "a" / ".0123.77.pixelpriv-part").write_bytes(b"half")
    run()
    assert not list(tmp_path.rglob("*.pixelpriv-part"))


class Slow:
    """An enhancement that takes its time with wide photos."""

    def __call__(self, image: np.ndarray) -> np.ndarray:
        time.sleep(0.6 if image.shape[1] > 100 else 0.0)
        return image


def test_a_photo_that_takes_too_long_fails_alone(run: Run, tmp_path: Path) -> None:
    fill(tmp_path / "in", 2)
    (tmp_path / "in" / "wide.png").write_bytes(encoded(scene(30, 130)))
    records, _ = run(pp.Recipe(Slow(), pp.attacks.Euclidean()), timeout=0.5)
    assert {r["source"] for r in records if r["status"] == "failed"} == {"wide.png"}
    assert "over 0.5 s" in next(r["reason"] for r in records if r["status"] == "failed")
    assert "wide.png" not in tree(tmp_path / "out")


def test_an_interrupted_run_keeps_what_it_wrote(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 60)
    items = plan([tmp_path / "in"], tmp_path / "out")

    def interrupted() -> None:
        with open_job(tiny_protector(classifier), tmp_path / "out", batch=1) as job:
            for number, _ in enumerate(job.run(items)):
                if number == 5:
                    raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    written = tree(tmp_path / "out")
    assert 6 <= len(written) < 60
    with reading(state_of(tmp_path / "out")) as journal:
        assert journal is not None
        assert {row.output for row in journal.rows() if row.written} == set(written)
    with open_job(tiny_protector(classifier), tmp_path / "out", batch=2) as job:
        records = list(job.run(items))
    assert statuses(records).count("skipped") == len(written)
    assert len(tree(tmp_path / "out")) == 60
