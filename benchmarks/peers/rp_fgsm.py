"""Protects the same photos by the public RP-FGSM recipe and by recipes of ours: what survives sharing, looks and time.

    python benchmarks/peers/rp_fgsm.py --data ../shared/data [--photos 32] [--recipes 'robust;least_likely'] [--epsilon 16,4]

RP-FGSM (Sanchez-Matilla et al., "Exploiting vulnerabilities of deep neural networks for privacy protection", IEEE
Transactions on Multimedia 22(7), 2020) is written again here in torch, from its published settings: steps of one grey level along
the sign of the gradient towards a random class among those behind a cumulated probability of gamma = 0.99;
min(1.25 E, E + 4) steps within E = 16; before each step one of four filters, of which each is drawn equally often, as is each of
their parameters: none, 1 to 7 bits, a median of 2, 3 or 5 pixels, a differentiable JPEG of quality 25, 50 or 75.

Choice, all in its favour: it steps at the photo's own size through the network's own resize (as published, photos are squashed
to 224x224 first and saved so), weights are frozen, and what JPEG gives back is normalised like all else. Its photos go one by
one, as published; ours in batches. Seconds are those of a whole photo: decoding, attack, JPEG 95. All files are judged alike, by
``decisions/survival_judging.py``. It needs ``pip install kornia ssimulacra2``.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from kornia.enhance import jpeg_codec_differentiable
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "decisions"))

import survival
from survival_judging import Judge

from pixelpriv_fast.codecs import EncodeOptions, encode
from pixelpriv_fast.kernels.reference.resize import matrix
from pixelpriv_fast.models import CARDS, Preprocess, Store, load_state_dict
from pixelpriv_fast.models.architectures import network
from pixelpriv_fast.types import Photo

GAMMA = 0.99
FILE = EncodeOptions(format="jpeg", quality=95)

Filter = Callable[[torch.Tensor, int], torch.Tensor]


class Reads(torch.nn.Module):
    """A network with its preprocessing, for photos of one size: (1, 3, H, W) RGB in 0..1 -> logits."""

    def __init__(self, module: torch.nn.Module, preprocess: Preprocess, height: int, width: int) -> None:
        super().__init__()
        reading = preprocess.for_size(height, width)
        rows, columns = (
            torch.from_numpy(matrix(axis, axis.weights)).float() for axis in reading.geometry.axes(height, width)
        )
        order, gain, bias = reading.channels
        self.module, self.order = module, order.tolist()
        self.rows, self.columns = rows, columns.T.contiguous()
        self.gain, self.bias = torch.from_numpy(255 * gain)[:, None, None], torch.from_numpy(bias.copy())[:, None, None]

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        small = self.rows @ pixels @ self.columns
        return self.module(small[:, self.order] * self.gain + self.bias)


def rounded(values: torch.Tensor) -> torch.Tensor:
    """Round with a slope: the cube of what is rounded off stays."""
    whole = values.detach().round()
    return whole + (values - whole) ** 3


def bits(pixels: torch.Tensor, number: int) -> torch.Tensor:
    steps = 2**number - 1
    return rounded(pixels * steps) / steps


def median(pixels: torch.Tensor, side: int) -> torch.Tensor:
    before = (side - 1) // 2
    padded = functional.pad(pixels, (before, side - 1 - before) * 2, mode="reflect")
    return padded.unfold(2, side, 1).unfold(3, side, 1).flatten(-2).median(-1).values


def jpeg(pixels: torch.Tensor, quality: int) -> torch.Tensor:
    return jpeg_codec_differentiable(pixels, torch.tensor([float(quality)]))


#: What a step looks at instead of the photo, and the parameters that are drawn for it.
FILTERS: Sequence[tuple[Filter, Sequence[int]]] = (
    (lambda pixels, _: pixels, (0,)),
    (bits, range(1, 8)),
    (median, (2, 3, 5)),
    (jpeg, (25, 50, 75)),
)


def drawn(number: int, of: int, rng: np.random.Generator) -> list[int]:
    """Draw so that each of the choices comes equally often, or once more."""
    all_of_them = np.arange(number) % of
    rest = number % of
    all_of_them[number - rest :] = rng.choice(of, rest, replace=False)
    return [int(choice) for choice in rng.permutation(all_of_them)]


def filters(steps: int, rng: np.random.Generator) -> list[tuple[Filter, int]]:
    """Draw the filter of each step, and its parameter."""
    kinds = drawn(steps, len(FILTERS), rng)
    places = [drawn(kinds.count(kind), len(of), rng) for kind, (_, of) in enumerate(FILTERS)]
    return [(FILTERS[kind][0], FILTERS[kind][1][places[kind].pop()]) for kind in kinds]


def target_of(logits: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Draw one of the unlikely classes: those behind the first of which the likelier ones hold gamma together."""
    shares, order = functional.softmax(logits[0], 0).sort(descending=True)
    behind = order[shares.cumsum(0) > GAMMA][1:]
    chosen = behind[int(rng.integers(len(behind)))] if len(behind) else order[-1]
    return chosen[None]


def rp_fgsm(reads: Reads, pixels: np.ndarray, epsilon: int, seed: int) -> tuple[np.ndarray, int]:
    """Return the protected photo and the number of gradients."""
    rng = np.random.default_rng(seed)
    start = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    low, high = (start - epsilon).clamp(0), (start + epsilon).clamp(max=255)
    with torch.no_grad():
        target = target_of(reads(start / 255), rng)
    steps, moved = int(min(1.25 * epsilon, epsilon + 4)), start
    for treat, number in filters(steps, rng):
        shares = (moved / 255).requires_grad_(True)
        loss = functional.cross_entropy(reads(treat(shares, number)), target)
        (gradient,) = torch.autograd.grad(loss, shares)
        moved = torch.minimum(torch.maximum(moved - gradient.sign(), low), high).round()
    return moved[0].permute(1, 2, 0).byte().numpy(), steps


@dataclass
class Peer:
    """RP-FGSM at one epsilon."""

    module: torch.nn.Module
    preprocess: Preprocess
    epsilon: int

    @property
    def name(self) -> str:
        return f"RP-FGSM, E = {self.epsilon}"

    def protected(self, photos: Sequence[survival.Original]) -> survival.Made:
        made, known = survival.Made([]), dict[tuple[int, int], Reads]()
        begin = time.perf_counter()
        for number, photo in enumerate(photos):
            pixels = survival.pixels_of(photo.path.read_bytes())
            size = pixels.shape[:2]
            reads = known.setdefault(size, Reads(self.module, self.preprocess, *size))
            moved, gradients = rp_fgsm(reads, pixels, self.epsilon, number)
            made.files.append(encode(moved, like=Photo(moved, "jpeg"), options=FILE))
            made.gradients += gradients
        made.seconds, made.photos = time.perf_counter() - begin, len(photos)
        return made


def row_of(
    name: str, made: survival.Made, photos: Sequence[Any], judge: Judge, given: argparse.Namespace
) -> dict[str, Any]:
    results = [survival.pixels_of(data) for data in made.files]
    cost = {
        "seconds_a_photo": round(made.seconds / made.photos, 4),
        "gradients_a_photo": round(made.gradients / made.photos, 2) if made.gradients else None,
    }
    about = {"recipe": name, "classifier": given.classifier, "photos": len(photos)}
    return {
        **about,
        **cost,
        **survival.looks(photos, results, given),
        "lists": survival.readings(photos, results, judge),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("paths", nargs="*", type=Path, help="photos without labels, instead of --data")
    parser.add_argument("--data", type=Path, help="folder with labels/ and photos/sun/")
    parser.add_argument("--classifier", default="squeezenet_places365")
    parser.add_argument("--models", type=Path, help="the model store's folder")
    parser.add_argument("--photos", type=int, help="take only this many, evenly spread")
    parser.add_argument("--recipes", default="robust", help="ours, separated by ;")
    parser.add_argument("--epsilon", default="16", help="the peer's, in grey levels, separated by commas")
    parser.add_argument("--batch", type=int, default=16, help="photos in a batch of ours")
    parser.add_argument("--json", type=Path, help="writes every figure here")
    parser.set_defaults(engine="auto", precision="auto", flee_labels=False, protected_cache=None)
    given = parser.parse_args()
    if bool(given.paths) == bool(given.data):
        parser.error("name photos, or --data FOLDER")
    judge = Judge(given.classifier, given.models)
    photos, model = survival.originals(given, judge), Store(given.models).load(given.classifier)
    module = network(CARDS[given.classifier], load_state_dict(model)).requires_grad_(False).eval()
    assert model.stamp.preprocess is not None
    peers = [Peer(module, model.stamp.preprocess, int(word)) for word in given.epsilon.split(",")]
    ours = [word.strip() for word in given.recipes.split(";")]
    rows = [row_of(peer.name, peer.protected(photos), photos, judge, given) for peer in peers]
    rows += [row_of(word, survival.protected(word, photos, given), photos, judge, given) for word in ours]
    for row in rows:
        print("\n".join(survival.lines(row)))
    for row in rows[len(peers) :]:
        times = (
            f"{peer['seconds_a_photo'] / row['seconds_a_photo']:.1f} times {peer['recipe']}"
            for peer in rows[: len(peers)]
        )
        print(f"\nspeed of {row['recipe']}: {', '.join(times)}")
    if given.json:
        given.json.write_text(json.dumps(rows, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
