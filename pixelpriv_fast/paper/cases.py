"""The recipes to measure: the paper's five runs, recipes beside them, their parts alone, and sweeps over epsilon."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from ..errors import UsageError
from ..models import Store
from ..protection.grammar import split_outside_brackets
from ..protection.recipes import PAPER_RUNS, Recipe

#: Characters of a folder's name.
_LONGEST: Final = 80


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
    extra : bool
        Whether it is an ablation or part of a sweep, which no run is.
    """

    name: str
    recipe: Recipe
    run: int | None = None
    extra: bool = False

    @property
    def own(self) -> bool:
        """Whether it is a run beside the paper's."""
        return self.run is None and not self.extra


def paper_cases(runs: Sequence[int] = (1, 2, 3, 4, 5)) -> list[ExperimentCase]:
    """Return the paper's runs of the given numbers. Raises ``UsageError`` for a number that is not one of them."""
    for run in runs:
        if not 1 <= run <= len(PAPER_RUNS):
            raise UsageError(f"there is no run {run}; the paper has runs 1 to {len(PAPER_RUNS)}")
    return [ExperimentCase(f"run{run}", PAPER_RUNS[run - 1], run) for run in runs]


def cases_of(text: str) -> list[ExperimentCase]:
    """Return the runs that a list names.

    Parameters
    ----------
    text : str
        Numbers of the paper's runs and recipes beside them, comma-separated: ``1,3,least_likely(epsilon=4/255,steps=20)``.

    Returns
    -------
    list of ExperimentCase
        The paper's runs, then the recipes; each once, in the order of the list. A recipe's folder is called like its word.

    Raises
    ------
    UsageError
        If the list is empty, or a number or recipe does not exist.
    """
    words = [word.strip() for word in split_outside_brackets(text, ",", text) if word.strip()]
    if not words:
        raise UsageError(f"{text!r} names no run; write numbers and recipes as 1,3,least_likely")
    numbers = dict.fromkeys(int(word) for word in words if word.isdigit())
    recipes = {recipe.word: recipe for recipe in (Recipe.parse(word) for word in words if not word.isdigit())}
    cases = paper_cases(list(numbers))
    for word, recipe in recipes.items():
        cases.append(ExperimentCase(_folder(word, {case.name for case in cases}), recipe))
    return cases


def _folder(word: str, taken: Collection[str]) -> str:
    """Return a folder's name for a recipe: letters, digits and few signs, that every file system and shell takes."""
    name = re.sub(r"[^A-Za-z0-9.+-]+", "_", word).strip("_")[:_LONGEST]
    names = itertools.chain([name], (f"{name}_{number}" for number in itertools.count(2)))
    return next(candidate for candidate in names if candidate not in taken)


def ablations(store: Store) -> list[ExperimentCase]:
    """Return the parts of the paper's runs alone, by which it chose them.

    These are contrast, every CartoonGAN style whose network is in ``store``, and two attacks. P-FGSM and the rotation stand
    alone in the paper's runs already.
    """
    from ..enhance.cartoongan import STYLES, CartoonGAN

    styles = [style for style in STYLES if store.find(f"cartoongan_{style}") is not None]
    parts = [("contrast", Recipe.parse("contrast"))]
    parts += [(f"cartoon_{style}", Recipe(CartoonGAN(style=style))) for style in styles]
    parts += [(word, Recipe.parse(word)) for word in ("least_likely", "pgd")]
    return [ExperimentCase(f"only_{name}", recipe, extra=True) for name, recipe in parts]


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
        ExperimentCase(
            f"{case.name}_epsilon{int(level)}", case.recipe.with_attack(epsilon=int(level) / 255), extra=True
        )
        for case in cases
        for level in levels
        if any(hasattr(attack, "epsilon") for attack in case.recipe.attacks)
    ]
