"""The words of recipes: what is written is read again, exactly, and what does not exist is named with what does."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.protection.field_values import RESOURCES, FieldValues, fields_of, written
from pixelpriv_fast.protection.grammar import suggest
from pixelpriv_fast.protection.recipes import PAPER_RUNS, Recipe
from pixelpriv_fast.registry import ATTACKS, ENHANCEMENTS
from tests.examples import examples_of

FRACTIONS = st.builds(lambda upper, lower: upper / lower, st.integers(1, 120), st.sampled_from([255, 510]))
FLOATS = st.one_of(FRACTIONS, st.floats(0, 1), st.floats(allow_nan=False, allow_infinity=False))
KINDS: dict[type, st.SearchStrategy[Any]] = {
    bool: st.booleans(),
    int: st.integers(0, 200),
    float: FLOATS,
    type(None): st.none(),
}


def values_of(field: FieldValues, example: Any) -> st.SearchStrategy[Any]:
    """Values of a field's types; of a free word, the example alone is known to exist."""
    kinds = [KINDS[kind] for kind in field.kinds if kind in KINDS]
    words = [st.sampled_from(field.words)] if field.words else []
    places = [st.tuples(*(values_of(item, 1.0) for item in field.items))] if field.items else []
    return st.one_of(st.just(example), *kinds, *words, *places)


@st.composite
def parts(draw: st.DrawFn, name: str, table: Any) -> Any:
    """A part with any of its fields changed, as far as the part itself takes the values."""
    kind = table.load(name)
    examples, given_fields = examples_of(kind), {}
    for key, field in fields_of(kind).items():
        if draw(st.booleans()):
            value = draw(values_of(field, examples[key][0] if examples[key] else getattr(kind(), key)))
            try:
                kind(**given_fields | {key: value})
            except UsageError:
                continue
            given_fields[key] = value
    return kind(**given_fields)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    enhancement = draw(st.sampled_from(list(ENHANCEMENTS)).flatmap(lambda name: parts(name, ENHANCEMENTS)))
    attacks = draw(st.lists(st.sampled_from(list(ATTACKS)).flatmap(lambda name: parts(name, ATTACKS)), max_size=3))
    return Recipe(enhancement, tuple(attacks))


@settings(max_examples=300, deadline=None, derandomize=True)
@given(recipes())
def test_what_is_written_is_read_again(recipe: Recipe) -> None:
    again = Recipe.parse(recipe.word)
    assert again == recipe
    assert again.word == recipe.word


@pytest.mark.parametrize("table", [ENHANCEMENTS, ATTACKS], ids=lambda table: table.kind)
def test_every_field_but_the_resources_can_be_written(table: Any) -> None:
    for name in table:
        kind = table.load(name)
        examples = examples_of(kind)
        assert set(fields_of(kind)) == {field.name for field in dataclasses.fields(kind)} - set(RESOURCES)
        for key in fields_of(kind):
            part = kind(**{key: examples[key][0]}) if examples[key] else kind()
            recipe = Recipe(part) if table is ENHANCEMENTS else Recipe(attack=part)
            assert Recipe.parse(recipe.word) == recipe
            assert (f"({key}=" in recipe.word) == (examples[key] is not None)


@settings(max_examples=500, deadline=None, derandomize=True)
@given(st.floats(allow_nan=False))
def test_floats_are_exact(value: float) -> None:
    again = FieldValues.of(float).read(written(value), "x")
    assert again == value
    assert math.copysign(1, again) == math.copysign(1, value)


@pytest.mark.parametrize(
    ("word", "canonical"),
    [
        ("contrast(k=4)+pgd(epsilon=4/255,steps=20)", "contrast(k=4)+pgd(epsilon=4/255,steps=20)"),
        ("cartoon(style=paprika)+least_likely", "cartoon(style=paprika)+least_likely"),
        ("cartoongan(style=hayao)+pgd()", "cartoon+pgd"),
        ("euclidean(k=100)", "euclidean(k=100)"),
        (" pgd ( steps = 20 , epsilon=2/255 ) + fgsm ", "pgd(steps=20)+fgsm"),
        ("identity+pgd(step=0.5/255)", "pgd(step=1/510)"),
        ("contrast(k=none,k_range=(1, 3))", "contrast(k_range=(1,3))"),
        ("euclidean(margin=None)", "euclidean(margin=none)"),
        ("pgd(random_start=TRUE)", "pgd(random_start=true)"),
        ("contrast(sharpness=1e+2)+pgd", "contrast(sharpness=100)+pgd"),
    ],
)
def test_spellings(word: str, canonical: str) -> None:
    assert Recipe.parse(word).word == canonical


def test_numbers_have_the_type_that_the_field_declares() -> None:
    recipe = Recipe.parse("contrast(k=4)+euclidean(k=100,margin=3)")
    assert type(recipe.enhancement.k) is type(recipe.attack.margin) is float  # type: ignore[attr-defined, union-attr]
    assert type(recipe.attack.k) is int  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("pgd(epsilom=2/255)", r"^unknown parameter of pgd 'epsilom'; did you mean 'epsilon'\? Known: epsilon, step, "),
        ("pgd(keep=bst_loss)", r"unknown keep of pgd 'bst_loss'; did you mean 'best_loss'\? Known: last, "),
        ("pgd(step=half)", r"unknown step of pgd 'half'.*It may also be a number or a fraction"),
        ("cartoon(style=papryka)", "unknown style of cartoon 'papryka'; did you mean 'paprika'"),
        ("cartoon(device=cuda)+pgd", "unknown parameter of cartoon 'device'"),
        ("identity(k=1)", "identity takes no parameters"),
        ("pgd(steps=ten)", "steps of pgd is 'ten'; it must be a whole number"),
        ("pgd(steps=2.5)", "steps of pgd is '2.5'; it must be a whole number"),
        ("pgd(steps=0)", "steps is 0; it must be at least 1"),
        ("pgd(epsilon=4)", "epsilon is 4.0; it is a fraction of 1, not grey levels: write 4/255"),
        ("pgd(epsilon=1/0)", "epsilon of pgd is '1/0'; it must be a number or a fraction"),
        ("pgd(random_start=1)", "random_start of pgd is '1'; it must be true or false"),
        ("euclidean(margin=nan)", "it must be a number or a fraction such as 8/255, or none"),
        ("contrast(k_range=(1,2,3))", r"k_range of contrast is '\(1,2,3\)'"),
        ("pgd(steps=1,steps=2)", "steps of pgd is given twice"),
        ("pgd(steps)", "'steps' is not key=value"),
        ("pgd(steps=)", "'steps=' is not key=value"),
        ("pgd(steps=3", "a bracket is not closed"),
        ("pgd)", "a bracket closes nothing"),
        ("pgd(steps=3)x", "is not a part"),
        ("pgd+", "'' is not a part"),
        ("", "'' is not a part"),
        ("PGD", "did you mean 'pgd'"),
        ("pgd+contrast", "contrast is an enhancement; at most one is allowed, before all attacks"),
        ("contrast+identity", "identity is an enhancement"),
        ("pdg+fgsm", "unknown attack 'pdg'; did you mean 'pgd'"),
        ("contrst+pgd", "unknown enhancement 'contrst'; did you mean 'contrast'"),
        ("pgd+fgms", "unknown attack 'fgms'; did you mean 'fgsm'"),
    ],
)
def test_mistakes_are_named_with_what_exists(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        Recipe.parse(word)
    assert "\n" not in str(raised.value)


def test_a_recipe_takes_one_attack_or_several() -> None:
    pgd, fgsm = ATTACKS.load("pgd")(), ATTACKS.load("fgsm")()
    assert Recipe(attack=(pgd,)) == Recipe(attack=pgd)
    assert Recipe(attack=()) == Recipe()
    both = Recipe(attack=(pgd, fgsm))
    assert (both.attack, both.word) == ((pgd, fgsm), "pgd+fgsm")
    assert both.with_attack(stop="fooled").word == "pgd(stop=fooled)+fgsm", "of those that have such a field"
    with pytest.raises(UsageError, match="has no 'sigma' to set; its attack has"):
        both.with_attack(sigma=0.5)


def test_words_of_default_parts_are_their_names() -> None:
    assert [Recipe.parse(word).word for word in suggest()] == suggest()
    assert PAPER_RUNS[4].word == "euclidean(k=100,rule=until_success,margin=none)"


def test_parameters_are_what_earlier_journals_hold() -> None:
    """The settings that an archive is compared by: names without fields, every field beside them."""
    lattice = {"lift": True, "discreet": True}
    pgd = {"epsilon": 2 / 255, "step": "half_level", "steps": 10, "random_start": False, "keep": "best_loss"}
    pgd |= {"stop": "fooled", "margin": 0.1, **lattice}
    assert Recipe.parse("pgd(stop=fooled)").parameters() == {"recipe": "pgd", "enhancement": {}, "attack": pgd}
    assert Recipe.parse("identity").parameters() == {"recipe": "identity", "enhancement": {}}
    cartoon = {"style": "hayao", "working_size": "native", "precision": "auto"}
    fgsm = {"epsilon": 8 / 255, **lattice}
    assert Recipe.parse("cartoon+fgsm").parameters() == {
        "recipe": "cartoon+fgsm",
        "enhancement": cartoon,
        "attack": fgsm,
    }
    several = Recipe.parse("fgsm+pgd(stop=fooled)").parameters()
    assert (several["recipe"], several["attack"]) == ("fgsm+pgd", [fgsm, pgd])
