"""Expressions of rules and activations after their names are resolved: what the plan holds and the runtime evaluates.

As JSON a number is itself, a symbol is `"pre"`, `"pre@phase"`, `"field.apical"`, `"trace.z"` or `"modulator.reward"`, a
parameter is `"$margin"`, an operation is `["mul", a, b]`. Of the ends of a synapse, `pre` and `post` are what is sent,
`pre.state` and `post.state` what is held. In a measure `state@y` and `target@y` are the state and the target of the
layer `y`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from re import fullmatch
from typing import Final, TypeAlias, Union

from msgspec import Struct

from dync.grammar.python_modules import is_place

JSON: TypeAlias = Union[bool, int, float, str, list["JSON"], dict[str, "JSON"], None]  # noqa: UP007

SYMBOLS: Final = frozenset(
    {
        "pre", "post", "field", "predicted", "slope", "weight", "batch", "fan_in", "fan_out",
        "pre.state", "post.state", "state", "sent", "uniform", "normal", "target", "i", "j",
    }
)  # fmt: skip
"""Every name that an expression can read, beside its parameters, the named fields, `field.NAME`, traces, `trace.NAME`,
modulators, `modulator.NAME`, and the axes of units, `i[1]`."""

OPERATIONS: Final[Mapping[str, tuple[int, ...]]] = {
    "add": (2,), "sub": (2,), "mul": (2,), "div": (2,), "floordiv": (2,), "mod": (2,), "pow": (2,), "neg": (1,),
    "lt": (2,), "le": (2,), "gt": (2,), "ge": (2,), "eq": (2,), "ne": (2,), "and": (2,), "or": (2,), "not": (1,),
    "indicator": (1,), "abs": (1,), "sign": (1,), "tanh": (1,), "exp": (1,), "log": (1,), "sqrt": (1,),
    "min": (2,), "max": (2,), "clip": (3,), "where": (3,),
}  # fmt: skip
"""Operations and how many operands each takes.

Comparisons, `and`, `or` and `not` give truth values and take (the last three) truth values; `indicator` turns one into
1 or 0; the first operand of `where` is one. `sign(0)` is 1. `clip(x, low, high)`. `floordiv` and `mod` round down, as
in Python.
"""

REDUCTIONS: Final = frozenset({"units_mean", "units_sum", "units_max", "units_min", "units_argmax"})
"""The operations on one operand that make one number of all units of a layer. They stand in measures and, those of
`LAYER_WIDE`, in activations."""

LAYER_WIDE: Final[Mapping[str, str]] = {"units_sum": "total", "units_max": "largest"}
"""The reductions that activations know, by what these call them."""

CONDITIONS: Final = frozenset({"lt", "le", "gt", "ge", "eq", "ne", "and", "or", "not"})
"""The operations that give truth values."""


class Number(Struct, frozen=True):
    """A constant."""

    value: float


class Symbol(Struct, frozen=True):
    """One of `SYMBOLS` or a named field, at the end of the phase `moment`, or of the protocol where that is None."""

    name: str
    moment: str | None = None


class Parameter(Struct, frozen=True):
    """A numeric parameter of the rule, activation or edge: a leaf of the orchestrator."""

    name: str


class Apply(Struct, frozen=True):
    """An operation on expressions."""

    operation: str
    operands: tuple[Expression, ...]


class Foreign(Apply, frozen=True):
    """A function in Python of these operands, given by `names`; `place` is `module:name`.

    `digest` is the SHA-256 of the module's text, in hexadecimal. With `by`, the name of an operand, it is its
    derivative by that operand, unit by unit.
    """

    place: str
    digest: str
    names: tuple[str, ...]
    by: str | None = None


def foreign(
    place: str, digest: str, names: tuple[str, ...], operands: tuple[Expression, ...], by: str | None = None
) -> Foreign:
    """A function in Python, or its derivative, under the name that people read."""
    shown = place if by is None else f"slope of {place}"
    return Foreign(shown, operands, place, digest, names, by)


Expression = Number | Symbol | Parameter | Apply


def walk(expression: Expression) -> Iterator[Expression]:
    """The expression and everything in it, outermost first."""
    yield expression
    if isinstance(expression, Apply):
        for operand in expression.operands:
            yield from walk(operand)


def symbols(expression: Expression) -> frozenset[Symbol]:
    """The symbols that an expression reads."""
    return frozenset(e for e in walk(expression) if isinstance(e, Symbol))


def field_of(symbol: str) -> str | None:
    """The field that a symbol reads: `apical` of `field.apical`, nothing (`""`) of `field`; None of another symbol."""
    owner, _, name = symbol.partition(".")
    return name if owner == "field" else None


def trace_of(symbol: str) -> str | None:
    """The trace that a symbol reads: `z` of `trace.z`; None of another symbol."""
    owner, _, name = symbol.partition(".")
    return name if owner == "trace" and name else None


def modulator_of(symbol: str) -> str | None:
    """The modulator that a symbol reads: `reward` of `modulator.reward`; None of another symbol."""
    owner, _, name = symbol.partition(".")
    return name if owner == "modulator" and name else None


def spoken(symbol: str) -> str:
    """A symbol as the language writes it: traces and modulators by their names alone."""
    return trace_of(symbol) or modulator_of(symbol) or symbol


def axis_of(symbol: str) -> tuple[str, int] | None:
    """The end and the axis, from 1, that a symbol reads: `("i", 1)` of `i[1]`; None of another symbol."""
    end, _, axis = symbol.removesuffix("]").partition("[")
    is_axis = end in ("i", "j") and symbol.endswith("]") and axis.isascii() and axis.isdecimal() and len(axis) < 4
    return (end, int(axis)) if is_axis else None


def fields_read(expression: Expression) -> tuple[str, ...]:
    """The named fields that an expression reads, sorted."""
    return tuple(sorted({name for s in symbols(expression) if (name := field_of(s.name))}))


def traces_read(expression: Expression) -> frozenset[str]:
    """The names of the traces that an expression reads."""
    return frozenset(name for s in symbols(expression) if (name := trace_of(s.name)))


def parameters(expression: Expression) -> frozenset[str]:
    """The names of the parameters that an expression reads."""
    return frozenset(e.name for e in walk(expression) if isinstance(e, Parameter))


def to_json(expression: Expression) -> JSON:
    """The expression as plain data."""
    match expression:
        case Number(value):
            return value
        case Symbol(name, None):
            return name
        case Symbol(name, moment):
            return f"{name}@{moment}"
        case Parameter(name):
            return f"${name}"
        case Foreign(_, operands, place, digest, names, by):
            return ["python", place, digest, by, list(names), list(map(to_json, operands))]
        case Apply(operation, operands):
            return [operation, *map(to_json, operands)]


def from_json(data: JSON) -> Expression:
    """Read back what `to_json` gave; raises ValueError for anything else."""
    match data:
        case bool():
            pass
        case int() | float():
            return Number(float(data))
        case str() if data.startswith("$"):
            return Parameter(data[1:])
        case str():
            name, _, moment = data.partition("@")
            part = field_of(name) or trace_of(name) or modulator_of(name) or ""
            if name in SYMBOLS or part.isidentifier() or axis_of(name):
                return Symbol(name, moment or None)
        case ["python", str(place), str(digest), None | str() as by, [*names], [*operands]]:
            return _foreign_from_json(place, digest, by, names, operands)
        case [str(operation), *operands] if len(operands) in OPERATIONS.get(operation, ()):
            return Apply(operation, tuple(map(from_json, operands)))
        case [str(operation), operand] if operation in REDUCTIONS:
            return Apply(operation, (from_json(operand),))
    raise ValueError(f"not an expression of a plan: {data!r}")


def _foreign_from_json(place: str, digest: str, by: str | None, names: list[JSON], operands: list[JSON]) -> Foreign:
    known = tuple(name for name in names if isinstance(name, str) and name.isidentifier())
    fits = len(known) == len(names) == len(operands) == len(set(known)) and (by is None or by in known)
    if not (fits and is_place(place) and fullmatch("[0-9a-f]{64}", digest)):
        raise ValueError(f"not a function in Python: {place!r}")
    return foreign(place, digest, known, tuple(map(from_json, operands)), by)
