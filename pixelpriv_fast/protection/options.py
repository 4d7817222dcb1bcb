"""What a ``Protector`` was told about photos and files, and the settings that its results depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from ..channels.panel import Panel
from ..codecs import EncodeOptions, Limits
from ..enhance.contract import NetworkEnhancement
from ..metrics import Metric, create, default_metrics
from ..models import Store
from ..registry import METRICS
from .networks import NetworkOptions, Networks
from .recipes import Recipe

#: Every record carries these keys; the value of a metric that was not asked for is None.
METRIC_KEYS = tuple(METRICS)


@dataclass(frozen=True, slots=True)
class PhotoOptions:
    """What the steps need to know besides the photo and the networks.

    Attributes
    ----------
    recipe : Recipe
        Enhancement and attack.
    seed : int
        The user's seed.
    encoding : EncodeOptions
        Format, quality and metadata policy of files.
    limits : Limits
        Bounds of one photo.
    metrics : mapping of str to Metric
        What is measured, by name.
    metric_keys : tuple of str
        The names that every verdict carries.
    retry : bool
        Whether files that are not protected are tried again.
    panel : Panel or None
        The panel that says what results survive; None where that is not asked.
    require_survival : bool
        Whether a photo that does not survive every treatment counts as unprotected.
    """

    recipe: Recipe
    seed: int
    encoding: EncodeOptions
    limits: Limits
    metrics: Mapping[str, Metric]
    metric_keys: tuple[str, ...]
    retry: bool
    panel: Panel | None = None
    require_survival: bool = False


def metrics_of(names: Sequence[str] | None, recipe: Recipe, **resources: Any) -> dict[str, Metric]:
    """Make the metrics that are to be measured.

    Parameters
    ----------
    names : sequence of str or None
        Names from the registry; None takes ``metrics.default_metrics``.
    recipe : Recipe
        What the photos are protected by.
    **resources : any
        ``models`` and ``device``, where a metric's network is and runs.

    Returns
    -------
    dict of str to Metric
        The metrics by their rows' names.
    """
    if names is not None:
        return {METRICS.canonical(name): create(name, **resources) for name in names}
    return default_metrics(appeal=any(attack.wants_appeal for attack in recipe.attacks), **resources)


#: Bump this when the same settings would produce different files. 2: passes of other sizes, other searches and lifts;
#: 3: lifts in integers, photos side by side.
_GENERATION: Final = 3


def settings_of(options: PhotoOptions, network_options: NetworkOptions, networks: Networks) -> dict[str, Any]:
    """List everything that a photo's file depends on besides the photo and rounding.

    Parameters
    ----------
    options : PhotoOptions
        Recipe, seed, encoding and so on.
    network_options : NetworkOptions
        Where the enhancement's network is found.
    networks : Networks
        The loaded networks.

    Returns
    -------
    dict
        Plain values that JSON can hold: the recipe's fields, the networks' hashes, the encoding, the seed.
    """
    enhancement = options.recipe.enhancement
    models = {c.name: c.model.sha256 for c in networks.classifiers}
    if isinstance(enhancement, NetworkEnhancement):
        models[enhancement.network] = Store(network_options.models).load(enhancement.network).sha256
    if networks.scorer is not None:
        models[networks.scorer.name] = networks.scorer.sha256
    settings = {
        "classifiers": [c.name for c in networks.classifiers],
        "models": models,
        "precision": [engine.precision for engine in networks.engines],
        "encoding": asdict(options.encoding),
        "retry": options.retry,
        "seed": options.seed,
        "generation": _GENERATION,
    }
    # What is only measured changes no file; what decides a photo's status decides with --strict whether there is one.
    if options.panel is not None and options.require_survival:
        settings["require_survival"] = options.panel.name
    if networks.rankers:
        settings["rough_precision"] = [ranker.precision for ranker in networks.rankers]
    return options.recipe.parameters() | settings
