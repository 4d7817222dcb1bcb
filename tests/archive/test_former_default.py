"""A new default recipe does not protect photos again that a former default made, unless somebody says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pixelpriv_fast import defaults
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.preview import Preview
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.errors import UsageError
from pixelpriv_fast.protection.recipes import Recipe
from tests.archive.tiny import fill, state_of, tiny_protector, tree

OLD, NEW = defaults.FORMER_RECIPES[0], "fgsm"


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    fill(tmp_path / "in", 2)
    return tmp_path / "in", tmp_path / "out"


def protected(
    classifier: Path, folders: tuple[Path, Path], recipe: str | Recipe, *, named: bool = False, **options: Any
) -> list[str]:
    """What a run says of each photo."""
    source, out = folders
    with open_job(tiny_protector(classifier, recipe), out, default_recipe=not named, **options) as job:
        return [record["reason"] for record in job.run(plan([source], out))]


@pytest.fixture
def newer(classifier: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """An archive of the release before, and a release with another default."""
    protected(classifier, folders, OLD)
    monkeypatch.setattr(defaults, "RECIPE", NEW)


@pytest.mark.usefixtures("newer")
@pytest.mark.parametrize("resume", [True, False])
def test_the_run_stops_and_names_both_choices(classifier: Path, folders: tuple[Path, Path], resume: bool) -> None:
    before = tree(folders[1])
    fill(folders[0], 1, first=9)  # a new photo beside those that are done
    with pytest.raises(UsageError, match=rf"--recipe {OLD.replace('+', '[+]')}.*--recipe {NEW}"):
        protected(classifier, folders, NEW, resume=resume)
    assert tree(folders[1]) == before


@pytest.mark.usefixtures("newer")
def test_both_choices_go_on(classifier: Path, folders: tuple[Path, Path]) -> None:
    before = tree(folders[1])
    assert all(reason.startswith("done already") for reason in protected(classifier, folders, OLD, named=True))
    assert tree(folders[1]) == before
    assert not any("done already" in reason for reason in protected(classifier, folders, NEW, named=True))
    assert tree(folders[1]) != before
    assert all("done already" in reason for reason in protected(classifier, folders, NEW)), "the new default made it"


@pytest.mark.usefixtures("newer")
def test_a_dry_run_says_it_too(classifier: Path, folders: tuple[Path, Path]) -> None:
    source, out = folders

    def preview(protector: Any, *, default: bool) -> list[str]:
        shown = Preview(protector, plan([source], out), out, state=state_of(out), default_recipe=default)
        return [record["status"] for record in shown.records()]

    with pytest.raises(UsageError, match=f"--recipe {NEW}"):
        preview(tiny_protector(classifier, NEW), default=True)
    assert preview(tiny_protector(classifier, NEW), default=False) == ["planned", "planned"]
    assert preview(tiny_protector(classifier, OLD), default=False) == ["skipped", "skipped"]


def test_what_stop_said_beside_the_former_default_does_not_matter(
    classifier: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    protected(classifier, folders, Recipe.parse(OLD).with_attack(stop="fooled"))
    monkeypatch.setattr(defaults, "RECIPE", NEW)
    with pytest.raises(UsageError, match="--recipe"):
        protected(classifier, folders, NEW)


@pytest.mark.parametrize("recipe", ["euclidean", f"{OLD}(epsilon=4/255)"])
def test_what_was_named_when_it_was_made_is_no_default(
    classifier: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, recipe: str
) -> None:
    protected(classifier, folders, recipe, named=True)
    monkeypatch.setattr(defaults, "RECIPE", NEW)
    assert len(protected(classifier, folders, NEW)) == 2


def test_the_default_of_today_is_no_former_one(classifier: Path, folders: tuple[Path, Path]) -> None:
    protected(classifier, folders, defaults.RECIPE)
    assert all("done already" in reason for reason in protected(classifier, folders, defaults.RECIPE))


@pytest.mark.usefixtures("newer")
def test_photos_that_are_gone_ask_nobody(classifier: Path, folders: tuple[Path, Path]) -> None:
    for photo in folders[0].rglob("*.*"):
        photo.unlink()
    fill(folders[0], 1, first=9)
    assert len(protected(classifier, folders, NEW)) == 1
