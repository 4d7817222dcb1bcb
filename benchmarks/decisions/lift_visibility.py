"""Measures how visible a large photo's protection is, and what it survives.

    python benchmarks/decisions/lift_visibility.py PHOTO_OR_FOLDER... [--attack least_likely] [--set MARGIN=1e-3]...
        [--forms discreet,alike,exact] [--pictures FOLDER]

It backs the constants of ``attacks/lifting.py`` and ``attacks/visibility.py``. ``discreet`` is the attack as it is, ``alike``
spends the ball everywhere alike (discreet=False), ``exact`` takes every step at the photo's own size (lift=False), ``none``
only saves the photo, which shows what JPEG alone does. ``--set`` changes a constant for the whole run. Photos that are not
large for the classifier are enlarged three times first.

Each photo is protected and saved as JPEG 95 4:4:4, and the file is judged by the fp32 network: as it is (``file``),
after JPEG 75 and 50 in 4:2:0, at half the size (bilinear), at 0.7 (Lanczos), and at 0.6 (bicubic) in JPEG 80. ``odds`` is
the lead of the best other class over the original's, in logits, in the file and after JPEG 75.

Visibility is the colour difference of S-CIELAB (Zhang and Wandell 1996, "A spatial extension of CIELAB for digital
color image reproduction") at 40 pixels a degree, in units of which 1 is about the minimum that is seen. It does not
model masking by texture, so the figures are those of the photo's smooth parts: ``smooth99`` is the 99th percentile there,
``smooth`` the mean.
"""

from __future__ import annotations

import argparse
import io
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter, minimum_filter

import pixelpriv_fast as pp
from pixelpriv_fast.attacks import lifting, visibility
from pixelpriv_fast.models import load_classifier
from pixelpriv_fast.registry import ATTACKS

PIXELS_A_DEGREE = 40.0
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
OPPONENT = np.array([[0.279, 0.72, -0.107], [-0.449, 0.29, -0.077], [0.086, -0.59, 0.501]])
WHITE = np.array([0.9505, 1.0, 1.089])
#: Weights and spreads in degrees of the Gaussians of each opponent channel; those of over 2 degrees see no detail.
SPREADS = (
    ((0.921, 0.0283), (0.105, 0.133), (-0.108, 4.336)),
    ((0.531, 0.0392), (0.33, 0.494)),
    ((0.488, 0.0536), (0.371, 0.386)),
)
#: A pixel is smooth if the deviation within a blur of 4 pixels is below 3 grey levels, there and 7 pixels around.
BLUR, DEVIATION, AROUND = 4.0, 3.0, 15
FORMS = {"discreet": {}, "alike": {"discreet": False}, "exact": {"lift": False}}


def linear(pixels: np.ndarray) -> np.ndarray:
    levels = np.arange(256) / 255
    table = np.where(levels <= 0.04045, levels / 12.92, ((levels + 0.055) / 1.055) ** 2.4)
    return table.astype(np.float32)[pixels]


def scielab(pixels: np.ndarray) -> np.ndarray:
    """Return CIELAB of the photo as it is seen from a distance, float32 (H, W, 3)."""
    opponent = linear(pixels) @ (OPPONENT @ XYZ).T.astype(np.float32)
    seen = np.zeros_like(opponent)
    for c, spreads in enumerate(SPREADS):
        total = sum(weight for weight, _ in spreads)
        for weight, degrees in spreads:
            sigma = degrees * PIXELS_A_DEGREE / np.sqrt(2.0)
            plane = opponent[..., c]
            blurred = plane.mean() if degrees > 2 else gaussian_filter(plane, sigma, truncate=3)
            seen[..., c] += weight / total * blurred
    relative = seen @ (np.linalg.inv(OPPONENT).T / WHITE).astype(np.float32)
    f = np.where(relative > 0.008856, np.cbrt(np.maximum(relative, 1e-9)), 7.787 * relative + 16 / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def smooth_parts(pixels: np.ndarray) -> np.ndarray:
    luma = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    variance = gaussian_filter(luma * luma, BLUR) - gaussian_filter(luma, BLUR) ** 2
    smooth: np.ndarray = minimum_filter(variance < DEVIATION**2, AROUND)
    return smooth


def jpeg(pixels: np.ndarray, quality: int, subsampling: str) -> np.ndarray:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(out).convert("RGB"))


def scaled(pixels: np.ndarray, factor: float, how: Image.Resampling) -> np.ndarray:
    image = Image.fromarray(pixels)
    return np.asarray(image.resize((round(image.width * factor), round(image.height * factor)), how))


def handled(pixels: np.ndarray) -> dict[str, np.ndarray]:
    """Return what others may make of the file."""
    return {
        "file": pixels,
        "jpeg75": jpeg(pixels, 75, "4:2:0"),
        "jpeg50": jpeg(pixels, 50, "4:2:0"),
        "half": scaled(pixels, 0.5, Image.Resampling.BILINEAR),
        "x0.7": scaled(pixels, 0.7, Image.Resampling.LANCZOS),
        "x0.6jpeg80": jpeg(scaled(pixels, 0.6, Image.Resampling.BICUBIC), 80, "4:2:0"),
    }


def measured(original: np.ndarray, saved: np.ndarray, classifier: pp.models.Classifier) -> dict[str, float]:
    hidden = int(classifier([original])[0].argmax())
    versions = handled(saved)
    logits = classifier(list(versions.values()))
    row = {name: float(z.argmax() != hidden) for name, z in zip(versions, logits, strict=True)}
    for name, z in (("odds", logits[0]), ("odds75", logits[1])):
        row[name] = float(np.delete(z, hidden).max() - z[hidden])
    seen = np.sqrt(((scielab(saved) - scielab(original)) ** 2).sum(axis=-1))[smooth_parts(original)]
    row["smooth99"] = float(np.percentile(seen, 99)) if seen.size > 500 else np.nan
    row["smooth"] = float(seen.mean()) if seen.size > 500 else np.nan
    row["psnr"] = float(10 * np.log10(255**2 / np.mean((saved.astype(float) - original) ** 2)))
    return row


def photos(paths: list[Path], classifier: pp.models.Classifier) -> Iterator[tuple[str, np.ndarray]]:
    files = [f for path in paths for f in (sorted(path.iterdir()) if path.is_dir() else [path])]
    for file in files:
        pixels = np.asarray(Image.open(file).convert("RGB"))
        rows, columns = classifier.preprocess.geometry.resized(*pixels.shape[:2])
        large = pixels.shape[0] * pixels.shape[1] >= lifting.MIN_REDUCTION * rows * columns
        yield file.stem, pixels if large else scaled(pixels, 3.0, Image.Resampling.LANCZOS)


def changed(settings: list[str]) -> None:
    for setting in settings:
        name, value = setting.split("=")
        found = [module for module in (lifting, visibility) if hasattr(module, name)]
        if not found:
            raise SystemExit(f"{name} is no constant of lifting or visibility")
        before = getattr(found[0], name)
        numbers = tuple(float(part) for part in value.split(","))
        setattr(found[0], name, numbers if isinstance(before, tuple) else type(before)(numbers[0]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--attack", default="least_likely")
    parser.add_argument("--classifier", default="efficientnet_lite0")
    parser.add_argument("--forms", default="discreet,alike,exact,none")
    parser.add_argument("--set", action="append", default=[], metavar="CONSTANT=VALUE")
    parser.add_argument("--pictures", type=Path, help="writes what was saved here")
    parser.add_argument("--each", action="store_true", help="a line for each photo too")
    given = parser.parse_args()
    changed(given.set)
    classifier = load_classifier(given.classifier)
    for form in given.forms.split(","):
        protector = None
        if form != "none":
            recipe = pp.Recipe(attack=ATTACKS.load(given.attack)(**FORMS[form]))
            options = pp.EncodeOptions(format="jpeg", quality=95)
            protector = pp.Protector(recipe, classifier=given.classifier, encoding=options, metrics=())
        rows, start = [], time.perf_counter()
        for name, original in photos(given.paths, classifier):
            saved = jpeg(original, 95, "4:4:4")
            if protector is not None:
                saved = next(iter(protector.stream([original], batch=1, encode=True))).image
            rows.append(measured(original, saved, classifier))
            if given.each:
                print(f"  {name:14}", " ".join(f"{key}={value:.2f}" for key, value in rows[-1].items()))
            if given.pictures:
                given.pictures.mkdir(parents=True, exist_ok=True)
                Image.fromarray(saved).save(given.pictures / f"{name}.{form}.png")
        means = {key: np.nanmean([row[key] for row in rows]) for key in rows[0]}
        seconds = time.perf_counter() - start
        print(
            f"{form:9} {len(rows)} photos, {seconds:.0f} s:",
            " ".join(f"{k}={v:.2f}" for k, v in means.items()),
            flush=True,
        )


if __name__ == "__main__":
    main()
