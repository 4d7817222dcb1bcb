"""``protect --cluster ray``: the same files, records and exit codes as without, whatever becomes of the workers."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pixelpriv_fast.archive.cluster import Cluster
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.journal_file import reading
from pixelpriv_fast.archive.photo import DONE, ArchivePhoto
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.archive.worker import Making, Worker
from pixelpriv_fast.errors import ModelError, UsageError
from tests.archive.cluster_child import BATCH, KILLS
from tests.archive.report.test_rendering import data_of
from tests.archive.tiny import fill, state_of, tiny_protector, traits, tree
from tests.conftest import ROOT

PHOTOS = 24
needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="Ray is not installed: pip install 'pixelpriv-fast[ray]'"
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path}
    environment.pop("RAY_ADDRESS", None)
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )


def local(source: Path, out: Path, classifier: Path) -> list[dict[str, Any]]:
    with open_job(tiny_protector(classifier), out, batch=BATCH) as job:
        return list(job.run(plan([source], out)))


def shown(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Records without what differs from run to run."""
    return [{key: value for key, value in record.items() if key != "seconds"} for record in records]


@needs_ray
@pytest.mark.slow
def test_killed_workers_lose_nothing(classifier: Path, tmp_path: Path) -> None:
    source, out, whole = tmp_path / "in", tmp_path / "out", tmp_path / "whole"
    fill(source, PHOTOS)
    records = local(source, whole, classifier)
    before = traits(source)
    done = run("-m", "tests.archive.cluster_child", str(tmp_path), str(classifier))
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout.splitlines()[-1])

    killed = report["killed"]
    assert report["left"] == 0, "every kill must have hit a worker in the middle of a batch"
    assert killed["code"] == 0
    assert killed["counts"] == {"protected": PHOTOS}
    assert shown(killed["records"]) == shown(records)
    assert tree(out) == tree(whole), "same names, same bytes, no temporary files"
    assert len(killed["tried"]) == PHOTOS
    again = sum(killed["tried"].values()) - PHOTOS
    assert 0 < again <= KILLS * BATCH, "a dead worker costs the photos of its call, no others"

    assert report["touched"]["counts"] == {"skipped": PHOTOS}
    assert report["touched"]["tried"] == {}, "known content is not protected again"

    poisoned = report["poisoned"]
    assert "run again" in poisoned["error"]
    assert list(poisoned["tried"].values()) == [4], "a photo that kills every worker is given up"
    assert tree(out) == tree(whole)
    with reading(state_of(out)) as journal:
        assert journal is not None
        assert sorted(row.output for row in journal.rows() if row.written) == sorted(tree(whole))
    (source / "poison.png").unlink()
    after = traits(source)
    assert {path: trait[0] for path, trait in after.items()} == {path: trait[0] for path, trait in before.items()}


@needs_ray
@pytest.mark.slow
def test_the_command_says_the_same(classifier: Path, tmp_path: Path) -> None:
    """A damaged photo among them, and a result of this archive."""
    source, single, out = tmp_path / "in", tmp_path / "single", tmp_path / "out"
    fill(source, 6)
    (source / "damaged.jpg").write_bytes((source / "1" / "photo0001.jpg").read_bytes()[:300])
    (source / "näme\udcff.png".encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")).write_bytes(
        (source / "0" / "photo0000.png").read_bytes()
    )
    options = ("--classifier", str(classifier), "--recipe", "euclidean", "--device", "cpu", "--batch", "4", "--json")
    options += ("--survival", "--labels", str(tmp_path / "labels.csv"))
    (tmp_path / "labels.csv").write_text("photo0001.jpg,3 5\n")
    reports = []
    for target, cluster in ((single, ()), (out, ("--cluster", "ray", "--workers", "2"))):
        done = run("-m", "pixelpriv_fast", "protect", str(source), str(target), *options, *cluster)
        assert done.returncode == 1, done.stderr
        *records, summary = map(json.loads, done.stdout.splitlines())
        assert "Traceback" not in done.stderr
        speed = ("seconds", "images_per_second")
        reports.append((shown(records), {k: v for k, v in summary["summary"].items() if k not in speed}))
    assert reports[0] == reports[1]
    assert tree(out) == tree(single)
    pages = [data_of((state_of(folder) / "report.html").read_bytes()) for folder in (single, out)]
    shown_pictures = [{photo["source"]: photo["pictures"] for photo in page["photos"]} for page in pages]
    assert shown_pictures[0] == shown_pictures[1]
    assert sum(pictures is not None for pictures in shown_pictures[0].values()) == 7, "all but the damaged one"


def tasks(*paths: Path, done: str = "", accepted: tuple[int, ...] = ()) -> dict[str, Any]:
    names, each = [os.fsencode(path) for path in paths], np.array(accepted, np.int64)
    return {"path": np.array(names, object), "done": [done] * len(paths), "accepted": [each] * len(paths)}


def making(classifier: Path) -> Making:
    return Making(functools.partial(tiny_protector, classifier), threads=1, batch=2)


def test_a_worker_of_other_settings_says_so(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (photo,) = tmp_path.rglob("*.png")
    with tiny_protector(classifier, seed=5) as other:
        (answer,) = Worker(making(classifier), other.settings())(tasks(photo))
    (error,) = answer["answer"]
    assert isinstance(error, ModelError)
    assert "seed" in str(error)


def test_a_worker_answers_with_bytes_and_evidence_alone(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path, 2)
    photos = sorted(path for path in tmp_path.rglob("*") if path.is_file())
    with tiny_protector(classifier) as protector:
        wanted = list(protector.stream(photos, batch=2, encode=True))
        worker = Worker(making(classifier), protector.settings())
    answers: list[ArchivePhoto] = [pickle.loads(pickle.dumps(row["answer"][0])) for row in worker(tasks(*photos))]
    assert [answer.encoded for answer in answers] == [result.encoded for result in wanted]
    assert [answer.verdict for answer in answers] == [result.verdict for result in wanted]
    assert not any(hasattr(answer, name) for answer in answers for name in ("photo", "enhanced", "pixels"))
    known = wanted[0].source_sha256 or ""
    (row,) = worker(tasks(photos[0], done=known))
    answer = row["answer"][0]
    assert (answer.status, answer.reason, answer.pictures) == ("skipped", DONE, None)


def test_a_worker_hides_accepted_classes_and_says_what_survives(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (photo,) = tmp_path.rglob("*.png")
    options = Making(functools.partial(tiny_protector, classifier, survival=True), threads=1, batch=2)
    with options.protector() as protector:
        worker = Worker(options, protector.settings())
        (alone,) = protector.stream([photo], batch=2, encode=True)
        shown = alone.verdict.after.index
        (wanted,) = protector.stream([photo], batch=2, labels=[shown], encode=True)
    (row,) = worker(tasks(photo, accepted=(shown,)))
    answer: ArchivePhoto = pickle.loads(pickle.dumps(row["answer"][0]))
    assert answer.verdict == wanted.verdict
    assert answer.verdict.after.index != shown
    assert answer.survival == wanted.survival
    (row,) = worker(tasks(photo))
    assert row["answer"][0].survival == alone.survival
    assert alone.survival is not None


def test_without_ray_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, classifier: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"pixelpriv-fast\[ray\]"):
        Cluster(functools.partial(tiny_protector, classifier))
