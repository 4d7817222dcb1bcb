"""Measures success on labelled scene photos: attack by attack, format by format.

    python benchmarks/decisions/scene_success.py --data ../shared/data [--photos N] [--attacks least_likely,pgd]

It backs the rules by which attacks keep an iterate (``keep``). It protects the SUN photos that SqueezeNet-Places365 classifies
correctly, and judges the saved bytes by ONNX Runtime after a Pillow preprocessing of its own, not by the package's verdict.
Besides accuracy it prints what distinguishes the methods: the share of photos whose top-1 is the least-likely target, the
mean absolute change in grey levels, and PSNR; and how the attack survives further encoding.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import onnxruntime
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.models import Store

CLASSIFIER = "squeezenet_places365"


class Judge:
    """An independent classification: Pillow's resize, ONNX Runtime on the CPU, the stored network."""

    def __init__(self, models: Path | None) -> None:
        path = Store(models).find(CLASSIFIER)
        if path is None:
            raise SystemExit(f"{CLASSIFIER} is not in the store: pixelpriv models import {CLASSIFIER} FILE")
        self.session = onnxruntime.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
        self.input = self.session.get_inputs()[0].name

    def logits(self, data: bytes) -> np.ndarray:
        image = Image.open(io.BytesIO(data)).convert("RGB").resize((256, 256), Image.Resampling.BILINEAR)
        pixels = np.asarray(image, np.float32)[16:240, 16:240, ::-1] / 255
        batch = np.ascontiguousarray(pixels.transpose(2, 0, 1))[None]
        return np.asarray(self.session.run(None, {self.input: batch})[0][0])


def reencoded(pixels: np.ndarray, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue()


def correct_photos(data: Path, limit: int | None) -> list[tuple[Path, tuple[int, ...]]]:
    with open(data / "labels" / "sun_places365.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["squeezenet_correct"] == "1"]
    photos = [(data / "photos" / "sun" / r["file"], tuple(map(int, r["accepted_indices"].split()))) for r in rows]
    return photos[:: max(1, len(photos) // limit)][:limit] if limit else photos


def run(
    attack: str, format_name: str, photos: list[tuple[Path, tuple[int, ...]]], judge: Judge, args: argparse.Namespace
) -> dict:
    protector = pp.Protector(
        attack,
        classifier=CLASSIFIER,
        models=args.models,
        retry=not args.no_retry,
        encoding=pp.EncodeOptions(format=format_name, quality=95 if format_name == "jpeg" else None),
    )
    protector.warm_up(batch=args.batch)
    seen: dict[str, list[float]] = defaultdict(list)
    start = time.perf_counter()
    results = list(
        protector.stream([p for p, _ in photos], batch=args.batch, labels=[a for _, a in photos], encode=True)
    )
    seconds = time.perf_counter() - start
    for (path, accepted), result in zip(photos, results, strict=True):
        clean, after = judge.logits(path.read_bytes()), judge.logits(result.encoded)
        original = np.asarray(Image.open(path).convert("RGB"), np.int16)
        seen["clean"].append(int(clean.argmax()) in accepted)
        seen["accuracy"].append(int(after.argmax()) in accepted)
        seen["agrees_with_verdict"].append(int(after.argmax()) == result.verdict.after.index)
        seen["least_likely_target"].append(int(after.argmax()) == int(clean.argmin()))
        seen["mean_change"].append(float(np.abs(result.image.astype(np.int16) - original).mean()))
        seen["psnr"].append(result.verdict.metrics["psnr"])
        seen["retried"].append(result.attempts > 1)
        for quality in (90, 75):
            seen[f"jpeg{quality}_420"].append(int(judge.logits(reencoded(result.image, quality)).argmax()) in accepted)
    row = {key: round(float(np.mean(values)), 4) for key, values in seen.items()}
    return {
        "attack": attack,
        "format": format_name,
        "photos": len(photos),
        **row,
        "photos_per_second": round(len(photos) / seconds, 2),
    }


def scene_parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options of every script that protects these photos."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, required=True, help="folder with labels/ and photos/sun/")
    parser.add_argument("--models", type=Path)
    parser.add_argument("--photos", type=int, help="take only this many, evenly spread")
    parser.add_argument("--attacks", default="least_likely,pgd")
    parser.add_argument("--batch", type=int, default=16)
    return parser


def main() -> None:
    parser = scene_parser(__doc__.splitlines()[0])
    parser.add_argument("--formats", default="png,jpeg")
    parser.add_argument("--no-retry", action="store_true", help="the attacks' own rules only")
    args = parser.parse_args()
    photos, judge = correct_photos(args.data, args.photos), Judge(args.models)
    for attack in args.attacks.split(","):
        for format_name in args.formats.split(","):
            print(json.dumps(run(attack, format_name, photos, judge, args)), flush=True)


if __name__ == "__main__":
    main()
