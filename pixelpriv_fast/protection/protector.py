"""``Protector``: photos in, protected and verified photos out, in batches. ``pipeline`` lists what happens to each."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from .. import defaults
from ..codecs import EncodeOptions, Limits, check_options
from ..codecs.sources import Source, name_of
from ..errors import UsageError
from .networks import LazyNetworks, NetworkOptions
from .options import METRIC_KEYS, PhotoOptions, metrics_of
from .recipes import Recipe
from .result import Result
from .runner import PhotoRunner
from .survival import indices_of, panel_asked
from .work import Work

#: Default for the bytes that photos on their way may hold together; one photo may hold more.
MEMORY: Final = 2 << 30


class Protector(PhotoRunner):
    """Protects photos with one recipe against one or several classifiers. May be shared by threads.

    Networks are loaded on first use or by ``warm_up``.

    Parameters
    ----------
    recipe : str or Recipe
        A word such as "robust" or "contrast+least_likely", or the recipe itself.
    classifier : str or sequence of str
        One name or several; the attack then works on the mean of their losses, and a photo is protected only if every
        classifier is fooled.
    models : path or None
        A folder searched before ``$PIXELPRIV_MODELS`` and the user's data folder.
    device : str
        "auto", "cpu" or "cuda".
    engine : str
        Gradient engine: "auto", "torch" or "onnx".
    precision : str
        Precision of gradients: "auto", "fp32", "bf16" or "fp16". What stops an attack and what a verdict says is always
        fp32.
    seed : int
        The user's seed; each photo's own comes from it and the photo's content.
    encoding : EncodeOptions or None
        Format, quality and metadata policy of saved files; None keeps each photo's format.
    limits : Limits or None
        Bounds of one photo: pixels, bytes, frames; None takes the defaults of ``Limits``.
    metrics : sequence of str or None
        Names from the registry, measured on the result against the oriented original; None takes every one whose network,
        if it has one, is in the store; "nima_shared" only for a recipe with appeal.
    retry : bool
        Whether a file that encoding made recognisable again is attacked further and encoded better; False keeps the
        recipe's own rules only.
    survival : bool or None
        Whether it is measured what results survive, see ``Result.survival``; None does so if an attack of the recipe works
        towards it, or if it is required.
    require_survival : bool
        Whether a photo that does not survive every treatment counts as unprotected.
    panel : str
        The treatments, by their panel's name.
    timeout : float or None
        Maximum seconds of a photo, counted as its share of each batch; None sets no limit.
    workers : int or None
        Number of threads that decode and encode beside the networks; None is one per core. It changes the speed and
        nothing else.
    memory : int
        Maximum bytes that photos on their way hold together; a larger photo goes alone.

    Raises
    ------
    UsageError
        If a word is unknown or a value does not fit.
    """

    def __init__(
        self,
        recipe: str | Recipe = defaults.RECIPE,
        *,
        classifier: str | Sequence[str] = defaults.CLASSIFIER,
        models: str | Path | None = None,
        device: str = "auto",
        engine: str = "auto",
        precision: str = "auto",
        seed: int = 0,
        encoding: EncodeOptions | None = None,
        limits: Limits | None = None,
        metrics: Sequence[str] | None = None,
        retry: bool = True,
        survival: bool | None = None,
        require_survival: bool = False,
        panel: str = defaults.PANEL,
        timeout: float | None = None,
        workers: int | None = None,
        memory: int = MEMORY,
    ) -> None:
        folder = Path(models) if models is not None else None
        chosen = Recipe.parse(recipe).equipped(models=folder, device=device)
        names = (classifier,) if isinstance(classifier, str) else tuple(classifier)
        if not names:
            raise UsageError(f"no classifier given; name at least one, for example {defaults.CLASSIFIER!r}")
        encoding = encoding or EncodeOptions()
        check_options(encoding)
        measured = metrics_of(metrics, chosen, models=folder, device=device)
        asked = panel_asked(panel, survival, require_survival, chosen.attacks)
        options = PhotoOptions(
            chosen, seed, encoding, limits or Limits(), measured, METRIC_KEYS, retry, asked, require_survival
        )
        networks = LazyNetworks(NetworkOptions(names, chosen.attacks, folder, device, engine, precision))
        super().__init__(options, networks, timeout, workers or len(os.sched_getaffinity(0)), memory)

    def load(self, batch: int = 1) -> None:
        """Load the networks, prepared for ``batch`` photos at a time. Raises ``ModelError`` or ``DeviceError``."""
        for victim in self.networks(batch).victims:
            victim.prepare(batch)

    def warm_up(self, size: tuple[int, int] = (256, 256), batch: int = 1) -> None:
        """Load the networks and take a grey photo through every step, so that the first real photo does not pay for it.

        Parameters
        ----------
        size : (int, int)
            Height and width of the grey photo in pixels.
        batch : int
            Number of photos at a time, 1 or more; ``protect`` works with 1.
        """
        grey = np.full((*size, 3), 128, np.uint8)
        grey[::7, ::5] = 90  # some structure: a constant photo would take the short cuts
        self.load(batch)
        for _ in self.stream([grey], batch=batch):
            pass

    def close(self) -> None:
        """Free the networks; a later call loads them again. Not to be called while another thread uses them."""
        self._networks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def protect(self, source: Source, *, label: int | Sequence[int] | None = None) -> Result:
        """Protect one photo and judge it on the 8-bit pixels; ``Result.save`` judges the file.

        Parameters
        ----------
        source : path, bytes, PIL image or uint8 RGB array of shape (height, width, 3)
            The photo.
        label : int, sequence of int or None
            The accepted class or classes if they are known.

        Returns
        -------
        Result
            The protected photo and its verdict.

        Raises
        ------
        PhotoError
            If the photo cannot be read.
        """
        (result,) = self.stream([source], batch=1, labels=[label])
        if result.error is not None:
            raise result.error
        return result

    def stream(
        self,
        sources: Iterable[Source],
        batch: int = defaults.BATCH,
        *,
        labels: Iterable[int | Sequence[int] | None] | None = None,
        encode: bool = False,
    ) -> Iterator[Result]:
        """Protect photos, ``batch`` at a time.

        Every network call has a fixed number of photos, full or not: a photo's result depends on ``batch``, never on the
        photos beside it. Sources are read and decoded ahead and files encoded behind, in threads; closing the generator
        ends them. A photo that fails yields a result with status "failed" and its error; it never ends the stream.

        Parameters
        ----------
        sources : iterable
            The photos, as ``protect`` takes them.
        batch : int
            Number of photos at a time, 1 or more.
        labels : iterable or None
            The accepted class or classes of each photo, as ``protect`` takes them.
        encode : bool
            Whether each photo is encoded, judged on the decoded file, and carries its bytes.

        Yields
        ------
        Result
            The results, in the order of ``sources``.

        Raises
        ------
        UsageError
            If ``batch`` is less than 1.
        """
        paired = ((source, None) for source in sources) if labels is None else zip(sources, labels, strict=True)
        works = (Work(name_of(source), source, indices_of(label)) for source, label in paired)
        for work in self.run(works, self.steps(batch, encode=encode), batch):
            yield Result(work, partial(self.encoded_as, batch))


def protect(source: Source, recipe: str | Recipe = defaults.RECIPE, **options: Any) -> Result:
    """Protect one photo. For more than one keep a ``Protector``: it loads its networks once.

    Parameters
    ----------
    source : path, bytes, PIL image or uint8 RGB array of shape (height, width, 3)
        The photo.
    recipe : str or Recipe
        As ``Protector`` takes it.
    **options : any
        ``label``, as ``Protector.protect`` takes it; all others as ``Protector`` takes them.

    Returns
    -------
    Result
        The protected photo and its verdict.
    """
    label = options.pop("label", None)
    return Protector(recipe, **options).protect(source, label=label)
