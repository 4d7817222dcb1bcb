from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from pixelpriv_fast.enhance import CartoonGAN
from pixelpriv_fast.errors import DeviceError, ModelError, PhotoError, UsageError
from pixelpriv_fast.models import load_generator
from pixelpriv_fast.protection.recipes import Recipe
from pixelpriv_fast.registry import ENHANCEMENTS
from pixelpriv_fast.runtime import create_session

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def cartoon(styles_folder: Path) -> CartoonGAN:
    return CartoonGAN(models=styles_folder, device="cpu", precision="fp32")


def a_photo(height: int, width: int) -> npt.NDArray[np.uint8]:
    return np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(("height", "width"), [(32, 40), (5, 5), (33, 30), (6, 71), (64, 5)])
def test_any_size_comes_out_at_its_own_size(cartoon: CartoonGAN, height: int, width: int) -> None:
    photo = a_photo(height, width)
    photo.flags.writeable = False
    made = cartoon(photo)
    assert (made.shape, made.dtype, made.flags.c_contiguous) == (photo.shape, np.uint8, True)
    assert (made == cartoon(photo)).all()


def test_a_side_is_extended_at_the_right_and_bottom_only(cartoon: CartoonGAN) -> None:
    photo = a_photo(30, 33)
    by_hand = np.concatenate((photo, photo[:, -2:-5:-1]), axis=1)
    by_hand = np.concatenate((by_hand, by_hand[-2:-4:-1]), axis=0)
    assert by_hand.shape == (32, 36, 3)
    assert (cartoon(photo) == cartoon(by_hand)[:30, :33]).all()


def test_every_field_that_makes_the_picture_changes_it(cartoon: CartoonGAN) -> None:
    photo = a_photo(48, 64)
    made = cartoon(photo)
    assert (made != replace(cartoon, style="paprika")(photo)).any()
    assert (made != replace(cartoon, working_size=40)(photo)).any()
    assert (made != replace(cartoon, working_size=100)(photo)).any()
    assert (replace(cartoon, working_size=64)(photo) == made).all()


def test_little_memory_means_strips_and_the_same_picture(cartoon: CartoonGAN, caplog: pytest.LogCaptureFixture) -> None:
    photo = a_photo(400, 32)
    with caplog.at_level("INFO", "pixelpriv_fast.models.cartoongan.generator"):
        made = replace(cartoon, memory=6 << 20)(photo)
    assert "in strips of 40 rows" in caplog.text
    assert np.abs(made.astype(int) - cartoon(photo)).max() <= 1
    with pytest.raises(PhotoError, match="working_size"):
        replace(cartoon, memory=1 << 20)(photo)
    assert replace(cartoon, memory=1 << 20, working_size=80)(photo).shape == photo.shape


def test_a_large_photo_gets_a_session_of_its_own(cartoon: CartoonGAN, monkeypatch: pytest.MonkeyPatch) -> None:
    made = cartoon(a_photo(24, 24))
    monkeypatch.setattr("pixelpriv_fast.models.cartoongan.generator._POOLED_BYTES", 24 * 24 * 750 - 1)
    opened: list[object] = []
    real = load_generator("cartoongan_hayao", cartoon.models, "cpu", "fp32")
    monkeypatch.setattr(real, "_create", lambda graph: opened.append(create_session(graph, "cpu")) or opened[-1])
    assert (cartoon(a_photo(24, 24)) == made).all()
    with pytest.raises(DeviceError, match="closed"):
        opened[0].run({"pixels": np.zeros((1, 3, 8, 8), np.float32)})  # type: ignore[attr-defined]


def test_the_precision_is_the_fastest_by_default_and_close(styles_folder: Path, cartoon: CartoonGAN) -> None:
    photo = a_photo(32, 32)
    away = replace(cartoon, precision="auto")(photo).astype(float) - cartoon(photo)
    assert np.abs(away).mean() < 3  # random weights on noise are harder than photos
    with pytest.raises(ModelError, match="fp16"):
        replace(cartoon, device="onnxruntime", precision="fp16")(photo)


def test_threads_share_one_session_and_agree(cartoon: CartoonGAN) -> None:
    photos = [a_photo(24 + 4 * index, 32) for index in range(6)]
    serial = [cartoon(photo) for photo in photos]
    with ThreadPoolExecutor(3) as pool:
        assert all((a == b).all() for a, b in zip(serial, pool.map(cartoon, photos), strict=True))


def test_it_is_a_plain_value(cartoon: CartoonGAN) -> None:
    copy = pickle.loads(pickle.dumps(cartoon))
    assert copy == cartoon
    assert hash(copy) == hash(cartoon)
    with pytest.raises(FrozenInstanceError):
        cartoon.style = "shinkai"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"style": "disney"}, "hayao, hosoda, paprika, shinkai"),
        ({"working_size": 4}, "16"),
        ({"working_size": "450"}, "native"),
        ({"working_size": True}, "native"),
        ({"precision": "int8"}, "auto, fp32, bf16, fp16"),
        ({"memory": 0}, "bytes"),
    ],
)
def test_fields_that_do_not_fit(fields: dict[str, object], named: str) -> None:
    with pytest.raises(UsageError, match=named):
        CartoonGAN(**fields)  # type: ignore[arg-type]


def test_earlier_spellings_of_a_precision() -> None:
    """Recipes that were stored with "f32" are read as they were written."""
    assert CartoonGAN(precision="f32").precision == "f32"


def test_photos_that_do_not_fit(cartoon: CartoonGAN) -> None:
    with pytest.raises(PhotoError, match="5 pixels a side; this photo has 200x4"):
        cartoon(a_photo(4, 200))
    with pytest.raises(PhotoError, match="450x2 at the working_size"):
        replace(cartoon, working_size=450)(a_photo(8, 1800))
    with pytest.raises(UsageError, match="float32"):
        cartoon(np.zeros((8, 8, 3), np.float32))  # type: ignore[arg-type]


def test_missing_weights_say_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"models import cartoongan_shinkai Shinkai_net_G_float\.pth"):
        CartoonGAN("shinkai", models=tmp_path)(a_photo(8, 8))


def test_the_recipe_word_is_cartoon() -> None:
    assert ENHANCEMENTS.canonical("cartoon") == "cartoongan"
    recipe = Recipe.parse("cartoon+least_likely")
    assert recipe.enhancement == CartoonGAN()
    assert recipe.word == "cartoon+least_likely"
    assert Recipe.parse("cartoongan+least_likely").word == recipe.word


def test_a_photo_looks_like_a_cartoon(hayao_folder: Path, photos: Path) -> None:
    """Fewer small differences between neighbours (flat areas), and colours that are still the photo's. Measured on
    kodim08 at half size: median difference of 8 levels before and 4 after."""
    image = pytest.importorskip("PIL.Image")
    with image.open(photos / "kodak" / "kodim08.png") as opened:
        photo = np.asarray(opened.convert("RGB").resize((384, 256)))
    made = CartoonGAN(models=hayao_folder)(photo)
    before, after = (np.median(np.abs(np.diff(x.astype(int), axis=1))) for x in (photo, made))
    assert after < 0.8 * before
    assert np.corrcoef(photo.ravel(), made.ravel())[0, 1] > 0.7
