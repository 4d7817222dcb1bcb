"""CartoonGAN's generator (Chen, Lai & Liu, CVPR 2018): parameters named as in the official checkpoints.

The definition that every faster form is measured against. Details that the published outputs decide: eps is 1e-5
inside the root, the variance is biased, the down- and up-blocks pad with zeros and everything else by reflection, and
no ReLU follows a residual sum. With these the authors' own sample picture comes out with 99.98 % identical bytes.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional

EPS = 1e-5
_BLOCKS = range(4, 12)  # the names of the residual blocks: conv04 .. conv11
_WIDTHS = (64, 128, 256)


class InstanceNorm(nn.Module):
    """Brings each photo's channel to mean 0 and (biased) variance 1 over all its pixels, then scales and shifts it.

    Parameters
    ----------
    channels : int
        Number of channels.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(channels))
        self.shift = nn.Parameter(torch.zeros(channels))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # Computed in fp32 whatever the rest is: over a million pixels 16 bit holds no sum.
        """Normalise (n, channels, h, w), in fp32."""
        normal = functional.instance_norm(x.float(), None, None, self.scale.float(), self.shift.float(), eps=EPS)
        return normal.to(x.dtype)


def _reflect(x: torch.Tensor, size: int) -> torch.Tensor:
    return functional.pad(x, (size, size, size, size), mode="reflect")


class CartoonGANNet(nn.Module):
    """The bare network: (n, 3, h, w) BGR in [-1, 1] -> the same, of size 4 ceil(ceil(side / 2) / 2).

    11.13 M parameters, 829,824 multiply-adds an input pixel. Needs at least 5 pixels a side (two rows left for
    reflection at a quarter of the size).
    """

    def __init__(self) -> None:
        super().__init__()
        narrow, middle, wide = _WIDTHS
        self.conv01_1, self.in01_1 = nn.Conv2d(3, narrow, 7), InstanceNorm(narrow)
        self.conv02_1, self.conv02_2 = nn.Conv2d(narrow, middle, 3, 2, 1), nn.Conv2d(middle, middle, 3, 1, 1)
        self.in02_1 = InstanceNorm(middle)
        self.conv03_1, self.conv03_2 = nn.Conv2d(middle, wide, 3, 2, 1), nn.Conv2d(wide, wide, 3, 1, 1)
        self.in03_1 = InstanceNorm(wide)
        for block in _BLOCKS:
            for half in (1, 2):
                self.add_module(f"conv{block:02}_{half}", nn.Conv2d(wide, wide, 3))
                self.add_module(f"in{block:02}_{half}", InstanceNorm(wide))
        self.deconv01_1, self.deconv01_2 = _doubling(wide, middle), nn.Conv2d(middle, middle, 3, 1, 1)
        self.in12_1 = InstanceNorm(middle)
        self.deconv02_1, self.deconv02_2 = _doubling(middle, narrow), nn.Conv2d(narrow, narrow, 3, 1, 1)
        self.in13_1 = InstanceNorm(narrow)
        self.deconv03_1 = nn.Conv2d(narrow, 3, 7)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Draw the cartoon."""
        x = functional.relu(self.in01_1(self.conv01_1(_reflect(x, 3))))
        x = functional.relu(self.in02_1(self.conv02_2(self.conv02_1(x))))
        x = functional.relu(self.in03_1(self.conv03_2(self.conv03_1(x))))
        for block in _BLOCKS:
            x = x + self._residual(block, x)
        x = functional.relu(self.in12_1(self.deconv01_2(self.deconv01_1(x))))
        x = functional.relu(self.in13_1(self.deconv02_2(self.deconv02_1(x))))
        return torch.tanh(self.deconv03_1(_reflect(x, 3)))

    def _residual(self, block: int, x: torch.Tensor) -> torch.Tensor:
        conv_1, conv_2 = self.get_submodule(f"conv{block:02}_1"), self.get_submodule(f"conv{block:02}_2")
        in_1, in_2 = self.get_submodule(f"in{block:02}_1"), self.get_submodule(f"in{block:02}_2")
        x = functional.relu(in_1(conv_1(_reflect(x, 1))))
        y: torch.Tensor = in_2(conv_2(_reflect(x, 1)))
        return y


class CartoonGANPhoto(CartoonGANNet):
    """The same network between photos: (n, 3, h, w) RGB in 0..255 -> RGB in 0..1, as the ready ``.onnx`` has it."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Draw the cartoon of photos."""
        y = super().forward(x.flip(1) / 127.5 - 1.0)
        return 0.5 * y.flip(1) + 0.5


def _doubling(inputs: int, outputs: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1)
