"""Which provider answers a request: a table and one pure function. Nothing here touches a library or the machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ..errors import DeviceError, checked_word
from ..words import Precision


@dataclass(frozen=True, slots=True)
class Provider:
    """What may run a network, and everything that others need to know of it: no other code asks for its name.

    Attributes
    ----------
    name : str
        Its word.
    device : {"cpu", "cuda"}
        Where it runs.
    title : str
        Its name for people.
    ort : str or None
        ONNX Runtime's name for it; None where OpenVINO runs it.
    fix : str
        The line that brings its libraries.
    halves : tuple of Precision
        16-bit precisions that its hardware may multiply, fastest first.
    exact_fp32 : bool
        False where fp32 is rounded to TF32 on the way.
    max_batch : int or None
        Maximum number of photos in a network call; None for no limit.
    parallel : bool
        Whether photos are best computed as parallel requests of one photo, each by threads of its own.
    planar : bool
        Whether its kernels keep every channel as a plane, instead of a pixel's channels together.
    compiles : bool
        Whether it builds engines that take minutes and are worth keeping on disk.
    note : str
        What ``info`` says beside it.
    """

    name: str
    device: str
    title: str
    ort: str | None
    fix: str = ""
    halves: tuple[Precision, ...] = ()
    exact_fp32: bool = True
    max_batch: int | None = None
    parallel: bool = False
    planar: bool = False
    compiles: bool = False
    note: str = ""

    def __str__(self) -> str:
        """Return what runs, as "cpu (OpenVINO)"."""
        return f"{self.device} ({self.title})"


@dataclass(frozen=True, slots=True)
class Status:
    """What trying one provider showed.

    Attributes
    ----------
    works : bool
        Whether the probe model ran.
    reason : str
        Why, or why not.
    fix : str
        The line that would fix it.
    """

    works: bool
    reason: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """The provider that will run, and why it was taken.

    Attributes
    ----------
    provider : Provider
        What runs.
    reason : str
        Why.
    """

    provider: Provider
    reason: str


#: Note attached to everything that only a GPU can run; README and ``pixelpriv info`` say it too.
UNTRIED = "written for a GPU, not run on a GPU yet"

#: In order of preference: ``auto`` and a device word take the first that works.
#: Choice: OpenVINO before ONNX Runtime on a CPU, where its steps are faster (``benchmarks/decisions/engine_steps.py``).
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
        # Choice: a maximum of four photos in a network call on OpenVINO. More are no faster, and a batch that is not full
        # costs as much as one that is (``benchmarks/decisions/engine_steps.py --batches 1,4,16``, and ``--passes``).
        # Choice: gradients and what else engines ask run as parallel requests of one photo, each on threads of its own. A
        # photo on one thread takes no more processor time than its share of a batch of four on all threads, and the threads
        # of a batch got in each other's way for long stretches.
        Provider(
            "openvino",
            "cpu",
            "OpenVINO",
            None,
            fix="pip install openvino",
            halves=("bf16",),
            max_batch=4,
            parallel=True,
        ),
        # ONNX Runtime's kernels share a matrix product's rows out among threads, so that a photo's values depend on its
        # place in a batch (SqueezeNet from 4 photos on): it gets one photo at a time.
        Provider("onnxruntime", "cpu", "ONNX Runtime", "CPUExecutionProvider", max_batch=1, planar=True),
    )
}

#: Every word that ``device=`` takes, with the providers it may mean, best first.
DEVICE_WORDS: Mapping[str, tuple[str, ...]] = {
    "auto": tuple(PROVIDERS),
    "cpu": ("openvino", "onnxruntime"),
    **{name: (name,) for name in PROVIDERS},
}


def checked_device(word: str) -> str:
    """Return ``word`` if it is in ``DEVICE_WORDS``. Raises ``UsageError`` otherwise."""
    return checked_word("device", word, DEVICE_WORDS)


def candidates(requested: str, precision: Precision = "fp32") -> tuple[str, ...]:
    """Return the providers that a word may mean, best first.

    Choice: with fp32, ``auto`` passes over a provider that cannot compute it exactly (verdicts are fp32, and no option of
    TensorRT's provider turns TF32 off); asked for by name, it runs.

    Parameters
    ----------
    requested : str
        A word of ``DEVICE_WORDS``.
    precision : Precision
        Precision of the arithmetic.

    Returns
    -------
    tuple of str
        Names in ``PROVIDERS``.

    Raises
    ------
    UsageError
        For an unknown word.
    """
    names = DEVICE_WORDS[checked_device(requested)]
    if requested == "auto" and precision == "fp32":
        return tuple(name for name in names if PROVIDERS[name].exact_fp32)
    return names


def resolve(requested: str, statuses: Mapping[str, Status], precision: Precision = "fp32") -> Choice:
    """Return the first provider of a word that works.

    Parameters
    ----------
    requested : str
        A word of ``DEVICE_WORDS``.
    statuses : mapping of str to Status
        Needs entries for the providers up to the first that works.
    precision : Precision
        Precision of the arithmetic.

    Returns
    -------
    Choice
        The provider and why.

    Raises
    ------
    DeviceError
        With every reason and fix, if none works.
    UsageError
        For an unknown word.
    """
    failed: list[str] = []
    for name in candidates(requested, precision):
        status = statuses[name]
        if status.works:
            return Choice(PROVIDERS[name], _why(requested, name, failed, statuses))
        failed.append(name)
    lines = [f"{PROVIDERS[name].title}: {statuses[name].reason}" for name in failed]
    fixes = [statuses[name].fix for name in failed if statuses[name].fix]
    fix = f"; fix: {fixes[0]}" if fixes else ""
    raise DeviceError(f"device {requested!r} cannot run here: {'; '.join(lines)}{fix}")


def _why(requested: str, name: str, failed: list[str], statuses: Mapping[str, Status]) -> str:
    if requested == name:
        return "asked for, and works"
    passed = "".join(f"; {PROVIDERS[other].title}: {statuses[other].reason}" for other in failed)
    return f"the first that works for {requested!r}{passed}"
