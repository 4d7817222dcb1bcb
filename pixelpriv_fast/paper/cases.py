"""The recipes to measure: the paper's five runs, their parts alone, and sweeps over epsilon."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageError
from ..models import Store
from ..protection.recipes import PAPER_RUNS, Recipe


@dataclass(frozen=True, slots=True)
class ExperimentCase:
    """One recipe to measure.

    Attributes
    ----------
    name : str
        Name of the folder that its photos are written to.
    recipe : Recipe
        How photos are protected.
    run : int or None
        The paper's number, 1 to 5; None for a recipe that is not one of its runs.
    """

    name: str
    recipe: Recipe
    run: int | None = None


def paper_cases(runs: Sequence[int] = (1, 2, 3, 4, 5)) -> list[ExperimentCase]:
    """Return the paper's runs of the given numbers. Raises ``UsageError`` for a number that is not one of them."""
    for run in runs:
        if not 1 <= run <= len(PAPER_RUNS):
            raise UsageError(f"there is no run {run}; the paper has runs 1 to {len(PAPER_RUNS)}")
    return [ExperimentCase(f"run{run}", PAPER_RUNS[run - 1], run) for run in runs]


def ablations(store: Store) -> list[ExperimentCase]:
    """Return the parts of the paper's runs alone, by which it chose them.

    These are contrast, every CartoonGAN style whose network is in ``store``, and two attacks. P-FGSM and the rotation stand
    alone in the paper's runs already.
    """
    from ..enhance.cartoongan import STYLES, CartoonGAN

    styles = [style for style in STYLES if store.find(f"cartoongan_{style}") is not None]
    enhancements = [ExperimentCase("only_contrast", Recipe.parse("contrast"))]
    enhancements += [ExperimentCase(f"only_cartoon_{style}", Recipe(CartoonGAN(style=style))) for style in styles]
    return enhancements + [ExperimentCase(f"only_{word}", Recipe.parse(word)) for word in ("least_likely", "pgd")]


def sweep(cases: Sequence[ExperimentCase], text: str) -> list[ExperimentCase]:
    """Repeat cases at several epsilons.

    Parameters
    ----------
    cases : sequence of ExperimentCase
        The cases; those whose attack has no epsilon are left out.
    text : str
        The values in whole grey levels, as ``epsilon=2,4,8,16``.

    Returns
    -------
    list of ExperimentCase
        Each case once for each value.

    Raises
    ------
    UsageError
        If the text has another form.
    """
    name, _, values = text.partition("=")
    levels = values.split(",")
    if name.strip() != "epsilon" or not all(level.strip().isdigit() and int(level) > 0 for level in levels):
        raise UsageError(f"cannot sweep {text!r}; write epsilon=2,4,8,16 (whole grey levels)")
    return [
        ExperimentCase(f"{case.name}_epsilon{int(level)}", case.recipe.with_attack(epsilon=int(level) / 255))
        for case in cases
        for level in levels
        if any(hasattr(attack, "epsilon") for attack in case.recipe.attacks)
    ]
