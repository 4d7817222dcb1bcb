"""A job on a Ray cluster of this machine, in a process of its own, whose workers kill themselves; see
``test_cluster.py``. Run as a program: what it defines then travels to the workers by value."""

from __future__ import annotations

import functools
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pixelpriv_fast.archive.cluster import Cluster
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import DeviceError
from pixelpriv_fast.protection.protector import Protector

WORKERS, BATCH, KILLS = 2, 4, 3


class Mortal(Protector):
    """Notes each photo it protects in ``folder/done``. The process dies, without a warning, in the middle of a batch
    as often as there are files ``folder/kill...``, and by any photo called poison."""

    def __init__(self, folder: Path, classifier: str, workers: int) -> None:
        super().__init__("euclidean", classifier=classifier, device="cpu", metrics=(), workers=workers)
        self.folder = folder

    def run(self, works: Any, steps: Any, batch: int) -> Iterator[Any]:
        for number, work in enumerate(super().run(works, steps, batch)):
            if work.status != "skipped":
                with open(self.folder / "done", "a") as log:
                    log.write(f"{work.name}\n")
            if "poison" in work.name or (number == 1 and self.doomed()):
                os.kill(os.getpid(), signal.SIGKILL)
            yield work

    def doomed(self) -> bool:
        for file in self.folder.glob("kill*"):
            try:
                file.unlink()
            except FileNotFoundError:  # it killed another one
                continue
            return True
        return False


def run(cluster: Cluster, source: Path, out: Path, folder: Path) -> dict[str, Any]:
    """One job: its summary, exit code, records, and how often each photo was protected for it."""
    (folder / "done").write_text("")
    items = plan([source], out)
    with open_job(cluster, out, batch=BATCH) as job:
        records = list(job.run(items))
    tried = Counter((folder / "done").read_text().split())
    return {"code": job.summary.exit_code, "counts": dict(job.summary.counts), "records": records, "tried": tried}


def main(folder: Path, classifier: str) -> None:
    source, out = folder / "in", folder / "out"
    for number in range(KILLS):
        (folder / f"kill{number}").touch()
    with Cluster(functools.partial(Mortal, folder, classifier), WORKERS) as cluster:
        report = {"killed": run(cluster, source, out, folder), "left": len(list(folder.glob("kill*")))}
        for path in source.rglob("*.png"):
            os.utime(path)
        report["touched"] = run(cluster, source, out, folder)
        (source / "poison.png").write_bytes(next(source.rglob("*.jpg")).read_bytes())
        try:
            report["poisoned"] = run(cluster, source, out, folder)
        except DeviceError as error:
            report["poisoned"] = {"error": str(error), "tried": Counter((folder / "done").read_text().split())}
    print(json.dumps(report))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
