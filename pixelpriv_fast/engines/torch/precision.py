"""Which torch device, and which precision of gradients: the two requests that a machine may refuse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import torch

from ...errors import DeviceError, checked_word
from ...runtime.device import fast_bf16
from ...words import Precision, PrecisionRequest

DTYPES: Mapping[Precision, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}


def torch_device(device: str) -> torch.device:
    """Return the device for "auto", "cpu" or "cuda". Raises ``DeviceError`` if CUDA is requested and does not work."""
    works = torch.cuda.is_available()
    if device == "cuda" and not works:
        raise DeviceError("device 'cuda' was asked for, but this PyTorch finds no CUDA GPU; use --device cpu or auto")
    return torch.device("cuda" if works and device != "cpu" else "cpu")


def gradient_precision(requested: str, device: torch.device) -> Precision:
    """Return the requested precision, or for "auto" the fastest that the device multiplies in hardware.

    Parameters
    ----------
    requested : {"auto", "fp32", "bf16", "fp16"}
        What is asked for.
    device : torch.device
        Where it is computed.

    Returns
    -------
    Precision
        For "auto" on a GPU: "bf16" where it can, "fp16" where it has tensor cores without bf16, else "fp32".

    Raises
    ------
    UsageError
        For an unknown word.
    DeviceError
        For a precision that the device only emulates.
    """
    word = cast(PrecisionRequest, checked_word("precision", requested, PrecisionRequest))
    if device.type == "cpu":
        return _on_cpu(word)
    capability = torch.cuda.get_device_capability(device)
    if word == "auto":
        return "bf16" if capability >= (8, 0) else "fp16" if capability >= (7, 0) else "fp32"
    if word == "bf16" and capability < (8, 0):
        raise DeviceError("precision 'bf16' was asked for, but this GPU only emulates it; use fp16, fp32 or auto")
    return word


def _on_cpu(word: PrecisionRequest) -> Precision:
    """Return the precision on a CPU.

    Choice: "auto" is bf16 wherever the processor is faster with it; only EfficientNet-Lite0, photo by photo, was a little
    faster in fp32 (``benchmarks/decisions/engine_steps.py --engines torch --batches 1,8``).
    """
    if word == "fp16":
        raise DeviceError("precision 'fp16' was asked for, but it is slower than fp32 on a CPU; use bf16, fp32 or auto")
    if word == "auto":
        return "bf16" if fast_bf16() else "fp32"
    return word
