"""What the processor is said to be fast at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pixelpriv_fast.runtime import PROVIDERS, device, probe
from pixelpriv_fast.runtime.providers import Status


@pytest.fixture
def processor(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """What /proc/cpuinfo says, to be changed."""
    said: dict[str, str] = {}
    cached = (device.cpu_flags, probe.precisions)
    monkeypatch.setattr(device, "_cpuinfo", lambda field: said.get(field, ""))
    for function in cached:
        function.cache_clear()
    yield said
    for function in cached:
        function.cache_clear()


@pytest.mark.parametrize(
    ("vendor", "flags", "there", "fast"),
    [
        ("GenuineIntel", "avx2 avx512_bf16 amx_bf16", True, True),
        ("GenuineIntel", "avx2 avx512_bf16", True, False),
        ("AuthenticAMD", "avx2 avx512_bf16", True, True),
        ("AuthenticAMD", "avx2", False, False),
        ("", "", False, False),
    ],
)
def test_bf16_of_processors(processor: dict[str, str], vendor: str, flags: str, there: bool, fast: bool) -> None:
    processor |= {"vendor_id": vendor, "flags": flags}
    assert (device.has_bf16(), device.fast_bf16()) == (there, fast)


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ("avx2 avx512_bf16 amx_bf16", ("bf16", "fp32")),
        ("avx2 avx512_bf16", ("fp32", "bf16")),
        ("avx2", ("fp32",)),
        ("", ("bf16", "fp32")),  # a system that does not tell: OpenVINO's own list counts
    ],
)
def test_fastest_precision_first(
    processor: dict[str, str], monkeypatch: pytest.MonkeyPatch, flags: str, found: tuple[str, ...]
) -> None:
    class Core:
        @staticmethod
        def get_property(*_: str) -> list[str]:
            return ["FP32", "BF16"]

    monkeypatch.setattr(probe, "openvino", lambda: type("openvino", (), {"Core": Core}))
    monkeypatch.setattr(probe, "status", lambda _: Status(True, "made up"))
    processor |= {"vendor_id": "GenuineIntel", "flags": flags}
    assert probe.precisions("openvino") == found
    assert probe.precisions("onnxruntime") == ("fp32",)
    assert [probe.precisions(name)[0] for name, one in PROVIDERS.items() if one.device == "cuda"] == ["fp16", "fp32"]
