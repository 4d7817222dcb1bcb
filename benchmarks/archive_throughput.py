"""How close an archive's run comes to what its stages cost when each runs alone, and whether its memory stays flat.

    python benchmarks/archive_throughput.py --photos FOLDER [--count 2000] [--recipe R] [--classifier C] [--models DIR]

Makes an archive of ``count`` photos out of those in FOLDER (many names, folders, sizes and formats), then:

1. each stage alone, with the same threads, on a sample of ``--sample`` photos: the CPU seconds that a photo costs;
2. the archive's run, journal and synced writes included: photos a second, and resident memory, photo by photo.

Prints one JSON object. ``share``: the run's rate by the rate that the stages' CPU seconds allow on this machine's
cores. ``busy``: CPU seconds of the run by wall seconds and cores. ``memory_mb``: the highest resident memory up to
photo 200, and from there on.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast import stages
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.retries import RETRY_SLOTS
from pixelpriv_fast.stages import Work

_SETTLED = 200  # photos after which memory must not grow any more
_FORMATS = (("jpg", "JPEG", {"quality": 92}), ("png", "PNG", {}), ("webp", "WEBP", {"quality": 92}))
_SCALES = (1.0, 0.75, 1.25, 0.5)


def fill(folder: Path, photos: Path, count: int) -> None:
    """``count`` photos: each source at several sizes and in several formats, with a pixel of its own."""
    found = sorted(p for p in photos.rglob("*") if p.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp"))
    if not found:
        raise SystemExit(f"no photo below {photos}")
    kinds = itertools.cycle(itertools.product(_SCALES, _FORMATS))
    for number, source in zip(range(count), itertools.cycle(found)):
        scale, (suffix, name, options) = next(kinds)
        with Image.open(source) as opened:
            photo = opened.convert("RGB")
        photo = photo.resize((max(32, int(photo.width * scale)), max(32, int(photo.height * scale))))
        photo.putpixel((0, 0), (number % 256, number // 256 % 256, 0))
        path = folder / f"{number % 20:02}" / f"photo {number:05}.{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        buffer = io.BytesIO()
        photo.save(buffer, name, **options)
        path.write_bytes(buffer.getvalue())


def alone(protector: pp.Protector, paths: list[Path], batch: int) -> dict[str, float]:
    """CPU seconds a photo of each stage, run by itself on ``paths``."""
    networks = protector._networks()
    works = [Work(str(path), path) for path in paths]
    spent: dict[str, float] = {}

    def timed(name: str, step: Callable[[list[Work]], Any], size: int) -> None:
        start = time.process_time()
        for first in range(0, len(works), size):
            step(works[first : first + size])
        spent[name] = (time.process_time() - start) / len(works)

    def decode(group: list[Work]) -> None:
        for work in group:
            stages.read_one(work, limits=protector.limits, skip=None)
            stages.decode_one(work, limits=protector.limits, seed=protector.seed)

    for victim in networks.victims:
        victim.prepare(RETRY_SLOTS)  # compiled once, whatever the number of photos
    timed("decode", decode, 1)
    timed("classify", lambda group: stages.classify_originals(group, networks.classifiers, batch), batch)
    timed("enhance", lambda group: stages.enhance_all(group, protector.recipe.enhancement), 1)
    timed("attack", lambda group: stages.attack_all(group, protector.recipe.attack, networks.victims, batch), batch)
    timed("encode and verify", lambda group: protector._encode_until_protected(group, batch, protector.encoding), batch)
    timed("measure", lambda group: stages.measure(group, protector._metrics, ("psnr", "ssim", "nima")), 1)
    return spent


def spread(paths: list[Path], count: int, batch: int) -> list[Path]:
    """About ``count`` photos in whole batches, as the run takes them, spread over the archive."""
    batches = [paths[first : first + batch] for first in range(0, len(paths), batch)]
    chosen = np.linspace(0, len(batches) - 1, min(max(1, count // batch), len(batches))).astype(int)
    return [path for place in chosen for path in batches[place]]


def resident() -> float:
    """Resident memory in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(protector: pp.Protector, source: Path, out: Path, batch: int) -> dict[str, Any]:
    """The archive's run: its rate, how busy it kept the cores, and its memory."""
    memory: list[float] = []
    begin, cpu = time.perf_counter(), time.process_time()
    with open_job(protector, out, batch=batch) as job:
        for _ in job.run(plan([source], out)):
            memory.append(resident())
    wall, cpu = time.perf_counter() - begin, time.process_time() - cpu
    peaks = [max(part) if part else None for part in (memory[:_SETTLED], memory[_SETTLED:])]
    return {
        "photos_per_second": len(memory) / wall,
        "cpu_seconds_a_photo": cpu / len(memory),
        "busy": cpu / wall / len(os.sched_getaffinity(0)),
        "memory_mb": dict(zip(("until 200", "from 200"), peaks, strict=True)),
        "counts": dict(job.summary.counts),
        "device": job.summary.device,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--sample", type=int, default=160, help="photos that each stage is measured on alone")
    parser.add_argument("--recipe", default="contrast+least_likely")
    parser.add_argument("--classifier", default="efficientnet_lite0")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int)
    arguments = parser.parse_args()
    protector = pp.Protector(
        arguments.recipe, classifier=arguments.classifier, models=arguments.models, workers=arguments.workers
    )
    with tempfile.TemporaryDirectory(prefix="pixelpriv-") as folder:
        source = Path(folder) / "in"
        fill(source, arguments.photos, arguments.count)
        protector.warm_up(batch=arguments.batch)
        paths = [item.path for item in plan([source], Path(folder) / "out")]
        sample = spread(paths, arguments.sample, arguments.batch)
        stages_alone = alone(protector, sample, arguments.batch)
        measured = run(protector, source, Path(folder) / "out", arguments.batch)
    allowed = len(os.sched_getaffinity(0)) / sum(stages_alone.values())
    print(
        json.dumps(
            {
                "count": arguments.count,
                "recipe": protector.recipe.word,
                "cpu_seconds_a_photo_alone": stages_alone,
                "allowed_photos_per_second": allowed,
                "share": measured["photos_per_second"] / allowed,
                **measured,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
