"""Parity with torchattacks on a tiny network: same gradients, same ball, whole-level steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from pixelpriv_fast.attacks import FGSM, PGD, LeastLikely
from pixelpriv_fast.engines.torch.engine import TorchEngine
from pixelpriv_fast.models import Preprocess
from tests.attacks.conftest import SIZE, network, photo

torchattacks = pytest.importorskip("torchattacks")

#: Share of samples that may differ: signs of gradients near zero, computed in another order of summation.
FEW = 0.002


class Plain(nn.Module):
    """torchattacks wants 0..1 inputs, the normalisation inside."""

    def __init__(self) -> None:
        super().__init__()
        self.network = network(3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.network((x * 255 - 127.5) / 20)


@pytest.fixture(scope="module")
def setting():
    images = np.stack([photo(*SIZE, seed=seed) for seed in range(8)])
    peer = Plain().eval()
    ours = TorchEngine.of("peer", network(3), Preprocess(SIZE, mean=(127.5,) * 3, std=(20.0,) * 3), "cpu")
    tensor = torch.from_numpy(images.transpose(0, 3, 1, 2).astype(np.float32) / 255)
    with torch.no_grad():
        labels = peer(tensor).argmax(1)
    return images, tensor, labels, peer, ours


def as_images(tensor: torch.Tensor) -> np.ndarray:
    return np.floor(tensor.numpy().transpose(0, 2, 3, 1) * 255 + 0.5).astype(np.uint8)


def test_pgd_without_random_start(setting):
    images, tensor, labels, peer, ours = setting
    attack = torchattacks.PGD(peer, eps=4 / 255, alpha=1 / 255, steps=7, random_start=False)
    got = PGD(epsilon=4 / 255, step=1 / 255, steps=7, keep="last")(images, ours)
    assert np.mean(got != as_images(attack(tensor, labels))) <= FEW


def test_bim_and_fgsm(setting):
    images, tensor, labels, peer, ours = setting
    bim = torchattacks.BIM(peer, eps=6 / 255, alpha=2 / 255, steps=5)
    got = PGD(epsilon=6 / 255, step=2 / 255, steps=5, keep="last")(images, ours, labels=labels.tolist())
    assert np.mean(got != as_images(bim(tensor, labels))) <= FEW
    fgsm = torchattacks.FGSM(peer, eps=8 / 255)
    assert np.mean(FGSM()(images, ours) != as_images(fgsm(tensor, labels))) <= FEW


def test_least_likely_is_targeted_bim_with_kurakins_steps(setting):
    images, tensor, labels, peer, ours = setting
    attack = torchattacks.BIM(peer, eps=8 / 255, alpha=1 / 255, steps=0)
    attack.set_mode_targeted_least_likely(kth_min=1, quiet=True)
    assert np.mean(LeastLikely()(images, ours) != as_images(attack(tensor, labels))) <= FEW
