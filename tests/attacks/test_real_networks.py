"""The attacks on trained networks and real photos, judged by sessions of the product's verdict and by Pillow itself."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from pixelpriv_fast.attacks import PGD, LeastLikely
from pixelpriv_fast.engines import load_engine
from pixelpriv_fast.models import load_classifier

COUNT = 8


def sun_photos(data, count):
    """Photos that SqueezeNet recognises, spread over the folders, of mixed sizes."""
    with (data / "labels" / "sun_places365.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["squeezenet_correct"] == "1"]
    picked = rows[:: len(rows) // count][:count]
    return [np.asarray(Image.open(data / "photos" / "sun" / row["file"]).convert("RGB")) for row in picked]


@pytest.fixture(scope="module")
def squeezenet(places_store):
    return (
        load_engine("squeezenet_places365", device="cpu", models=places_store),
        load_classifier("squeezenet_places365", places_store, device="cpu"),
    )


@pytest.mark.parametrize("name", ["squeezenet_places365", "efficientnet_lite0"])
def test_engine_and_classifier_agree(name, places_store, data):
    engine = load_engine(name, device="cpu", models=places_store)
    classifier = load_classifier(name, places_store, device="cpu")
    photos = sun_photos(data, 4)
    ours = engine.logits(np.stack([engine.preprocess.rounded(photo) for photo in photos]))
    verdict = classifier(photos)
    assert engine.classes == classifier.classes
    assert np.abs(ours - verdict).max() <= 1e-4 * np.abs(verdict).max()


def test_least_likely_reaches_its_target_and_pgd_fools(squeezenet, data):
    """With 427 of 427 in a full run; here a few, so one miss would already be news."""
    engine, classifier = squeezenet
    photos = sun_photos(data, COUNT)
    before = classifier(photos)
    after = classifier(LeastLikely()(photos, engine))
    assert np.all(after.argmax(1) != before.argmax(1))
    assert np.mean(after.argmax(1) == before.argmin(1)) >= 0.85
    assert np.all(classifier(PGD()(photos, engine)).argmax(1) != before.argmax(1))


def test_a_large_photo_is_fooled_at_its_own_size_whoever_resizes_it(squeezenet, data):
    """640x427, saved as PNG, decoded and resized by Pillow in one call as a stranger would."""
    engine, classifier = squeezenet
    source = next(path for path in sorted((data / "photos" / "kodak").iterdir()))
    photo = np.asarray(Image.open(source).convert("RGB").resize((640, 427)))
    attacked = LeastLikely()(photo, engine)
    file = io.BytesIO()
    Image.fromarray(attacked).save(file, "PNG")
    small = Image.open(file).resize((256, 256), Image.Resampling.BILINEAR).crop((16, 16, 240, 240))
    inputs = (np.asarray(small)[..., ::-1] / 255).transpose(2, 0, 1).astype(np.float32)[None]
    before = classifier([photo]).argmax()
    assert classifier.logits(inputs).argmax() != before
    assert np.abs(attacked.astype(int) - photo).max() == 8


def test_two_networks_at_once(squeezenet, places_store, data):
    """Different classes, sizes and channel orders: one photo for both."""
    engines = [squeezenet[0], load_engine("efficientnet_lite0", device="cpu", models=places_store)]
    photos = sun_photos(data, 3)
    attacked = LeastLikely()(photos, engines)
    for engine in engines:
        before, after = (
            engine.logits(np.stack([engine.preprocess.rounded(photo) for photo in batch])).argmax(1)
            for batch in (photos, attacked)
        )
        assert np.all(before != after)
