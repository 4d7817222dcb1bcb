"""A recipe: which enhancement, then which attack. The paper's five runs are five values."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..enhance.contract import Enhancement
from ..errors import UsageError, unknown_word
from ..registry import ATTACKS, ENHANCEMENTS, Table

if TYPE_CHECKING:
    from ..attacks import Attack


def _identity() -> Enhancement:
    made: Enhancement = ENHANCEMENTS.load("identity")()
    return made


@dataclass(frozen=True)
class Recipe:
    """An enhancement followed by an attack.

    ``word`` names the parts; ``parameters`` gives their every field, so that another person can repeat the run to the byte.

    Attributes
    ----------
    enhancement : Enhancement
        Changes the look; identity if it is left out.
    attack : Attack or None
        Changes what a classifier sees; None for no attack.
    """

    enhancement: Enhancement = field(default_factory=_identity)
    attack: Attack | None = None

    @classmethod
    def parse(cls, word: str | Recipe) -> Recipe:
        """Return the recipe behind ``<enhancement>+<attack>``, or one of the two alone. Raises ``UsageError``."""
        if isinstance(word, Recipe):
            return word
        parts = word.split("+")
        if len(parts) == 2:
            return cls(ENHANCEMENTS.load(parts[0])(), ATTACKS.load(parts[1])())
        if len(parts) == 1 and word in ATTACKS:
            return cls(attack=ATTACKS.load(word)())
        if len(parts) == 1 and word in ENHANCEMENTS:
            return cls(ENHANCEMENTS.load(word)())
        names = (*(ENHANCEMENTS.alias_of(name) for name in ENHANCEMENTS), *ATTACKS)
        raise unknown_word("recipe", word, names, suggest(), "Write <enhancement>+<attack>, or one of them alone")

    @property
    def word(self) -> str:
        """The canonical name, for example "contrast+least_likely"."""
        parts = [_word_of(self.enhancement, ENHANCEMENTS)]
        if self.attack is not None:
            parts.append(_word_of(self.attack, ATTACKS))
        if len(parts) == 2 and parts[0] == "identity":
            del parts[0]
        return "+".join(parts)

    def with_attack(self, **fields: Any) -> Recipe:
        """Return the same recipe with fields of its attack changed.

        Raises
        ------
        UsageError
            If the attack has no such field.
        """
        if self.attack is None:
            raise UsageError(f"recipe {self.word!r} has no attack to set {', '.join(fields)} of")
        known = _fields(self.attack)
        for name in fields:
            if name not in known:
                raise UsageError(f"recipe {self.word!r} has no {name!r} to set; its attack has {', '.join(known)}")
        return dataclasses.replace(self, attack=self.attack.replaced(**fields))

    def equipped(self, **resources: Any) -> Recipe:
        """Return the same recipe whose parts look for their networks where ``resources`` say.

        A part's field that is called like a resource (``models``, ``device``) is filled in if it was left at its default.
        """
        return Recipe(_equipped(self.enhancement, resources), _equipped(self.attack, resources))

    def parameters(self) -> dict[str, Any]:
        """Return every field of both parts, as plain values."""
        parts = {"enhancement": self.enhancement, "attack": self.attack}
        return {"recipe": self.word} | {name: _fields(part) for name, part in parts.items() if part is not None}


def _word_of(part: Any, table: Table) -> str:
    """Return the word of a part: its row's name (or alias), or the class name of a part that has no row."""
    name = table.name_of(part)
    return type(part).__name__ if name is None else table.alias_of(name)


def _equipped(part: Any, resources: Mapping[str, Any]) -> Any:
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return part
    defaults = {field.name: field.default for field in dataclasses.fields(part)}
    given = {k: v for k, v in resources.items() if k in defaults and getattr(part, k) == defaults[k]}
    return dataclasses.replace(part, **given) if given else part


#: Fields that say where a part finds its network, not what it computes: no part of a recipe.
_RESOURCES = ("models", "device", "memory", "threads")


def _fields(part: Any) -> Mapping[str, Any]:
    if not dataclasses.is_dataclass(part) or isinstance(part, type):
        return {}
    return {key: value for key, value in dataclasses.asdict(part).items() if key not in _RESOURCES}


def suggest() -> list[str]:
    """List every pair of registered parts, identity left unsaid: what ``pixelpriv list recipes`` prints."""
    words = [ENHANCEMENTS.alias_of(name) for name in ENHANCEMENTS]
    return [a if e == "identity" else f"{e}+{a}" for e in words for a in ATTACKS]


def _paper_runs() -> tuple[Recipe, ...]:
    """Make the paper's runs 1 to 5 with its numbers.

    These are the parts' defaults, but for run 5, whose bounds held "for the majority of the images". Choice: k = 100, and
    wider bounds for a photo only where none of them fools; all judged in fp32.
    """
    words = ("cartoon+least_likely", "cartoon+pgd", "contrast+least_likely", "p_fgsm", "euclidean")
    runs = [Recipe.parse(word) for word in words]
    return (*runs[:4], runs[4].with_attack(k=100, rule="until_success", margin=None))


def __getattr__(name: str) -> Any:
    if name == "PAPER_RUNS":  # built on first use: the parts' modules are heavier than this one
        return _paper_runs()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


if TYPE_CHECKING:
    PAPER_RUNS: tuple[Recipe, ...]
