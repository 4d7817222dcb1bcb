"""The only place where a word becomes an object.

One table a kind of thing, written out by hand; a row's module is imported when the row is first used, so that listing
rows loads nothing. Adding a thing is one file and one row here. Closed sets of words that stand for no object, such as keep
rules, are ``Literal`` types beside their code, checked by ``errors.checked_word``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .errors import unknown_word

#: For each field of a part another value, and the settings of other fields with which it changes the output. None: the field
#: decides how the part is computed, and no output depends on it. Classes carry them for the contract tests of their table.
Examples: TypeAlias = Mapping[str, tuple[Any, Mapping[str, Any]] | None]


@dataclass(frozen=True, slots=True)
class AutoPlace:
    """When ``--engine auto`` tries an engine.

    Attributes
    ----------
    device : str
        "cpu" or "cuda".
    place : int
        Its turn there; lower ones are tried first.
    package : str
        The package without which it is not tried.
    why : str
        Why it stands at this place.
    """

    device: str
    place: int
    package: str
    why: str


@dataclass(frozen=True, slots=True)
class Row:
    """One registered thing.

    Attributes
    ----------
    target : str
        Where it stands: ``module:attribute``, the module relative to this package (with a leading dot).
    summary : str
        One line for ``pixelpriv list``.
    auto : tuple of AutoPlace
        Of an engine: when ``--engine auto`` tries it.
    """

    target: str
    summary: str
    auto: tuple[AutoPlace, ...] = ()

    @property
    def path(self) -> str:
        """``target`` with the module's full name."""
        module, attribute = self.target.split(":")
        return f"{importlib.util.resolve_name(module, __package__)}:{attribute}"

    def load(self) -> Any:
        """Return the object, importing its module now."""
        module, attribute = self.path.split(":")
        return getattr(importlib.import_module(module), attribute)


class Table:
    """The rows of one kind by name. Unknown names are refused with the nearest ones.

    Parameters
    ----------
    kind : str
        What a row is, for messages: "attack".
    rows : dict of str to Row
        Name -> row. The order is the one in which everything lists them.
    aliases : dict of str to str, optional
        Further accepted words -> row names. The first alias of a row is the word that users see.
    """

    def __init__(self, kind: str, rows: dict[str, Row], aliases: dict[str, str] | None = None) -> None:
        self.kind = kind
        self._rows = rows
        self._aliases = aliases or {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __contains__(self, name: object) -> bool:
        return name in self._rows or name in self._aliases

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, name: str) -> Row:
        return self._rows[self.canonical(name)]

    def canonical(self, name: str) -> str:
        """Return the row's own name for ``name``, which may be an alias. Raises ``UsageError`` for an unknown name."""
        word = self._aliases.get(name, name)
        if word in self._rows:
            return word
        raise unknown_word(self.kind, name, self._rows, self._aliases)

    def alias_of(self, name: str) -> str:
        """Return the word that users see for the row ``name``: its alias, or its name if it has none."""
        return next((alias for alias, row in self._aliases.items() if row == name), name)

    def load(self, name: str) -> Any:
        """Return the object behind ``name``, importing its module now. Raises ``UsageError`` for an unknown name."""
        return self[name].load()

    def name_of(self, part: Any) -> str | None:
        """Return the name of the row whose target is ``part`` or the class of ``part``, or None."""
        kind = part if hasattr(part, "__qualname__") else type(part)
        path = f"{kind.__module__}:{kind.__qualname__}"
        return next((name for name, row in self._rows.items() if row.path == path), None)

    def by_attribute(self) -> dict[str, str]:
        """Return the rows' names by the names of the objects behind them, for example ``{"PGD": "pgd"}``."""
        return {row.target.split(":")[1]: name for name, row in self._rows.items()}

    def load_attribute(self, attribute: str, package: str) -> Any:
        """Return the object that is called ``attribute``: the ``__getattr__`` of a package whose things are rows.

        Parameters
        ----------
        attribute : str
            The object's own name, for example "PGD".
        package : str
            The package that was asked, for the message.

        Returns
        -------
        object
            What the row loads.

        Raises
        ------
        AttributeError
            If no row has an object of that name.
        """
        name = self.by_attribute().get(attribute)
        if name is None:
            raise AttributeError(f"module {package!r} has no attribute {attribute!r}")
        return self.load(name)


ENHANCEMENTS = Table(
    "enhancement",
    {
        "identity": Row(".enhance.identity:Identity", "the photo as it is"),
        "contrast": Row(".enhance.contrast:Contrast", "exposure-fusion contrast enhancement (Ying et al. 2017)"),
        "cartoongan": Row(".enhance.cartoongan:CartoonGAN", "the style of a film maker (Chen, Lai & Liu 2018)"),
        "cartoon_filter": Row(".enhance.cartoon_filter:CartoonFilter", "a drawing-like look without a network"),
    },
    aliases={"cartoon": "cartoongan"},
)

ATTACKS = Table(
    "attack",
    {
        "least_likely": Row(".attacks.least_likely:LeastLikely", "iterative least-likely class (Kurakin et al. 2016)"),
        "pgd": Row(".attacks.pgd:PGD", "projected gradient descent (Madry et al. 2017)"),
        "robust": Row(
            ".attacks.robust:Robust", "survives sharing: expectation over recompression, resizes, screenshots"
        ),
        "fgsm": Row(".attacks.fgsm:FGSM", "one fast gradient sign step (Goodfellow et al. 2014)"),
        "p_fgsm": Row(".attacks.p_fgsm:PFGSM", "towards a random class of the tail (P-FGSM, Li et al. 2019)"),
        "euclidean": Row(".attacks.euclidean:Euclidean", "worst of k rotations and shifts (Engstrom et al. 2019)"),
    },
)


CHANNELS = Table(
    "channel",
    {
        "recompress": Row(".channels.recompress:Recompress", "encoded with loss and decoded again: JPEG, WebP, AVIF"),
        "resize": Row(".channels.resize:Resize", "another size: by a factor, or down to a long side"),
        "blur": Row(".channels.blur:Blur", "a Gaussian blur"),
        "gamma": Row(".channels.gamma:Gamma", "another gamma, as on another screen"),
        "crop": Row(".channels.crop:Crop", "the edges cut off"),
        "chain": Row(".channels.chain:Chain", "several channels, one after the other"),
    },
)

PANELS = Table(
    "panel",
    {
        "sharing": Row(
            ".channels.sharing:SHARING", "what twelve ways of sharing make of a file: codecs, sizes, screenshots"
        ),
        "file": Row(".channels.sharing:FILE", "the saved file alone, as nobody has shared it yet"),
    },
)

#: What computes gradients. Choice: "auto" takes the order of steps a second (``benchmarks/decisions/engine_steps.py``).
ENGINES = Table(
    "engine",
    {
        "onnx": Row(
            ".engines.onnx.engine:load",
            "the network's backward graph on OpenVINO or ONNX Runtime, no PyTorch",
            (
                AutoPlace("cpu", 1, "openvino", "backward graph on OpenVINO: the fastest steps measured"),
                AutoPlace("cpu", 3, "onnxruntime", "backward graph on ONNX Runtime: needs the base package only"),
                AutoPlace("cuda", 2, "onnxruntime", "needs no PyTorch"),
            ),
        ),
        "torch": Row(
            ".engines.torch.engine:load",
            "PyTorch's autograd, weights frozen and batch norms folded",
            auto=(
                AutoPlace("cpu", 2, "torch", "ahead of ONNX Runtime on networks of dense convolutions"),
                AutoPlace("cuda", 1, "torch", "whole steps as CUDA graphs; chosen by design, not measured on a GPU"),
            ),
        ),
    },
)

CLASSIFIERS = Table(
    "classifier",
    {
        "efficientnet_lite0": Row(
            ".models.cards:EFFICIENTNET_LITE0", "EfficientNet-Lite0, ImageNet, 1000 objects: the embedded default"
        ),
        "resnet50_places365": Row(
            ".models.cards:RESNET50_PLACES365", "ResNet50, Places365, 365 scenes: the paper's classifier"
        ),
        "squeezenet_places365": Row(
            ".models.cards:SQUEEZENET_PLACES365", "SqueezeNet 1.1 with batch norm, Places365, 365 scenes"
        ),
    },
)

GENERATORS = Table(
    "generator",
    {
        "cartoongan_hayao": Row(".models.cards:CARTOONGAN_HAYAO", "CartoonGAN, films by Miyazaki Hayao"),
        "cartoongan_hosoda": Row(".models.cards:CARTOONGAN_HOSODA", "CartoonGAN, films by Hosoda Mamoru"),
        "cartoongan_paprika": Row(".models.cards:CARTOONGAN_PAPRIKA", "CartoonGAN, Kon Satoshi's Paprika"),
        "cartoongan_shinkai": Row(".models.cards:CARTOONGAN_SHINKAI", "CartoonGAN, films by Shinkai Makoto"),
    },
)

SCORERS = Table(
    "scorer",
    {
        "nima_mobilenet": Row(".models.cards:NIMA_MOBILENET", "NIMA on MobileNet v1, aesthetic ratings 1..10"),
        "nima_technical": Row(".models.cards:NIMA_TECHNICAL", "NIMA on MobileNet v1, technical quality 1..10"),
    },
)

METRICS = Table(
    "metric",
    {
        "psnr": Row(".metrics.psnr:PSNR", "peak signal-to-noise ratio in dB against the original; higher is closer"),
        "ssim": Row(".metrics.ssim:SSIM", "structural similarity against the original, -1..1; higher is closer"),
        "ssimulacra2": Row(
            ".metrics.ssimulacra2:SSIMULACRA2", "visible change against the original, 100 is none; higher is closer"
        ),
        "nima": Row(".metrics.nima:NIMA", "mean aesthetic rating by NIMA, 1..10, needs no original; higher is better"),
        "nima_shared": Row(".metrics.nima_shared:NIMAShared", "nima after JPEG 75, as a service leaves the photo"),
        "nima_technical": Row(
            ".metrics.nima_technical:NIMATechnical", "mean technical rating, 1..10, seen by no attack"
        ),
    },
)

CODECS = Table(
    "photo format",
    {
        "jpeg": Row(".codecs.jpeg:Jpeg", "JPEG, 4:4:4 by default"),
        "png": Row(".codecs.png:Png", "PNG, 8 bits a channel"),
        "webp": Row(".codecs.webp:Webp", "WebP, lossy or lossless as its source"),
        "tiff": Row(".codecs.tiff:Tiff", "TIFF, one page, written with deflate"),
        "avif": Row(".codecs.avif:Avif", "AVIF, 8 bits, 4:4:4"),
        "heic": Row(".codecs.heic:Heic", "HEIC, 8 bits; needs the extra [heic]"),
    },
    aliases={"jpg": "jpeg", "tif": "tiff", "heif": "heic"},
)

#: Every table, by the word of ``pixelpriv list``.
TABLES = {
    "enhancements": ENHANCEMENTS,
    "attacks": ATTACKS,
    "channels": CHANNELS,
    "panels": PANELS,
    "classifiers": CLASSIFIERS,
    "metrics": METRICS,
    "formats": CODECS,
    "engines": ENGINES,
}
