"""The rules that keep the code simple, checked by machine: who imports whom, where heavy libraries live, how long
files and functions are, and that importing the package is free."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "pixelpriv_fast"
SOURCES = sorted(PACKAGE.rglob("*.py"))
FACES = {"__init__", "__main__"}  #: these two name what stands at the top, whatever layer it is in

#: Top to bottom: a layer imports only from layers below it (or from itself, where it is a package of its own).
LAYERS = [
    {"cli"},
    {"paper", "bench"},
    {"archive", "evaluate", "about"},
    {"protection"},
    {"enhance", "attacks", "metrics"},
    {"channels"},
    {"engines"},
    {"graph"},
    {"models"},
    {"runtime", "codecs"},
    {"kernels"},
    {"registry", "files", "json_safe", "logits", "photo_check"},
    {"errors", "types", "words", "defaults"},
]
NEVER_EACH_OTHER = {"enhance", "attacks", "metrics"}

#: Heavy library -> the places that may import it, as path prefixes inside the package.
HOMES = {
    "onnxruntime": ("runtime/",),
    "openvino": ("runtime/",),
    "torch": (
        "engines/torch/",
        "models/architectures/",
        "models/importing/",
        "bench/torch_eager",  # what the bench holds networks against
    ),
    "torchvision": ("models/",),
    "PIL": ("codecs/",),
    "simplejpeg": ("codecs/",),
    "imagecodecs": ("codecs/",),
    "pillow_heif": ("codecs/",),
    "numba": ("kernels/jit/",),
    "onnx": ("models/", "graph/", "runtime/"),
}


def part_of(path: Path) -> str:
    relative = path.relative_to(PACKAGE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def layer_of(part: str) -> int:
    return next(level for level, parts in enumerate(LAYERS) if part in parts)


def imported_parts(path: Path) -> Iterator[tuple[str, int]]:
    """The parts of the package that a file imports (anywhere in it, lazily too), with the line."""
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.level == 0:
            continue
        if node.level == depth:  # relative to the package itself
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            yield from ((name, node.lineno) for name in names)


def test_every_part_has_a_layer() -> None:
    known = set().union(*LAYERS) | FACES
    assert {part_of(path) for path in SOURCES} <= known


@pytest.mark.parametrize("path", [p for p in SOURCES if p.parent != PACKAGE or p.stem not in FACES], ids=str)
def test_imports_point_downwards(path: Path) -> None:
    part = part_of(path)
    for other, line in imported_parts(path):
        if other == part or other.startswith("_"):
            continue
        assert other in set().union(*LAYERS), f"{path}:{line} imports {other}, which has no layer"
        assert layer_of(other) > layer_of(part), f"{path}:{line}: {part} must not import {other}"


@pytest.mark.parametrize("library", HOMES)
def test_heavy_libraries_have_one_home(library: str) -> None:
    for path in SOURCES:
        relative = path.relative_to(PACKAGE).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names = [node.module]
            if any(name.split(".")[0] == library for name in names):
                assert relative.startswith(HOMES[library]), f"{relative} imports {library}"


def loaded(statement: str, libraries: Sequence[str]) -> list[str]:
    """Which of ``libraries`` a fresh Python holds after ``statement``."""
    code = (
        f"import json, sys\n{statement}\nprint(json.dumps([name for name in {list(libraries)} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    return list(json.loads(done.stdout))


HEAVY = ("torch", "onnxruntime", "openvino", "onnx", "numba", "PIL", "numpy")


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded("import pixelpriv_fast", (*HEAVY, "typer", "matplotlib")) == []


def test_help_loads_nothing_heavy() -> None:
    assert loaded("from pixelpriv_fast.cli import app", HEAVY) == []


def test_a_compiled_kernel_does_not_load_numba() -> None:
    code = (
        "from pixelpriv_fast import kernels\nfrom pixelpriv_fast.kernels.table import unavailable\n"
        "assert kernels.ssim and kernels.lift and kernels.resize_u8 and not unavailable('native')"
    )
    assert loaded(code, ("numba",)) == []


@pytest.mark.parametrize("path", SOURCES, ids=str)
def test_files_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300, "split the file by what it does"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            body = (node.end_lineno or 0) - node.body[0].lineno + 1
            if ast.get_docstring(node) and len(node.body) > 1:
                body = (node.end_lineno or 0) - node.body[1].lineno + 1
            assert body <= 40, f"{node.name} at line {node.lineno} has {body} lines"


def test_nothing_reads_untrusted_pickles() -> None:
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        assert "weights_only=False" not in text
        assert "allow_pickle=True" not in text
        assert "pickle.load" not in text
