"""One list of signatures: the stub's, which every implementation and the extension's headers agree with."""

from __future__ import annotations

import ast
import inspect
import re
from pathlib import Path

import pytest

from pixelpriv_fast import kernels
from pixelpriv_fast.kernels import table

STUB = ast.parse((Path(kernels.__file__).parent / "_native.pyi").read_text(encoding="utf-8"))
SIGNATURES = {node.name: node for node in STUB.body if isinstance(node, ast.FunctionDef)}
CSRC = Path(__file__).parents[2] / "csrc"
#: What a header calls a number and a comment calls a shape, to the letter.
NUMPY_NAME = {"std::uint8_t": "uint8", "std::int8_t": "int8", "std::int32_t": "int32", "float": "float32"}
NUMPY_NAME["double"] = "float64"


def parameters(function: ast.FunctionDef) -> list[tuple[str, object]]:
    """The names of the parameters with their defaults, ``...`` where there is none."""
    arguments = function.args
    assert not any((arguments.vararg, arguments.kwarg, arguments.kwonlyargs, arguments.posonlyargs))
    without = len(arguments.args) - len(arguments.defaults)
    defaults = [...] * without + [ast.literal_eval(value) for value in arguments.defaults]
    return [(argument.arg, default) for argument, default in zip(arguments.args, defaults, strict=True)]


def test_the_stub_lists_the_table():
    assert SIGNATURES.keys() - {"build_info"} == kernels.KERNELS.keys(), "add the kernel to kernels/_native.pyi"
    assert {node.name for node in STUB.body if isinstance(node, ast.ClassDef)} == table.CLASSES.keys()


@pytest.mark.parametrize("name", table.CLASSES)
def test_classes_have_the_stubs_members(name):
    (stub,) = (node for node in STUB.body if isinstance(node, ast.ClassDef) and node.name == name)
    members = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    constructor = parameters(members.pop("__init__"))[1:]
    twin = kernels.get(name, "reference")
    assert [(p, ...) for p in inspect.signature(twin).parameters] == constructor
    for implementation in kernels.implementations(name):
        found = kernels.get(name, implementation)
        assert members.keys() == {member for member in dir(found) if not member.startswith("_")}
    if "native" in kernels.implementations(name):
        text = kernels.get(name, "native").__init__.__doc__.strip().replace("self: pixelpriv_fast", "self: a", 1)
        (documented,) = ast.parse(f"def {text}: ...").body
        assert parameters(documented)[1:] == constructor


@pytest.mark.parametrize("name", kernels.KERNELS)
def test_twins_have_the_stubs_signature(name):
    for implementation in set(kernels.implementations(name)) - {"native"}:
        found = inspect.signature(kernels.get(name, implementation)).parameters.values()
        got = [(p.name, ... if p.default is inspect.Parameter.empty else p.default) for p in found]
        assert got == parameters(SIGNATURES[name]), implementation


@pytest.mark.skipif(table.native_module()[0] is None, reason="the extension is not built")
@pytest.mark.parametrize("name", SIGNATURES)
def test_the_extension_has_the_stubs_signature(name):
    (documented,) = ast.parse(f"def {getattr(table.native_module()[0], name).__doc__.strip()}: ...").body
    assert parameters(documented) == parameters(SIGNATURES[name])


def stub_contracts() -> dict[str, tuple[str, str]]:
    text = (Path(kernels.__file__).parent / "_native.pyi").read_text(encoding="utf-8")
    found = re.findall(r"^(\w+): TypeAlias = npt\.NDArray\[np\.(\w+)\]  # (.*)$", text, re.MULTILINE)
    return {name: (dtype, comment) for name, dtype, comment in found}


@pytest.mark.skipif(not CSRC.is_dir(), reason="csrc is not beside the tests")
def test_header_and_stub_state_the_same_array_contracts():
    text = (CSRC / "arrays.hpp").read_text(encoding="utf-8")
    found = re.findall(r"^using (\w+) = Array<([\w:]+)>; +// (.*)$", text, re.MULTILINE)
    assert {name: (NUMPY_NAME[number], comment) for name, number, comment in found} == stub_contracts()


def test_a_kernel_is_an_attribute_that_is_looked_up_once():
    assert kernels.ssim is kernels.get("ssim")
    assert "ssim" in vars(kernels)
    with pytest.raises(AttributeError, match="no attribute 'ssimm'"):
        kernels.ssimm  # noqa: B018
