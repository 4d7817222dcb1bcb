"""Fetching models: never against the user's word, and nothing but the pinned file."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pixelpriv_fast.errors import ModelError
from pixelpriv_fast.models import CARDS, Store, catalogue
from pixelpriv_fast.models.store import store as store_module
from tests.models.store.test_store import stamped_as


@pytest.mark.parametrize("variable", ["PIXELPRIV_OFFLINE", "HF_HUB_OFFLINE"])
def test_offline_means_no_attempt(tmp_path: Path, variable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    started = time.perf_counter()
    with pytest.raises(ModelError, match=rf"{variable} forbids the network; .*models import resnet50_places365"):
        Store(tmp_path, environment={variable: "1"}).fetch("resnet50_places365")
    assert time.perf_counter() - started < 1.0


def test_what_cannot_be_fetched(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be fetched; get it so: pixelpriv models import"):
        Store(tmp_path, environment={}).fetch("squeezenet_places365")


class _Server:
    """Serves one file on this machine, as the official host would."""

    def __init__(self, content: bytes) -> None:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/weights.pth"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes, str], None]]:
    servers: list[_Server] = []

    def start(content: bytes, sha256: str) -> None:
        servers.append(_Server(content))
        card = CARDS["resnet50_places365"]
        source = dataclasses.replace(card.source, url=servers[-1].url, sha256=sha256)
        monkeypatch.setattr(catalogue, "CARDS", {**CARDS, card.name: dataclasses.replace(card, source=source)})

    yield start
    for server in servers:
        server.close()


def test_fetch_checks_the_hash(tmp_path: Path, serve: Callable[[bytes, str], None]) -> None:
    pytest.importorskip("pooch")
    serve(b"not the weights", "0" * 64)
    with pytest.raises(ModelError, match=r"127\.0\.0\.1.*hash"):
        Store(tmp_path / "store", environment={}).fetch("resnet50_places365")
    assert not (tmp_path / "store").exists()


def test_fetch_hands_the_file_to_the_importer(
    tmp_path: Path, serve: Callable[[bytes, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pooch")
    content = b"the weights"
    serve(content, hashlib.sha256(content).hexdigest())
    seen: list[bytes] = []

    def fake_build(card: object, checkpoint: Path, *, allow_unknown_hash: bool) -> bytes:
        seen.append(checkpoint.read_bytes())
        assert not allow_unknown_hash
        return stamped_as("resnet50_places365")

    monkeypatch.setattr(store_module, "build", fake_build)
    path = Store(tmp_path / "store", environment={}).fetch("resnet50_places365")
    assert seen == [content]
    assert path.is_file()
