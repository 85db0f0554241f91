"""What a Python module declares, read from its text: nothing of it is run."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import Final

from msgspec import Struct

from dync.grammar.python_modules import PythonModule

DEEPEST: Final = "it is nested too deeply to be read"


class SyntaxRefusedError(Exception):
    """The module is no Python; `line` says where."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line


class Signature(Struct, frozen=True):
    """A function's arguments by name; `optional` are those that have a default. `open`: it takes any number more."""

    name: str
    arguments: tuple[str, ...]
    optional: frozenset[str]
    open: bool
    line: int


class Declared(Struct, frozen=True):
    """The functions of a module, and the classes with the functions in each, by name."""

    functions: dict[str, Signature]
    classes: dict[str, dict[str, Signature]]


@lru_cache(maxsize=32)
def declared(module: PythonModule) -> Declared:
    """What stands in a module at its top. Raises SyntaxRefusedError for a text that is no Python."""
    try:
        tree = ast.parse(module.text, filename=module.path.name)
    except SyntaxError as error:
        raise SyntaxRefusedError(error.lineno or 1, error.msg) from None
    except (ValueError, RecursionError, MemoryError):
        raise SyntaxRefusedError(1, DEEPEST) from None
    classes = {node.name: _functions(node.body) for node in tree.body if isinstance(node, ast.ClassDef)}
    return Declared(_functions(tree.body), classes)


def _functions(body: list[ast.stmt]) -> dict[str, Signature]:
    return {node.name: _signature(node) for node in body if isinstance(node, ast.FunctionDef)}


def _signature(node: ast.FunctionDef) -> Signature:
    by_place = [*node.args.posonlyargs, *node.args.args]
    defaults = [argument.arg for argument in by_place[len(by_place) - len(node.args.defaults) :]]
    with_default = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    optional = frozenset([*defaults, *(argument.arg for argument, default in with_default if default is not None)])
    names = tuple(argument.arg for argument in [*by_place, *node.args.kwonlyargs])
    several = bool(node.args.posonlyargs or node.args.vararg or node.args.kwarg)
    return Signature(node.name, names, optional, several, node.lineno)
