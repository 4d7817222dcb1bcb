"""What is run: the paper's five runs, their parts alone, and sweeps over epsilon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..models import Store
from ..protection.recipes import PAPER_RUNS, Recipe

STYLES = ("hayao", "hosoda", "paprika", "shinkai")


@dataclass(frozen=True, slots=True)
class ExperimentCase:
    """One recipe to measure. ``run`` is the paper's number or None; ``name`` is the folder of its photos."""

    name: str
    recipe: Recipe
    run: int | None = None


def paper_cases(runs: Sequence[int] = (1, 2, 3, 4, 5)) -> list[ExperimentCase]:
    """The paper's runs of these numbers. Raises ``UsageError`` for another number."""
    for run in runs:
        if not 1 <= run <= len(PAPER_RUNS):
            raise UsageError(f"there is no run {run}; the paper has runs 1 to {len(PAPER_RUNS)}")
    return [ExperimentCase(f"run{run}", PAPER_RUNS[run - 1], run) for run in runs]


def ablations(store: Store) -> list[ExperimentCase]:
    """Enhancements alone (contrast, and every CartoonGAN style whose weights are there) and attacks alone: what the
    paper chose its parts by. P-FGSM and the rotation are alone in the paper already.
    """
    from ..enhance.cartoongan import CartoonGAN

    styles = [style for style in STYLES if store.find(f"cartoongan_{style}") is not None]
    enhancements = [ExperimentCase("only_contrast", Recipe.parse("contrast"))]
    enhancements += [ExperimentCase(f"only_cartoon_{style}", Recipe(CartoonGAN(style=style))) for style in styles]
    return enhancements + [ExperimentCase(f"only_{word}", Recipe.parse(word)) for word in ("least_likely", "pgd")]


def sweep(cases: Sequence[ExperimentCase], text: str) -> list[ExperimentCase]:
    """``cases`` once for each value in ``text``, as ``epsilon=2,4,8,16`` (grey levels); attacks without an epsilon are
    left out. Raises ``UsageError`` for another text.
    """
    name, _, values = text.partition("=")
    levels = values.split(",")
    if name.strip() != "epsilon" or not all(level.strip().isdigit() and int(level) > 0 for level in levels):
        raise UsageError(f"cannot sweep {text!r}; write epsilon=2,4,8,16 (whole grey levels)")
    return [
        ExperimentCase(f"{case.name}_epsilon{int(level)}", case.recipe.with_attack(epsilon=int(level) / 255))
        for case in cases
        for level in levels
        if hasattr(case.recipe.attack, "epsilon")
    ]
