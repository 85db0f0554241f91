"""Resolved expressions as the language writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, assert_never

from dync.compiler.expression import LAYER_WIDE, Apply, Expression, Number, Parameter, Symbol, spoken

_OPERATORS: Final[Mapping[str, tuple[str, int]]] = {
    "or": ("or", 1), "and": ("and", 2),
    "lt": ("<", 4), "le": ("<=", 4), "gt": (">", 4), "ge": (">=", 4), "eq": ("==", 4), "ne": ("!=", 4),
    "add": ("+", 5), "sub": ("-", 5),
    "mul": ("*", 6), "div": ("/", 6), "floordiv": ("//", 6), "mod": ("%", 6),
    "pow": ("**", 8),
}  # fmt: skip
"""Each operation between two operands: its sign, and how tightly it binds."""

_PREFIXES: Final[Mapping[str, tuple[str, int]]] = {"not": ("not ", 3), "neg": ("-", 7)}

_ATOM: Final = 9


def written(expression: Expression) -> str:
    """The expression as text, with no more brackets than it needs."""
    return _written(expression)[0]


def _written(expression: Expression) -> tuple[str, int]:
    """The text, and how tightly its outermost operation binds."""
    match expression:
        case Number(value):
            return f"{value:.9g}", _ATOM if value >= 0 else 7
        case Symbol(symbol, moment):
            name = spoken(symbol)
            return (name if moment is None else f"{name}@{moment}"), _ATOM
        case Parameter(name):
            return name, _ATOM
        case Apply(operation, (left, right)) if operation in _OPERATORS:
            sign, strength = _OPERATORS[operation]
            return f"{_within(left, strength)} {sign} {_within(right, strength + 1)}", strength
        case Apply(operation, (operand,)) if operation in _PREFIXES:
            sign, strength = _PREFIXES[operation]
            return f"{sign}{_within(operand, strength)}", strength
        case Apply("indicator", (condition,)):
            return f"[{written(condition)}]", _ATOM
        case Apply(operation, operands):
            return f"{LAYER_WIDE.get(operation, operation)}({', '.join(map(written, operands))})", _ATOM
        case _:
            assert_never(expression)


def _within(operand: Expression, strength: int) -> str:
    """An operand, in brackets where it binds less tightly than what it stands in."""
    text, own = _written(operand)
    return text if own >= strength else f"({text})"
