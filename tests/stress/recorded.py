"""Records what a user gets from a checkout, so that a change of structure can be compared with it, byte by byte.

    python tests/stress/recorded.py record --photos FOLDER --models STORE --out FILE.json [--tree CHECKOUT]
        [--engine torch]
    python tests/stress/recorded.py compare BEFORE.json AFTER.json

``FOLDER`` is the folder of test photos (``photos/`` of the test data), ``STORE`` a model store with SqueezeNet-Places365,
CartoonGAN's Hayao style and NIMA. Sixty photos in every format that the codecs write, at five sizes and one that is
attacked at the classifier's size, go through the paper's five runs, ``pgd`` and ``fgsm`` under ``--deterministic``. Kept
are each file's sha256, the JSON records without their times, exit codes and the help texts. With ``--engine torch`` twelve of
the photos go through ``pgd`` and ``contrast+least_likely`` on that engine, and nothing else is recorded. ``compare`` exits
with 1 if anything differs; a TIFF file may differ in its bytes, not in its pixels, tags or metadata. Both recordings must
come from one machine, since other processors round differently.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent.parent

RECIPES = (
    "cartoon+least_likely",
    "cartoon+pgd",
    "contrast+least_likely",
    "p_fgsm",
    "euclidean",
    "pgd",
    "fgsm",
)
#: What runs with ``--engine``, which is slower, and on how many of the photos.
ENGINE_RECIPES, ENGINE_COUNT = ("pgd", "contrast+least_likely"), 12
#: (width, height); the last one is attacked at the classifier's size and lifted.
SIZES = ((96, 128), (224, 224), (256, 256), (300, 200), (352, 288), (1280, 854))
#: File suffix -> how Pillow writes it.
FORMATS: dict[str, dict[str, Any]] = {
    "jpg": {"quality": 88},
    "jpeg": {"quality": 97, "subsampling": 0},
    "png": {},
    "webp": {"quality": 90},
    "tif": {"compression": "tiff_lzw"},
    "tiff": {"compression": "tiff_adobe_deflate"},
    "avif": {"quality": 90},
    "heic": {"quality": 90},
}
COMMANDS = ("protect", "verify", "watch", "evaluate", "paper", "classify", "score", "models", "list", "info")
LISTS = ("recipes", "enhancements", "attacks", "classifiers", "metrics", "kernels")
_TIMES = {"seconds", "images_per_second", "seconds_per_image"}
_COUNT = 60


def fill(folder: Path, photos: Path, count: int = _COUNT) -> None:
    """Write ``count`` files of every format and size to ``folder``, made of the test photos by Pillow."""
    pillow_heif.register_heif_opener()
    found = [*sorted((photos / "sun").rglob("*.jpg"))[:: 820 // 40], *sorted((photos / "kodak").glob("*.png"))]
    large = sorted((photos / "scenes_cc0").iterdir())[0]
    for number in range(count):
        suffix = list(FORMATS)[number % len(FORMATS)]
        last = number == 0
        with Image.open(large if last else found[number % len(found)]) as image:
            pixels = image.convert("RGB").resize(SIZES[-1] if last else SIZES[number % (len(SIZES) - 1)])
        if number % 13 == 5:
            pixels = pixels.convert("L")
        options = dict(FORMATS[suffix])
        if number % 3 == 0 and suffix != "heic":
            options["exif"] = _exif()
        pixels.save(folder / f"{number:02d}.{suffix}", **options)


def _exif() -> Image.Exif:
    """Return a camera, a time, a serial number and a place: what the metadata policy distinguishes."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0132] = "Maker", "Model", "2019:05:04 03:02:01"
    exif.get_ifd(0x8769)[0xA431] = "serial-1234"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def run(tree: Path, *words: str, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run ``pixelpriv`` of the checkout ``tree`` in this Python."""
    environment = os.environ | {"PYTHONPATH": str(tree), "COLUMNS": "160", "TERM": "dumb", "NO_COLOR": "1"}
    if models is not None:
        environment["PIXELPRIV_MODELS"] = str(models)
    command = [sys.executable, "-m", "pixelpriv_fast", *words]
    return subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)


def record(tree: Path, photos: Path, models: Path) -> dict[str, Any]:
    """Return everything that is compared, as plain values."""
    with tempfile.TemporaryDirectory(prefix="pixelpriv-recorded-") as name:
        work = Path(name)
        source = work / "in"
        source.mkdir()
        fill(source, photos)
        runs = {}
        for recipe in RECIPES:
            print(f"{recipe} ...", file=sys.stderr, flush=True)
            runs[recipe] = _protected(tree, source, work / recipe.replace("+", "_"), recipe, models)
        first = work / RECIPES[2].replace("+", "_")
        chosen = ("--classifier", "squeezenet_places365")
        answers = {
            "verify": _answer(tree, work, "verify", str(first), "--json", models=models),
            "classify": _answer(tree, work, "classify", *_some(source), "--json", *chosen, models=models),
            "score": _answer(tree, work, "score", *_some(source), "--json", models=models),
            "evaluate": _evaluated(tree, work, source, first, models),
        }
        nowhere = str(work / "nowhere")
        refused = {
            "dry run": _answer(tree, work, "protect", str(source), nowhere, "--dry-run", *chosen, models=models),
            "no recipe of that name": _answer(tree, work, "protect", str(source), nowhere, "--recipe", "sepia"),
            "no such photo": _answer(tree, work, "protect", str(work / "none.jpg"), nowhere),
            "one place": _answer(tree, work, "protect", str(source)),
            "no journal": _answer(tree, work, "verify", str(source)),
        }
        answers |= {what: {"exit": answer["exit"]} for what, answer in refused.items()}
    helps = {word: run(tree, word, "--help").stdout for word in COMMANDS}
    lists = {word: run(tree, "list", word, "--json", models=models).stdout for word in LISTS}
    return {"runs": runs, "answers": answers, "help": helps | {"": run(tree, "--help").stdout}, "lists": lists}


def record_engine(tree: Path, photos: Path, models: Path, engine: str) -> dict[str, Any]:
    """Return what one engine makes of some of the photos, as plain values."""
    with tempfile.TemporaryDirectory(prefix="pixelpriv-recorded-") as name:
        source = Path(name) / "in"
        source.mkdir()
        fill(source, photos, ENGINE_COUNT)
        runs = {}
        for recipe in ENGINE_RECIPES:
            print(f"{recipe} on {engine} ...", file=sys.stderr, flush=True)
            out = Path(name) / recipe.replace("+", "_")
            runs[recipe] = _protected(tree, source, out, recipe, models, "--engine", engine)
    return {"engine": engine, "runs": runs}


def _some(source: Path) -> list[str]:
    return [str(path) for path in sorted(source.iterdir())[:8]]


def _protected(tree: Path, source: Path, out: Path, recipe: str, models: Path, *more: str) -> dict[str, Any]:
    options = ("--classifier", "squeezenet_places365", "--deterministic", "--json", "--no-report", "--timeout", "900")
    done = run(tree, "protect", str(source), str(out), "--recipe", recipe, *options, *more, models=models)
    records = [_untimed(json.loads(line)) for line in done.stdout.splitlines()]
    files = {path.name: _content(path) for path in sorted(out.glob("*.*")) if path.is_file()}
    return {"exit": done.returncode, "records": records, "files": files}


def _answer(tree: Path, work: Path, *words: str, models: Path | None = None) -> dict[str, Any]:
    done = run(tree, *words, models=models)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    text = json.dumps([_untimed(line) for line in lines]).replace(str(work), "WORK")
    return {"exit": done.returncode, "records": json.loads(text)}


def _evaluated(tree: Path, work: Path, source: Path, out: Path, models: Path) -> dict[str, Any]:
    labels = work / "labels.csv"
    labels.write_text("".join(f"{path.name},{number % 365}\n" for number, path in enumerate(sorted(source.iterdir()))))
    words = (
        "evaluate",
        str(source),
        str(out),
        "--labels",
        str(labels),
        "--classifier",
        "squeezenet_places365",
        "--json",
    )
    return _answer(tree, work, *words, models=models)


def _untimed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _untimed(item) for key, item in value.items() if key not in _TIMES}
    return [_untimed(item) for item in value] if isinstance(value, list) else value


def _content(path: Path) -> dict[str, str]:
    """Return the file's sha256 and, for a TIFF, that of its pixels, tags and metadata."""
    kept = {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    if path.suffix.startswith(".tif"):
        with Image.open(path) as image:
            tags = {key: str(value) for key, value in sorted(image.tag_v2.items()) if key not in _PLACES}  # type: ignore[attr-defined]
            exif = {key: str(value) for key, value in sorted(image.getexif().get_ifd(0x8769).items())}
            kept["content"] = hashlib.sha256(
                np.asarray(image).tobytes() + json.dumps([tags, exif]).encode()
            ).hexdigest()
    return kept


#: TIFF tags that say where in the file things are, and how they are cut and packed.
_PLACES = {256, 257, 259, 273, 277, 278, 279, 284, 317, 338, 339, 34665}


def differences(before: Any, after: Any, place: str = "") -> Iterator[str]:
    """Yield one line for each place where two recordings differ."""
    if isinstance(before, dict) and isinstance(after, dict):
        if "content" in before and "content" in after:
            before, after = {"content": before["content"]}, {"content": after["content"]}
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key), after.get(key), f"{place}/{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from differences(*pair, f"{place}/{number}")
    elif before != after:
        yield f"{place}: {str(before)[:3000]} -> {str(after)[:3000]}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    recording = commands.add_parser("record")
    recording.add_argument("--photos", type=Path, required=True)
    recording.add_argument("--models", type=Path, required=True)
    recording.add_argument("--out", type=Path, required=True)
    recording.add_argument("--tree", type=Path, default=ROOT)
    recording.add_argument("--engine", help="record what this engine makes of some of the photos, and nothing else")
    comparing = commands.add_parser("compare")
    comparing.add_argument("before", type=Path)
    comparing.add_argument("after", type=Path)
    arguments = parser.parse_args()
    if arguments.command == "record":
        places = [path.resolve() for path in (arguments.tree, arguments.photos, arguments.models)]
        made = record_engine(*places, arguments.engine) if arguments.engine else record(*places)
        arguments.out.write_text(json.dumps(made, indent=1, sort_keys=True))
        return 0
    found = list(differences(*(json.loads(path.read_text()) for path in (arguments.before, arguments.after))))
    print("\n".join(found) or "no difference")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
