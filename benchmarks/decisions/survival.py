"""Measures what recipes survive of sharing, and what it costs to the eye and in time.

    python benchmarks/decisions/survival.py --data ../shared/data [--photos N] [--recipes 'least_likely;pgd(epsilon=2/255)']
    python benchmarks/decisions/survival.py PHOTO_OR_FOLDER... --classifier efficientnet_lite0 [--recipes ...]

Photos are the SUN photos that SqueezeNet-Places365 reads correctly,
or those that are named. Each is protected, saved as JPEG 95, and judged by ``survival_judging.py``, not by the package's
verdict: after each treatment of the panel "sharing", on which attacks may stop, and of the second list
(``unseen_treatments.py``), on which none does.

A photo is read if the top-1 after a treatment is the untreated original's top-1; with labels it is also asked whether it is
an accepted class. Shares count the photos whose original is still read after the same treatment. SSIMULACRA2, PSNR and NIMA
speak of the saved file. Gradients are those of the attacked network, a photo; engines that step on a device are not counted.

``--protected-cache FOLDER`` keeps the protected files, and a later run judges them without protecting again: use a new folder
after a change of the attack.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from survival_judging import LISTS, Judge, jpeg75, share, ssimulacra2, surviving

import pixelpriv_fast as pp
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.metrics import create, rate


@dataclass
class Original:
    """A photo, and what its network reads in it untreated and after each treatment."""

    path: Path
    accepted: tuple[int, ...]
    pixels: np.ndarray
    top1: int
    answers: dict[str, int | None] = field(default_factory=dict)


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def labelled(data: Path) -> list[tuple[Path, tuple[int, ...]]]:
    with open(data / "labels" / "sun_places365.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    return [(data / "photos" / "sun" / r["file"], tuple(map(int, r["accepted_indices"].split()))) for r in rows]


def named(paths: Sequence[Path]) -> list[tuple[Path, tuple[int, ...]]]:
    files = [file for path in paths for file in (sorted(path.iterdir()) if path.is_dir() else [path])]
    return [(file, ()) for file in files]


def spread(photos: list[Any], number: int | None) -> list[Any]:
    return [photos[i * len(photos) // number] for i in range(number)] if number and number < len(photos) else photos


def originals(given: argparse.Namespace, judge: Judge) -> list[Original]:
    photos = spread(named(given.paths), given.photos) if given.paths else labelled(given.data)
    cache = given.protected_cache and given.protected_cache / f"originals_{given.classifier}.json"
    known = json.loads(cache.read_text()) if cache and cache.exists() else {}
    answers = known.get(repr(SHARING), {})

    def untreated(photo: tuple[Path, tuple[int, ...]]) -> tuple[np.ndarray, int]:
        pixels = pixels_of(photo[0].read_bytes())
        return pixels, answers[str(photo[0])]["file"] if str(photo[0]) in answers else judge.top1(pixels)

    def seen(original: Original) -> None:
        original.answers = answers.get(str(original.path)) or judge.top1_of_each(original.pixels)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        read = [Original(*photo, *seen) for photo, seen in zip(photos, pool.map(untreated, photos), strict=True)]
        chosen = read if given.paths else spread([p for p in read if p.top1 in p.accepted], given.photos)
        list(pool.map(seen, chosen))
    if cache:
        cache.parent.mkdir(parents=True, exist_ok=True)
        cache.write_text(json.dumps({repr(SHARING): answers | {str(p.path): p.answers for p in chosen}}))
    return chosen


class Counter:
    """Counts the photos of every gradient call."""

    def __init__(self, protector: pp.Protector, batch: int) -> None:
        self.photos = 0
        for victim in protector.networks(batch).victims:
            if hasattr(victim, "gradient"):
                victim.gradient = self._counted(victim.gradient)

    def _counted(self, gradient: Any) -> Any:
        def call(inputs: np.ndarray, *rest: Any, **more: Any) -> Any:
            self.photos += len(inputs)
            return gradient(inputs, *rest, **more)

        return call


@dataclass
class Made:
    """The protected files of one recipe, and what they took."""

    files: list[bytes]
    seconds: float = 0.0
    gradients: int = 0
    photos: int = 0  #: number of photos that the two figures before are about


def protected(recipe: str, photos: Sequence[Original], given: argparse.Namespace) -> Made:
    """Return the protected files, taken from the cache where they are there."""
    folder = given.protected_cache and given.protected_cache / re.sub(r"[^\w.,=()+-]", "_", recipe)
    places = {} if folder is None else {p.path: folder / f"{p.path.parent.name}_{p.path.stem}.jpg" for p in photos}
    cost = {"seconds": 0.0, "gradients": 0, "photos": 0}
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / "cost.json").exists():
            cost = json.loads((folder / "cost.json").read_text())
    missing = [p for p in photos if p.path not in places or not places[p.path].exists()]
    fresh = dict(zip((p.path for p in missing), protect(recipe, missing, given, cost) if missing else (), strict=True))
    for path, data in fresh.items():
        if path in places:
            places[path].write_bytes(data)
    if folder is not None:
        (folder / "cost.json").write_text(json.dumps(cost))
    return Made([fresh.get(p.path) or places[p.path].read_bytes() for p in photos], **cost)


def protect(recipe: str, photos: Sequence[Original], given: argparse.Namespace, cost: dict[str, Any]) -> list[bytes]:
    options = pp.EncodeOptions(format="jpeg", quality=95)
    with pp.Protector(
        recipe,
        classifier=given.classifier,
        models=given.models,
        engine=given.engine,
        precision=given.precision,
        encoding=options,
        metrics=(),
    ) as protector:
        protector.warm_up(batch=given.batch)
        print(f"{recipe}: {protector.device}", file=sys.stderr, flush=True)
        counter, start, files = Counter(protector, given.batch), time.perf_counter(), []
        labels = [p.accepted or None for p in photos] if given.flee_labels else None
        for result in protector.stream([p.path for p in photos], given.batch, labels=labels, encode=True):
            if result.encoded is None:
                raise SystemExit(f"{result.source}: {result.status}: {result.reason}")
            files.append(result.encoded)
        cost["seconds"] += time.perf_counter() - start
        cost["gradients"] += counter.photos
        cost["photos"] += len(photos)
    return files


def readings(photos: Sequence[Original], results: Sequence[np.ndarray], judge: Judge) -> dict[str, Any]:
    """Return the share still read after each treatment, and their mean and worst in per cent, list by list."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        after = list(pool.map(judge.top1_of_each, results))
    before = [p.answers for p in photos]
    hidden = {"read": [(p.top1,) for p in photos]}
    if all(p.accepted for p in photos):
        hidden["accepted"] = [p.accepted for p in photos]
    found: dict[str, Any] = {}
    for treatments in LISTS:
        rows = {
            name: {kind: share(before, after, classes, name) for kind, classes in hidden.items()}
            for name in treatments.each
        }
        percents = {kind: [row[kind].percent for row in rows.values() if row[kind].of] for kind in hidden}
        found[treatments.title] = {
            "treatments": {
                name: {kind: {"read": s.read, "of": s.of, "percent": round(s.percent, 2)} for kind, s in row.items()}
                for name, row in rows.items()
            },
            "mean": {kind: round(float(np.mean(values or [0])), 2) for kind, values in percents.items()},
            "worst": {kind: round(max(values, default=0), 2) for kind, values in percents.items()},
            "survived_all": {k: round(surviving(before, after, c, treatments), 2) for k, c in hidden.items()},
        }
    return found


def looks(photos: Sequence[Original], results: Sequence[np.ndarray], given: argparse.Namespace) -> dict[str, float]:
    """Return how close the results are to their originals, and how NIMA rates them."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        pairs = list(zip(results, (p.pixels for p in photos), strict=True))
        metric = ssimulacra2()
        close = np.array(list(pool.map(lambda pair: metric(*pair), pairs)))
        figures = {
            "ssimulacra2_median": float(np.median(close)),
            "ssimulacra2_worst_5_percent": float(np.percentile(close, 5)),
            "ssimulacra2_lowest": float(close.min()),
            "psnr": float(np.mean([create("psnr")(*pair) for pair in pairs])),
        }
    nima = create("nima", models=given.models)
    if nima.available:
        before, after, later = (
            np.array(rate(nima, pixels), float)
            for pixels in ([p.pixels for p in photos], list(results), [jpeg75(r) for r in results])
        )
        figures |= {"nima_original": before.mean(), "nima": after.mean(), "nima_after_jpeg_75": later.mean()}
        figures["nima_not_lower_percent"] = 100 * float((after >= before).mean())
    return {name: round(float(value), 3) for name, value in figures.items()}


def measure(recipe: str, photos: Sequence[Original], judge: Judge, given: argparse.Namespace) -> dict[str, Any]:
    made = protected(recipe, photos, given)
    results = [pixels_of(data) for data in made.files]
    return {
        "recipe": recipe,
        "classifier": given.classifier,
        "photos": len(photos),
        "seconds_a_photo": round(made.seconds / made.photos, 4),
        "gradients_a_photo": round(made.gradients / made.photos, 2) if made.gradients else None,
        **looks(photos, results, given),
        "lists": readings(photos, results, judge),
    }


def lines(row: dict[str, Any]) -> Iterator[str]:
    """Yield a recipe's figures for people; shares in per cent."""
    yield f"\n{row['recipe']}: {row['photos']} photos, {row['classifier']}"
    for title, found in row["lists"].items():
        kinds = tuple(found["mean"])
        yield f"  {title:46}" + "".join(f"{kind:>10}{'of':>6}" for kind in kinds)
        for name, counts in found["treatments"].items():
            yield f"    {name:44}" + "".join(f"{counts[k]['percent']:10.1f}{counts[k]['of']:6d}" for k in kinds)
        for figure in ("mean", "worst", "survived_all"):
            yield f"    = {figure.replace('_', ' '):42}" + "".join(f"{found[figure][k]:10.2f}{'':6}" for k in kinds)
    rest = {name: value for name, value in row.items() if name not in ("recipe", "classifier", "photos", "lists")}
    yield "  " + ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in rest.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, help="photos without labels, instead of --data")
    parser.add_argument("--data", type=Path, help="folder with labels/ and photos/sun/")
    parser.add_argument("--classifier", default="squeezenet_places365")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--photos", type=int, help="take only this many, evenly spread")
    parser.add_argument("--recipes", default="least_likely;pgd;contrast+least_likely", help="separated by ;")
    parser.add_argument("--flee-labels", action="store_true", help="flee the accepted classes, not the top-1")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--engine", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--json", type=Path, help="writes every figure here, after each recipe")
    parser.add_argument("--protected-cache", type=Path, metavar="FOLDER")
    given = parser.parse_args()
    if bool(given.paths) == bool(given.data):
        parser.error("name photos, or --data FOLDER")
    recipes = [pp.Recipe.parse(word.strip()).word for word in given.recipes.split(";") if word.strip()]
    judge = Judge(given.classifier, given.models)
    photos, rows = originals(given, judge), []
    for recipe in recipes:
        rows.append(measure(recipe, photos, judge, given))
        print("\n".join(lines(rows[-1])), flush=True)
        if given.json:
            given.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
