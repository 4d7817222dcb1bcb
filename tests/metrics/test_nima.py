"""NIMA: the rating's arithmetic, the presets' pixels, and an independent network's opinion."""

from __future__ import annotations

import copy
import io
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.errors import ModelError, PhotoError, UsageError
from pixelpriv_fast.metrics import NIMA, NIMAShared, NIMATechnical, available, create, rate
from pixelpriv_fast.metrics.nima import PRESETS, moments
from pixelpriv_fast.models import Store
from pixelpriv_fast.models.scorer import load_scorer
from tests.scenes import scene


@pytest.fixture(scope="module")
def nima(nima_store: Path) -> NIMA:
    return NIMA(models=nima_store, device="cpu")


def test_moments_of_known_distributions() -> None:
    for rating in range(1, 11):
        assert moments(np.eye(10)[rating - 1]) == (rating, 0.0)
    mean, std = moments(np.full(10, 0.1))
    assert mean == pytest.approx(5.5, abs=1e-12)
    assert std == pytest.approx(np.sqrt((10**2 - 1) / 12), abs=1e-12)  # 2.8723


def test_gives_a_distribution(nima: NIMA) -> None:
    mean, std, probabilities = nima.distribution(scene(200, 300))
    assert probabilities.shape == (10,)
    assert probabilities.sum() == pytest.approx(1.0, abs=1e-12)
    assert (mean, std) == moments(probabilities)
    assert 1.0 <= mean <= 10.0
    assert nima(scene(200, 300)) == mean == nima(scene(200, 300), np.zeros((4, 4, 3), np.uint8))
    assert not NIMA.reference


def test_many_photos_together_are_rated_as_one_by_one(nima: NIMA) -> None:
    photos = [scene(40 + 7 * n, 300 - 5 * n, n) for n in range(19)]  # more than one call of the network
    alone = [nima(photo) for photo in photos]
    assert np.ptp(alone) > 0.01, "equal figures would prove nothing"
    assert nima.scores(photos) == pytest.approx(alone, abs=1e-5)
    native = NIMA("titu1994", nima.models, "cpu")  # sizes change within the sequence
    mixed = [scene(64, 96, 1), scene(64, 96, 2), scene(96, 64, 3), scene(64, 96, 4)]
    assert native.scores(mixed) == pytest.approx([native(photo) for photo in mixed], abs=1e-5)
    assert nima.scores([]) == []


@pytest.mark.parametrize(("preset", "size", "filter_"), [
    ("square224", (224, 224), Image.Resampling.BILINEAR),
    ("idealo", (224, 224), Image.Resampling.NEAREST),
    ("mediaeval2019", (256, 256), Image.Resampling.BILINEAR),
    ("titu1994", None, None),
])  # fmt: skip
def test_presets_see_what_pillow_makes(
    nima_store: Path, preset: str, size: tuple[int, int] | None, filter_: Image.Resampling | None
) -> None:
    photos = [scene(150, 333, 5), scene(341, 327, 6)]
    network = load_scorer("nima_mobilenet", nima_store, "cpu")
    for photo, rated in zip(photos, NIMA(preset, nima_store, "cpu").distributions(photos), strict=True):
        small = photo if size is None else np.asarray(Image.fromarray(photo).resize(size, filter_))
        inputs = (small.astype(np.float32) / np.float32(127.5) - 1).transpose(2, 0, 1)[None]
        assert rated.probabilities == pytest.approx(network(np.ascontiguousarray(inputs))[0], abs=1e-6)


def test_every_preset_gives_another_figure(nima_store: Path) -> None:
    photo = scene(300, 400, 3)
    figures = {preset: NIMA(preset, nima_store, "cpu")(photo) for preset in PRESETS}
    assert len({round(figure, 4) for figure in figures.values()}) == len(PRESETS)


def test_small_photos(nima_store: Path) -> None:
    native = NIMA("titu1994", nima_store, "cpu")
    assert 1 <= native(scene(32, 32)) <= 10
    with pytest.raises(PhotoError, match=r"photo of 40x31 is smaller than the 32x32 .* 'square224'"):
        native(scene(31, 40))
    assert 1 <= NIMA(models=nima_store, device="cpu")(scene(1, 2)) <= 10
    good, bad, again = rate(native, [scene(40, 40), scene(8, 8), scene(40, 40)])
    assert good == again
    assert isinstance(bad, PhotoError)


def test_bad_input(nima: NIMA) -> None:
    with pytest.raises(UsageError, match=r"unknown NIMA preset 'native'\. Known: square224, idealo"):
        NIMA("native")
    for wrong in (np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)):
        with pytest.raises(UsageError, match="expected uint8 of shape"):
            nima(wrong)


def test_a_missing_network_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.delenv("PIXELPRIV_MODELS", raising=False)
    metric = create("nima", models=tmp_path, device="cpu")
    assert not available(metric)
    with pytest.raises(ModelError, match=r"nima_mobilenet is not in the store.*pixelpriv models fetch nima_mobilenet"):
        metric(scene(64, 64), scene(64, 64))


def test_is_there_when_it_is_there(nima_store: Path) -> None:
    assert available(create("nima", models=nima_store))
    assert available(create("psnr", models=nima_store, device="cpu"))


def test_another_kind_of_network_is_refused(store_folder: Path) -> None:
    model = Store(store_folder, environment={}).load("efficientnet_lite0")
    assert model.stamp.kind == "classifier"
    with pytest.raises(ModelError, match="efficientnet_lite0 is a classifier, not a scorer"):
        load_scorer("efficientnet_lite0", store_folder, "cpu")


def test_threads_share_one_network_and_copies_bring_none(nima: NIMA) -> None:
    photos = [scene(90, 120, n) for n in range(6)]
    expected = [nima(photo) for photo in photos]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(nima, photos)) == pytest.approx(expected, abs=1e-6)
    for other in (pickle.loads(pickle.dumps(nima)), copy.deepcopy(nima)):
        assert other == nima
        assert other(photos[0]) == pytest.approx(expected[0], abs=1e-6)


def test_the_shared_rating_is_that_of_the_recompressed_photo(nima: NIMA) -> None:
    photos = [scene(90 + 20 * n, 140, n) for n in range(3)]
    recompressed = []
    for photo in photos:
        file = io.BytesIO()
        Image.fromarray(photo).save(file, "JPEG", quality=75, subsampling="4:2:0")
        recompressed.append(np.asarray(Image.open(file)))
    shared = NIMAShared(models=nima.models, device="cpu")
    assert shared.scores(photos) == pytest.approx(nima.scores(recompressed), abs=0.02)
    assert np.abs(np.subtract(shared.scores(photos), nima.scores(photos))).max() > 0.01
    assert shared.available
    with pytest.raises(PhotoError, match="exceed jpeg"):
        shared(np.zeros((1, 70000, 3), np.uint8))


def test_the_technical_rating_is_another_networks(metric_store: Path, nima: NIMA, tmp_path: Path) -> None:
    technical = NIMATechnical(models=metric_store, device="cpu")
    assert technical(scene(90, 120)) == nima(scene(90, 120)), "the test's network is the aesthetic one under its name"
    assert technical.title != nima.title
    with pytest.raises(
        ModelError, match=r"nima_technical is not in the store.*weights_mobilenet_technical_0\.11\.hdf5"
    ):
        NIMATechnical(models=nima.models, device="cpu").warm_up()


def _twenty(photos: Path) -> list[np.ndarray]:
    files = [*sorted((photos / "kodak").glob("*.png"))[:8], *sorted((photos / "sun").glob("*/*.jpg"))[::70][:12]]
    made = []
    for file in files:
        with Image.open(file) as image:
            made.append(np.asarray(image.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)))
    return made


def test_agrees_with_an_independent_network(nima: NIMA, data: Path, photos: Path) -> None:
    """The int8 network was quantised by a third party from the same training: within 0.2 on 20 photos of 224x224."""
    interpreter_module = pytest.importorskip("ai_edge_litert.interpreter", reason="runs the reference network")
    interpreter = interpreter_module.Interpreter(str(data / "weights" / "nima_aesthetic_int8_reference.tflite"))
    interpreter.allocate_tensors()
    source, target = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    pictures = _twenty(photos)
    assert len(pictures) == 20
    for picture, score in zip(pictures, nima.scores(pictures), strict=True):
        interpreter.set_tensor(source, (picture.astype(np.float32) / 127.5 - 1)[None])
        interpreter.invoke()
        probabilities = interpreter.get_tensor(target)[0].astype(float)
        assert score == pytest.approx(moments(probabilities / probabilities.sum())[0], abs=0.2)


def test_golden_scores(nima: NIMA, photos: Path) -> None:
    """Measured with torch on the float network, Pillow's bilinear resize to 224x224; tolerance is fp32's."""
    golden = {
        "kodak/kodim01.png": 4.8653,
        "kodak/kodim04.png": 5.2542,
        "sun/airport/sun_abqqlfqbsrbquley.jpg": 4.1508,
        "sun/desert/sun_awvhktybhzdfbkob.jpg": 4.1783,
    }
    for name, mean in golden.items():
        with Image.open(photos / name) as image:
            assert nima(np.asarray(image.convert("RGB"))) == pytest.approx(mean, abs=2e-4)
