"""Which provider answers a wish: a table and one pure function. Nothing here touches a library or the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DeviceError, UsageError
from ..words import Precision


@dataclass(frozen=True, slots=True)
class Provider:
    """One way of running a network, and everything that others need to know of it: nobody else asks for its name."""

    name: str
    device: str  #: "cpu" or "cuda"
    title: str
    ort: str | None  #: ONNX Runtime's name for it; None where OpenVINO runs it
    fix: str = ""  #: the line that brings its libraries
    halves: tuple[Precision, ...] = ()  #: formats of 16 bits that its hardware may multiply, fastest first
    exact_fp32: bool = True  #: False where "fp32" is rounded to TF32 on the way
    most: int | None = None  #: photos in one pass, see below; None for no limit
    lanes: bool = False  #: whether photos are best computed side by side, each by threads of its own, see below
    planar: bool = False  #: whether its kernels keep every channel as a plane, instead of a pixel's channels together
    compiles: bool = False  #: whether it builds engines that take minutes and are worth keeping on disk
    note: str = ""


@dataclass(frozen=True, slots=True)
class Status:
    """What trying one provider showed: whether a one-node session ran, why not, and the line that would fix it."""

    works: bool
    reason: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The provider that will run, and why it was taken."""

    provider: Provider
    reason: str


#: Said of whatever only a GPU can run.
UNTRIED = "written for a GPU, not run on a GPU yet"

#: In order of preference: ``auto`` and a device word take the first that works.
#: Choice: OpenVINO before ONNX Runtime on a CPU (fp32 ResNet50 at batch 8: 0.21 s against 0.31 s on two cores).
PROVIDERS: Mapping[str, Provider] = {
    provider.name: provider
    for provider in (
        Provider(
            "tensorrt",
            "cuda",
            "TensorRT (ONNX Runtime)",
            "TensorrtExecutionProvider",
            fix="pip install tensorrt, of the version that this onnxruntime-gpu asks for",
            halves=("fp16", "bf16"),
            exact_fp32=False,
            compiles=True,
            note=UNTRIED,
        ),
        Provider(
            "cuda",
            "cuda",
            "CUDA (ONNX Runtime)",
            "CUDAExecutionProvider",
            fix='pip uninstall onnxruntime && pip install "onnxruntime-gpu[cuda,cudnn]"',
            note=UNTRIED,
        ),
        # Choice: four photos a pass on OpenVINO. More are no faster (steps of EfficientNet-Lite0 in bf16 in passes of 1, 4
        # and 16: 110, 140 and 133 photos a second; ``benchmarks/engine_steps.py --batches 1,4,16``, and ``--passes``),
        # and a pass that is not full costs as much as one that is.
        # Choice: gradients and what else engines ask are not computed in passes of four by all threads but of one photo by
        # threads of its own. A photo by one thread took no more processor time than a share of a pass by two (whole attacks
        # of SqueezeNet, EfficientNet-Lite0 and ResNet50), and the two threads of a pass got in each other's way for half a
        # minute at a time, in which SqueezeNet took 1.6 times as long in bf16.
        Provider("openvino", "cpu", "OpenVINO", None, fix="pip install openvino", halves=("bf16",), most=4, lanes=True),
        # ONNX Runtime's kernels share a matrix product's rows out among threads, so that a photo's values depend on its
        # place in a pass (SqueezeNet from 4 photos on): it gets one photo at a time.
        Provider("onnxruntime", "cpu", "ONNX Runtime", "CPUExecutionProvider", most=1, planar=True),
    )
}

#: Every word that ``device=`` takes, with the providers it may mean, best first.
WISHES: Mapping[str, tuple[str, ...]] = {
    "auto": tuple(PROVIDERS),
    "cpu": ("openvino", "onnxruntime"),
    **{name: (name,) for name in PROVIDERS},
}


def candidates(wish: str, precision: str = "fp32") -> tuple[str, ...]:
    """The providers that ``wish`` may mean, best first. Raises ``UsageError`` for an unknown word.

    Choice: with "fp32", ``auto`` passes over a provider that cannot compute it exactly (verdicts are fp32, and no
    option of TensorRT's provider turns TF32 off); asked for by name, it runs.
    """
    if wish not in WISHES:
        raise UsageError(f"unknown device {wish!r}. Known: {', '.join(WISHES)}")
    if wish == "auto" and precision == "fp32":
        return tuple(name for name in WISHES[wish] if PROVIDERS[name].exact_fp32)
    return WISHES[wish]


def resolve(wish: str, statuses: Mapping[str, Status], precision: str = "fp32") -> Choice:
    """The first provider of ``wish`` that works.

    ``statuses`` needs an entry only for the providers up to the first that works. Raises ``DeviceError`` with every
    reason and fix when none does, ``UsageError`` for an unknown word.
    """
    names = candidates(wish, precision)
    failed: list[str] = []
    for name in names:
        status = statuses[name]
        if status.works:
            return Choice(PROVIDERS[name], _why(wish, name, failed, statuses))
        failed.append(name)
    lines = [f"{PROVIDERS[name].title}: {statuses[name].reason}" for name in failed]
    fixes = [statuses[name].fix for name in failed if statuses[name].fix]
    fix = f"; fix: {fixes[0]}" if fixes else ""
    raise DeviceError(f"device {wish!r} cannot run here: {'; '.join(lines)}{fix}")


def _why(wish: str, name: str, failed: list[str], statuses: Mapping[str, Status]) -> str:
    if wish == name:
        return "asked for, and works"
    passed = "".join(f"; {PROVIDERS[other].title}: {statuses[other].reason}" for other in failed)
    return f"the first that works for {wish!r}{passed}"
