"""Which torch device, and which number format for gradients: the two wishes that a machine may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch

from ...errors import DeviceError
from ...registry import checked_word
from ...runtime.device import fast_bf16
from ...words import Precision, PrecisionRequest

DTYPES: Mapping[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def torch_device(device: str) -> torch.device:
    """For "auto", "cpu" or "cuda". Raises ``DeviceError`` where CUDA is asked for and does not work."""
    works = torch.cuda.is_available()
    if device == "cuda" and not works:
        raise DeviceError("device 'cuda' was asked for, but this PyTorch finds no CUDA GPU; use --device cpu or auto")
    return torch.device("cuda" if works and device != "cpu" else "cpu")


def gradient_precision(requested: str, device: torch.device) -> Precision:
    """``requested``, or for "auto" the fastest that this machine multiplies in hardware: "bf16" where it can, "fp16" on
    GPUs that cannot but have tensor cores, else "fp32". Raises ``UsageError`` for an unknown word, ``DeviceError``
    for a format that the device only emulates."""
    wish = cast(PrecisionRequest, checked_word("precision", requested, PrecisionRequest))
    if device.type == "cpu":
        return _on_cpu(wish)
    capability = torch.cuda.get_device_capability(device)
    if wish == "auto":
        return "bf16" if capability >= (8, 0) else "fp16" if capability >= (7, 0) else "fp32"
    if wish == "bf16" and capability < (8, 0):
        raise DeviceError("precision 'bf16' was asked for, but this GPU only emulates it; use fp16, fp32 or auto")
    return wish


def _on_cpu(wish: PrecisionRequest) -> Precision:
    """Choice: "auto" is bf16 wherever the processor is faster with it. With AMD's AVX512-BF16 on two cores, steps at
    batches of 1 and 8 took 1 / 1.49 and 1 / 1.75 of fp32's time for SqueezeNet, 1 / 1.70 and 1 / 2.04 for a ResNet50, and
    1 / 0.92 and 1 / 1.66 for EfficientNet-Lite0: only there, photo by photo, is fp32 a little ahead (medians of nine
    interleaved rounds of ``benchmarks/engine_steps.py --engines torch --batches 1,8``).
    """
    if wish == "fp16":
        raise DeviceError("precision 'fp16' was asked for, but it is slower than fp32 on a CPU; use bf16, fp32 or auto")
    if wish == "auto":
        return "bf16" if fast_bf16() else "fp32"
    return wish
