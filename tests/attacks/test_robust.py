"""The attack as a part: its words and mistakes, both engines, and results that depend on the photo alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper
from torch import nn

import pixelpriv_fast as pp
from pixelpriv_fast.archive.job import open_job
from pixelpriv_fast.archive.walk import plan
from pixelpriv_fast.attacks import AttackTask, Robust, content_seed
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.engines.torch.engine import TorchEngine
from pixelpriv_fast.errors import UsageError
from tests.archive.tiny import CLASSES, SIDE, fill, tiny_classifier, tiny_protector, traits, tree
from tests.attacks.conftest import SQUASHED, engine, photo
from tests.attacks.test_contract import task_for
from tests.attacks.test_real_networks import sun_photos
from tests.scenes import scene

SIZES = [(24, 24), (40, 31), (90, 120), (5, 90), (33, 33), (61, 130)]


@pytest.fixture(scope="module")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_classifier(tmp_path_factory.mktemp("classifier"))


@pytest.mark.parametrize(
    ("word", "canonical"),
    [
        ("robust()", "robust"),
        ("robust(epsilon=4/255, copies=4)", "robust(epsilon=4/255,copies=4)"),
        ("contrast + robust(appeal=0.25,panel=file)", "contrast+robust(panel=file,appeal=1/4)"),
        ("pgd+robust(channels=jpeg,rounds=3,steps=9)", "pgd+robust(steps=9,rounds=3,channels=jpeg)"),
    ],
)
def test_words(word: str, canonical: str) -> None:
    recipe = pp.Recipe.parse(word)
    assert pp.Recipe.parse(recipe.word) == recipe
    assert recipe.word in (canonical, canonical.replace("1/4", "0.25"))
    assert recipe.attacks[-1].survives


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("robust(epsilon=4)", "epsilon is 4.0; it is a fraction of 1, not grey levels: write 4/255"),
        ("robust(epsilon=0.01)", "2/255 or 3/255"),
        ("robust(epsilon=0)", "positive"),
        ("robust(copies=0)", "copies is 0; it must be a whole number, 1 to 64"),
        ("robust(copies=65)", "copies is 65; it must be a whole number, 1 to 64"),
        ("robust(copies=1.5)", "copies of robust is '1.5'; it must be a whole number"),
        ("robust(steps=0)", "steps is 0; it must be a whole number, 1 to 1000"),
        ("robust(rounds=21)", "rounds is 21; it must be a whole number, 1 to 20"),
        ("robust(channels=jpg)", "unknown channels of robust 'jpg'; did you mean 'jpeg'"),
        ("robust(panel=sharring)", "unknown panel 'sharring'; did you mean 'sharing'"),
        ("robust(appeal=-1)", "appeal is -1.0; it must be 0"),
        ("robust(appeal=11)", "appeal is 11.0; it must be 0"),
        ("robust(epsilom=1/255)", "unknown parameter of robust 'epsilom'; did you mean 'epsilon'"),
    ],
)
def test_mistakes_are_one_line_with_the_value(word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message.replace("(", r"\(")) as raised:
        pp.Recipe.parse(word)
    assert "\n" not in str(raised.value)


def test_counts_are_whole_numbers() -> None:
    for name in ("copies", "steps", "rounds"):
        with pytest.raises(UsageError, match=f"{name} is 2.5; it must be a whole number"):
            Robust(**{name: 2.5})


def test_appeal_is_a_number() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(UsageError, match="appeal is"):
            Robust(appeal=value)


@pytest.mark.parametrize("networks", [1, 2])
def test_a_photo_takes_the_same_steps_in_any_company(networks: int, tmp_path: Path) -> None:
    files = [tiny_classifier(tmp_path, seed) for seed in range(networks)]
    victims = [load_engine(str(file), engine="onnx", device="cpu", precision="fp32") for file in files]
    starts = [photo(*size, seed=i) for i, size in enumerate(SIZES)]
    attack = Robust(steps=3, rounds=3)
    order = [3, 0, 5, 1, 4, 2]
    first = attack.run(starts, task_for(victims, starts, batch=16))
    again = attack.run([starts[i] for i in order], task_for(victims, [starts[i] for i in order], batch=3))
    alone = [attack.run([start], task_for(victims, [start], batch=1))[0] for start in starts[:3]]
    for place, index in enumerate(order):
        np.testing.assert_array_equal(again[place].photo, first[index].photo)
        assert again[place].steps == first[index].steps
    for one, other in zip(alone, first, strict=False):
        np.testing.assert_array_equal(one.photo, other.photo)


def test_the_seed_decides_what_is_drawn() -> None:
    start, victim = photo(33, 33), engine(SQUASHED)
    task = task_for([victim], [start])
    found = [
        Robust(steps=2, rounds=1)
        .run([start], AttackTask(task.victims, task.flee, [content_seed(start, seed)]))[0]
        .photo.tobytes()
        for seed in (0, 0, 1)
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_both_engines_drive_it_to_like_pixels(classifier: Path) -> None:
    first = load_engine(str(classifier), engine="onnx", device="cpu", precision="fp32")
    layer = nn.Linear(3 * SIDE * SIDE, CLASSES, bias=False)
    weights = {w.name: numpy_helper.to_array(w) for w in onnx.load(classifier).graph.initializer}["weight"]
    layer.weight.data = torch.tensor(weights.T.copy())
    second = TorchEngine.of("tiny", nn.Sequential(nn.Flatten(), layer).eval(), first.preprocess, "cpu")
    starts = [scene(16, 16, 1), scene(60, 50, 2), scene(20, 90, 3)]
    found = [Robust().run(starts, task_for([victim], starts)) for victim in (first, second)]
    for start, one, other in zip(starts, *found, strict=True):
        assert one.fooled
        assert (one.fooled, one.steps) == (other.fooled, other.steps)
        far, changed = (np.abs(one.photo.astype(int) - photo).mean() for photo in (other.photo, start))
        assert far < 0.3 * changed, "gradients differ in the last bits, and codecs round them to another level"


def test_results_do_not_depend_on_the_stream(classifier: Path) -> None:
    photos = [scene(40 + 9 * i, 50 + 7 * i, i) for i in range(7)]
    word = "robust(steps=3,rounds=3)"

    def made(batch: int, workers: int, order: list[int]) -> dict[int, bytes | None]:
        protector = tiny_protector(classifier, word, workers=workers)
        found = list(protector.stream([photos[i] for i in order], batch=batch, encode=True))
        assert all(result.error is None and result.survival is not None for result in found)
        return {i: result.encoded for i, result in zip(order, found, strict=True)}

    first = made(4, 1, [0, 1, 2, 3, 4, 5, 6])
    assert all(first.values())
    assert made(1, 2, [0, 1, 2, 3, 4, 5, 6]) == first
    assert made(16, 4, [6, 2, 5, 0, 3, 1, 4]) == first


def test_an_archive_is_the_same_with_any_number_of_workers_and_in_any_order(classifier: Path, tmp_path: Path) -> None:
    fill(tmp_path / "in", 9)
    before = traits(tmp_path / "in")
    trees = []
    for workers, shuffled in ((1, False), (2, True), (4, True)):
        out = tmp_path / f"out{workers}"
        items = plan([tmp_path / "in"], out)
        if shuffled:
            np.random.default_rng(workers).shuffle(items)
        protector = tiny_protector(classifier, "robust(steps=2,rounds=2)", workers=workers)
        with protector, open_job(protector, out, batch=3) as job:
            results = list(job.run(items))
            assert len(results) == 9
        trees.append(tree(out))
    assert len(trees[0]) == 9
    assert trees[0] == trees[1] == trees[2]
    assert traits(tmp_path / "in") == before


@pytest.mark.parametrize("word", ["contrast+robust(steps=2,rounds=2)", "pgd+robust(steps=2,rounds=2)"])
def test_recipes_with_it(classifier: Path, word: str) -> None:
    photos = [scene(40 + 3 * i, 52, i) for i in range(3)]
    for result in tiny_protector(classifier, word).stream(photos, encode=True):
        assert result.error is None
        assert result.recipe == word
        assert result.survival is not None, "asked for where an attack works for it"
        assert result.verdict.linf <= 8


def test_a_real_networks_photo_is_the_same_in_any_batch(places_store: Path, data: Path) -> None:
    photos = sun_photos(data, 3)
    found = [
        [
            result.image
            for result in pp.Protector(
                "robust(steps=2,rounds=1)",
                classifier="squeezenet_places365",
                models=places_store,
                device="cpu",
                metrics=(),
                survival=False,
            ).stream([photos[i] for i in order], batch=batch)
        ]
        for batch, order in ((4, (0, 1, 2)), (1, (2, 1, 0)))
    ]
    for one, other, start in zip(found[0], found[1][::-1], photos, strict=True):
        np.testing.assert_array_equal(one, other)
        assert (one != start).any()
