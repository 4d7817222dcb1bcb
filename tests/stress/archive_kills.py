"""Kills an archive's job at random moments while it writes, resumes it until it is done, and compares the files.

    python tests/stress/archive_kills.py [--kills 200] [--photos 300] [--seed 0]

Run it after changes to the archive or to how files are written. It uses the same child process as the test of twenty
kills. The script prints one JSON object. It exits with 1 if a file was lost, broken, doubled or left over, or differs by a
byte from what an undisturbed run writes.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image, UnidentifiedImageError

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from pixelpriv_fast.archive.journal_file import reading
from tests.archive.crash import finish, kill_while_writing
from tests.archive.tiny import fill, state_of, tiny_classifier, traits, tree

_BATCH = 3


def undecodable(out: Path) -> int:
    """How many files in ``out`` are no whole photos."""
    bad = 0
    for name in tree(out):
        try:
            with Image.open(out / name) as photo:
                photo.load()
        except (OSError, SyntaxError, UnidentifiedImageError):
            bad += 1
    return bad


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--photos", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory(prefix="pixelpriv-") as name:
        folder = Path(name)
        classifier = tiny_classifier(folder)
        fill(folder / "in", arguments.photos)
        originals = traits(folder / "in")
        codes = [finish(folder / "in", folder / "whole", classifier, _BATCH)]
        whole, out = tree(folder / "whole"), folder / "out"
        kills = archives = differing = broken = 0
        while kills < arguments.kills:
            killed = kill_while_writing(folder / "in", out, classifier, rng, batch=_BATCH, more=arguments.photos // 20)
            kills += killed
            if not killed:  # it was done: what is there is compared, and a new archive begun
                differing, broken, archives = differing + (tree(out) != whole), broken + undecodable(out), archives + 1
                for left in (out, state_of(out)):
                    shutil.rmtree(left)
        codes.append(finish(folder / "in", out, classifier, _BATCH))
        with reading(state_of(out)) as journal:
            rows = [row.output for row in journal.rows()] if journal is not None else []
        there = tree(out)
        report = {
            "kills": kills,
            "archives": archives + 1,
            "exit_codes": codes,
            "lost": len(whole.keys() - there.keys()),
            "left_over": len(there.keys() - whole.keys()),
            "doubled": len(rows) - len(set(rows)),
            "undecodable": broken + undecodable(out),
            "archives_that_differ": differing + (there != whole),
            "originals_touched": traits(folder / "in") != originals,
        }
    print(json.dumps(report, indent=2))
    wrong = ("lost", "left_over", "doubled", "undecodable", "archives_that_differ", "originals_touched")
    return int(any(report[key] for key in wrong) or codes != [0, 0])


if __name__ == "__main__":
    sys.exit(main())
