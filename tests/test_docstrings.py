"""The docstrings are complete: what a public function or class takes stands in its docstring, in order and in words.

Public is what has no leading underscore in a module of the package. ruff's ``D`` rules see to the form; here the contents of
numpydoc's sections are held against the code.

The commands of the command line are the exception: their docstring is their ``--help``, and each of their parameters must have
a help text of its own instead of a line in the docstring.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from typing import Any

import docstring_parser
import pytest
import typer

import pixelpriv_fast
from pixelpriv_fast.cli.app import app
from pixelpriv_fast.cli.job_options import job_options
from pixelpriv_fast.cli.models import app as models

MODULES = sorted(
    module.name
    for module in pkgutil.walk_packages(pixelpriv_fast.__path__, "pixelpriv_fast.")
    if not module.name.endswith(("__main__", "probe_child", "._native"))
)
#: What typer reads options off: the commands, and the options that some of them share.
COMMANDS = [*(command.callback for command in (*app.registered_commands, *models.registered_commands)), job_options]
#: A function that takes one thing, and says what in its first line, needs no list of it.
FEW = 1


#: Many small functions with one contract, which is written once: the gradient rules (``graph.rules.scene.Rule``) and the
#: operators that they emit (``graph.emission.Emitter``). Each of them needs its sentence and no list.
SHARED_CONTRACT = ("scene", "node", "gradient"), ("scene", "node", "gradients")
SHARED_CLASS = "Emitter."


def contract_is_shared(name: str, thing: Any) -> bool:
    if ".kernels.jit." in thing.__module__:  # a twin has its definition's contract, in kernels/reference
        return True
    return name.startswith(SHARED_CLASS) or tuple(parameters_of(thing)) in SHARED_CONTRACT


def public_things(module_name: str) -> Iterator[tuple[str, Any]]:
    """The public functions and classes that are defined in a module, and the classes' public methods."""
    module = importlib.import_module(module_name)
    for name, thing in vars(module).items():
        if name.startswith("_") or getattr(thing, "__module__", None) != module_name:
            continue
        if inspect.isfunction(thing):
            yield name, thing
        elif inspect.isclass(thing):
            yield name, thing
            for attribute, member in vars(thing).items():
                function = member.__func__ if isinstance(member, (classmethod, staticmethod)) else member
                inherited = any(attribute in vars(base) for base in thing.__mro__[1:])
                if inspect.isfunction(function) and not attribute.startswith("_") and not inherited:
                    yield f"{name}.{attribute}", function


def parameters_of(thing: Any) -> list[str]:
    """The parameters that a caller gives, in the signature's order; a dataclass's are its fields, a protocol has none."""
    if inspect.isclass(thing):
        if vars(thing).get("_is_protocol", False):
            return []
        if dataclasses.is_dataclass(thing):
            fields = [field for field in dataclasses.fields(thing) if field.init and not field.name.startswith("_")]
            return [field.name for field in sorted(fields, key=lambda field: bool(field.kw_only))]
        if "__init__" not in vars(thing) or issubclass(thing, BaseException):
            return []
        thing = thing.__init__
    names = [name for name in inspect.signature(thing).parameters if not name.startswith("_")]
    return [name for name in names if name not in ("self", "cls")]


def described(docstring: str) -> list[tuple[str, str]]:
    """Names and descriptions of the sections Parameters and Attributes; names that share an entry stand apart."""
    parsed = docstring_parser.parse(docstring, style=docstring_parser.DocstringStyle.NUMPYDOC)
    kept = [item for item in parsed.params if item.args[0] in ("param", "attribute")]
    return [
        (name.strip().lstrip("*"), (item.description or "").strip())
        for item in kept
        for name in item.arg_name.split(",")
    ]


def help_texts(thing: Any) -> list[str | None]:
    """The help texts of a command's parameters; an empty list for what is not a command."""
    if thing not in COMMANDS:
        return []
    annotations = [parameter.annotation for parameter in inspect.signature(thing, eval_str=True).parameters.values()]
    infos = [info for annotation in annotations for info in getattr(annotation, "__metadata__", ())]
    return [info.help for info in infos if isinstance(info, typer.models.ParameterInfo)]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.__name__)
def test_every_option_of_a_command_has_a_help_text(command: Any) -> None:
    texts = help_texts(command)
    assert all(texts)
    annotations = {name: p.annotation for name, p in inspect.signature(command, eval_str=True).parameters.items()}
    options = [name for name in parameters_of(command) if annotations[name] is not typer.Context]
    assert len(texts) == len(options)


@pytest.mark.parametrize("module_name", MODULES)
def test_parameters_are_listed_in_order_and_described(module_name: str) -> None:
    for name, thing in public_things(module_name):
        docstring = inspect.getdoc(thing) or ""
        assert docstring, f"{name} has no docstring"
        wanted = [] if help_texts(thing) else parameters_of(thing)
        found = [entry for entry, _ in described(docstring) if entry in wanted]
        empty = [entry for entry, text in described(docstring) if not text]
        assert not empty, f"{name} lists {empty} without a word"
        if found or (len(wanted) > FEW and not contract_is_shared(name, thing)):
            assert found == wanted, f"{name} takes {wanted}, its docstring lists {found}"


@pytest.mark.parametrize("module_name", MODULES)
def test_what_is_returned_and_raised_is_said(module_name: str) -> None:
    for name, thing in public_things(module_name):
        if inspect.isclass(thing) or help_texts(thing) or contract_is_shared(name, thing):
            continue
        docstring = inspect.getdoc(thing) or ""
        returned = inspect.signature(thing).return_annotation
        if len(parameters_of(thing)) > FEW and returned not in (None, "None", inspect.Signature.empty):
            assert "\nReturns\n---" in docstring or "\nYields\n---" in docstring, f"{name} returns {returned}"
        if "raise UsageError" in inspect.getsource(thing):
            assert "Raises" in docstring, f"{name} raises a UsageError and does not say so"


def test_no_two_public_classes_have_one_name() -> None:
    places: dict[str, list[str]] = {}
    for module_name in MODULES:
        for name, thing in public_things(module_name):
            if inspect.isclass(thing):
                places.setdefault(name, []).append(module_name)
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}
