"""Killed at random moments while files are being written, and resumed: nothing lost, nothing broken, nothing twice."""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image

from pixelpriv_fast.archive.journal_file import reading
from tests.archive.crash import finish, kill_while_writing
from tests.archive.tiny import fill, state_of, traits, tree

PHOTOS, KILLS, BATCH = 60, 20, 3


def test_twenty_kills(classifier: Path, tmp_path: Path) -> None:
    source, whole, out = tmp_path / "in", tmp_path / "whole", tmp_path / "out"
    fill(source, PHOTOS)
    originals = traits(source)
    assert finish(source, whole, classifier, BATCH) == 0
    rng = random.Random(7)
    kills = [kill_while_writing(source, out, classifier, rng, batch=BATCH, more=6) for _ in range(KILLS)]
    assert sum(kills) > KILLS // 2, "most of them must have hit a job at work"
    assert finish(source, out, classifier, BATCH) == 0
    assert tree(out) == tree(whole), "same names, same bytes, no temporary files"
    for path in (out / name for name in tree(out)):
        with Image.open(path) as photo:
            photo.load()
    with reading(state_of(out)) as journal:
        assert journal is not None
        rows = list(journal.rows())
    assert sorted(row.output for row in rows) == sorted(tree(whole))
    assert all(row.status == "protected" and row.written for row in rows)
    assert traits(source) == originals
