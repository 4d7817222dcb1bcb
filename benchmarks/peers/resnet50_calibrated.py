"""Writes a ResNet50 of random weights whose logits and gradients are sane, for timings without the real weights.

Residual branches are damped to 0.2, since a plain random ResNet50 is chaotic (bf16 gradients would point elsewhere than
fp32 ones), and batch-norm statistics are those of real photos, so that activations keep their scale. The head is scaled
until logits spread like a trained network's.

    python benchmarks/peers/resnet50_calibrated.py --photos FOLDER --out resnet50.onnx
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from pixelpriv_fast.models import CARDS, Preprocess, StampedModel, read_stamped
from pixelpriv_fast.models.architectures.resnet50_places365 import ResNet50Places365
from pixelpriv_fast.models.importing.build import build

SIZE = 224
_DAMPING = 0.2
_SPREAD = 3.0  # standard deviation of a photo's logits

#: The real network's card but for the input: photos of 224x224, only normalised.
CARD = replace(
    CARDS["resnet50_places365"],
    shape=("batch", 3, SIZE, SIZE),
    preprocess=Preprocess((SIZE, SIZE), mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
)


def resnet50(photos: list[NDArray[np.uint8]], seed: int = 0) -> StampedModel:
    """Return the network, calibrated on ``photos``, uint8 (224, 224, 3), as a stamped model."""
    return read_stamped(_stamped(photos, seed), CARD.name)


def _stamped(photos: list[NDArray[np.uint8]], seed: int = 0) -> bytes:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        module = ResNet50Places365()
    inputs = torch.from_numpy(np.stack([CARD.preprocess.rounded(photo) for photo in photos]))
    _calibrate(module, inputs)
    tensors = {name: value.numpy() for name, value in module.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "resnet50.npz"
        np.savez(file, **tensors)
        return build(CARD, file, allow_unknown_hash=True)


@torch.no_grad()
def _calibrate(module: torch.nn.Module, inputs: torch.Tensor) -> None:
    norms = {name: layer for name, layer in module.named_modules() if isinstance(layer, torch.nn.BatchNorm2d)}
    for name, layer in norms.items():
        layer.momentum = None  # the plain mean over what it sees
        if name.endswith("bn3"):
            layer.weight.fill_(_DAMPING)
    module.train()(inputs)
    logits = module.eval()(inputs)
    module.fc.weight.mul_(_SPREAD / logits.std(1).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    files = sorted(given.photos.rglob("*.[jp][pn]g"))[:16]
    photos = [np.asarray(Image.open(file).convert("RGB").resize((SIZE, SIZE))) for file in files]
    given.out.write_bytes(_stamped(photos))


if __name__ == "__main__":
    main()
