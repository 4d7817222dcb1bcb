"""Measures what a constant of ``robust`` is worth: survival, visibility and cost with another value.

    python benchmarks/decisions/robust_constants.py --data ../shared/data [--photos N] [--set MARGIN=1.5]... [--weights jnd]
        [--recipe 'robust(copies=2)'] [--enlarge 3 --classifier efficientnet_lite0]

It backs the constants of ``attacks/surviving``. Photos are the SUN photos that SqueezeNet-Places365
does **not** read correctly, which ``survival.py`` never judges: what is chosen here is not measured on there. Each is saved as
JPEG 95. Survival is measured by the panel, on which the attack stops, and by treatments of a list of this script's own, which
has nothing of the second list. ``--weights`` gives pixels other weights: all alike, by brightness (dark parts less), or by the
just noticeable difference of Chou and Li (1995). ``--enlarge`` makes photos that are lifted. Photos that the network is surest of
come first, since those that it reads correctly, on which ``survival.py`` reports, are such.
"""

from __future__ import annotations

import argparse
import csv
import time
from pathlib import Path

import numpy as np
from PIL import Image

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import robust, visibility
from pixelpriv_fast.attacks.surviving import asking, climbing, copies, costs, photo, visible
from pixelpriv_fast.channels import Blur, Chain, Channel, Crop, Gamma, Recompress, Resize
from pixelpriv_fast.channels.sharing import SHARING
from pixelpriv_fast.metrics import create
from pixelpriv_fast.models import load_classifier

MODULES = (photo, asking, climbing, copies, visible)
OWN: dict[str, Channel] = {
    "jpeg 70": Recompress("jpeg", 70),
    "jpeg 48": Recompress("jpeg", 48),
    "webp 72": Recompress("webp", 72),
    "resize 0.57": Resize(0.57, filter="bilinear"),
    "resize 0.92": Resize(0.92, filter="lanczos"),
    "blur 0.6": Blur(0.6),
    "blur 1": Blur(1.0),
    "gamma 1.08, jpeg 82": Chain((Gamma(1.08), Recompress("jpeg", 82))),
    "crop 4 %, 0.68, jpeg 80": Chain((Crop(0.04), Resize(0.68, filter="lanczos"), Recompress("jpeg", 80))),
    "0.77, jpeg 82, 0.63, jpeg 75": Chain(
        (Resize(0.77), Recompress("jpeg", 82), Resize(0.63, filter="bilinear"), Recompress("jpeg", 75))
    ),
}


def noticeable(pixels: np.ndarray) -> np.ndarray:
    behind = visibility._over(pixels @ visibility._LUMA, np.add, 5) / 25
    adapted = np.where(behind <= 127, 17 * (1 - np.sqrt(behind / 127)) + 3, 3 / 128 * (behind - 127) + 3)
    masked = 0.117 * 8 * visibility.texture(pixels)
    return (adapted + masked - 0.3 * np.minimum(adapted, masked)) / 3


WEIGHTS = {
    "alike": lambda pixels: np.ones(pixels.shape[:2]),
    "brightness": lambda pixels: 0.5 + 0.5 * np.sqrt(pixels @ visibility._LUMA / 255),
    "jnd": lambda pixels: np.sqrt(noticeable(pixels)),
}


def weighted(name: str) -> None:
    """Give pixels other weights."""

    def masking(pixels: np.ndarray) -> np.ndarray:
        weights = WEIGHTS[name](pixels)
        return (weights / np.sqrt(np.mean(weights**2))).astype(np.float32)

    costs.masking = masking


def changed(settings: list[str]) -> None:
    for setting in settings:
        name, value = setting.split("=")
        found = [module for module in MODULES if hasattr(module, name)]
        if name == "TURNS":
            robust.TURNS = tuple(value.split(","))
        elif found:
            setattr(found[0], name, type(getattr(found[0], name))(float(value)))
        else:
            raise SystemExit(f"{name} is no constant of robust")


def photos(data: Path, number: int, enlarge: int) -> list[np.ndarray]:
    with open(data / "labels" / "sun_places365.csv", newline="") as file:
        wrong = [row for row in csv.DictReader(file) if row["squeezenet_correct"] == "0"]
    wrong.sort(key=lambda row: -float(row["squeezenet_prob"]))
    images = [Image.open(data / "photos" / "sun" / row["file"]).convert("RGB") for row in wrong[:number]]
    return [
        np.asarray(image.resize([side * enlarge for side in image.size], Image.Resampling.LANCZOS)) for image in images
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--photos", type=int, default=60)
    parser.add_argument("--enlarge", type=int, default=1)
    parser.add_argument("--classifier", default="squeezenet_places365")
    parser.add_argument("--recipe", default="robust")
    parser.add_argument("--set", action="append", default=[], metavar="CONSTANT=VALUE")
    parser.add_argument("--weights", choices=WEIGHTS)
    given = parser.parse_args()
    changed(given.set)
    if given.weights:
        weighted(given.weights)
    encoding = pp.EncodeOptions(format="jpeg", quality=95)
    options = {"classifier": given.classifier, "encoding": encoding, "survival": False, "metrics": ()}
    protector = pp.Protector(given.recipe, **options)
    originals = photos(given.data, given.photos, given.enlarge)
    protector.warm_up()
    start, processor = time.perf_counter(), time.process_time()
    results = [result.image for result in protector.stream(originals, encode=True)]
    seconds, processor = time.perf_counter() - start, time.process_time() - processor
    judge, figure = load_classifier(given.classifier), create("ssimulacra2")
    read: dict[str, list[bool]] = {}
    for original, result in zip(originals, results, strict=True):
        hidden = judge([original])[0].argmax()
        for name, channel in (*((t.name, t.channel) for t in SHARING.treatments), *OWN.items()):
            pair = [original, result] if channel is None else [channel.forward(original), channel.forward(result)]
            before, after = judge(pair).argmax(axis=-1)
            if before == hidden:
                read.setdefault(name, []).append(after == hidden)
    visible = [figure(result, original) for original, result in zip(originals, results, strict=True)]
    own = {name: float(np.mean(read[name])) for name in OWN if name in read}
    panel = [float(np.mean(read[t.name])) for t in SHARING.treatments if t.name in read]
    worst = max(own, key=lambda name: own[name])
    print(
        f"{given.recipe} {' '.join(given.set)} {given.weights or ''}: ssimulacra2 median {np.median(visible):.1f},",
        f"worst 5 % {np.percentile(visible, 5):.1f}; still read: panel {np.mean(panel):.4f}, own list",
        f"{np.mean(list(own.values())):.4f}, worst {own[worst]:.3f} ({worst}); a photo {seconds / len(results):.2f} s,",
        f"processor {processor / len(results):.2f} s",
    )


if __name__ == "__main__":
    main()
