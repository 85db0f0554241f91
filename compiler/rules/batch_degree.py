"""How a rule's update grows with the size of the batch, found from its expression."""

from __future__ import annotations

from fractions import Fraction
from typing import Final, Literal, TypeAlias

from msgspec import Struct

from dync.compiler.expression import CONDITIONS, Apply, Expression, Foreign, Number, Parameter, Symbol, walk

Promise: TypeAlias = Literal["mean", "sum", "depends", "unknown"]
"""What a rule says of its batch: the update is the mean of what each example wants, or the sum, or neither; of a
function in Python that is given the size of the batch it is not known."""


class BatchLaw(Struct, frozen=True):
    """The update is `batch ** degree` times a sum over the examples in which the size of the batch plays no part.

    With the degree -1 it is a mean, with 0 a sum. `degree` is None where the batch is read in no such way; `by` are the
    smallest parts of the rule that read it then, or that give another degree.
    """

    degree: Fraction | None
    by: tuple[Expression, ...] = ()

    @property
    def promise(self) -> Promise:
        """Which of the three it is."""
        if self.degree == -1:
            return "mean"
        if self.degree is None and any(isinstance(part, Foreign) for part in self.by):
            return "unknown"
        return "sum" if self.degree == 0 else "depends"


class _NoPowerError(Exception):
    """The batch is read in a way that is no power of it."""


_ANY: Final = None
"""The degree of zero, which is every one."""

_SAME: Final = frozenset({"add", "sub", "min", "max", "clip", "mod"})
"""Operations that scale as their operands do, where these scale alike."""


def batch_law(update: Expression) -> BatchLaw:
    """What the expression of a rule says of its batch."""
    try:
        degree = _degree(update) or Fraction(0)
    except _NoPowerError:
        return BatchLaw(None, _readers(update))
    return BatchLaw(degree, () if degree in (-1, 0) else _readers(update))


def _degree(expression: Expression) -> Fraction | None:
    match expression:
        case Number(0.0):
            return _ANY
        case Symbol("batch"):
            return Fraction(1)
        case Number() | Symbol() | Parameter():
            return Fraction(0)
        case Apply(operation, operands):
            return _of_operation(operation, operands)


def _of_operation(operation: str, operands: tuple[Expression, ...]) -> Fraction | None:
    degrees = [_degree(operand) for operand in operands]
    if operation in CONDITIONS:
        _alike(degrees)
        return Fraction(0)
    match operation, degrees:
        case ("mul", [a, b]):
            return _ANY if a is None or b is None else a + b
        case ("div", [a, b]):
            return _ANY if a is None else a - (b or Fraction(0))
        case ("pow", [a, _]):
            return _power(a, operands[1])
        case ("sqrt", [a]):
            return _ANY if a is None else a / 2
        case ("neg" | "abs" | "units_sum" | "units_mean" | "units_max" | "units_min", [a]):
            return a
        case ("where", [_, yes, no]):
            return _alike([yes, no])
        case ("sign" | "indicator", _):
            return Fraction(0)
        case ("floordiv", _):
            _alike(degrees)
            return Fraction(0)
        case _ if operation in _SAME:
            return _alike(degrees)
    if any(degree for degree in degrees):
        raise _NoPowerError
    return Fraction(0)


def _alike(degrees: list[Fraction | None]) -> Fraction | None:
    """The one degree of operands; those of zero are any."""
    found = {degree for degree in degrees if degree is not None}
    if len(found) > 1:
        raise _NoPowerError
    return next(iter(found), _ANY)


def _power(base: Fraction | None, exponent: Expression) -> Fraction | None:
    match exponent:
        case Number(value) if base is not None:
            return base * Fraction(value).limit_denominator(1000)
        case _ if base == 0 and not _reads_batch(exponent):
            return Fraction(0)
    raise _NoPowerError


def _reads_batch(expression: Expression) -> bool:
    return any(part == Symbol("batch") for part in walk(expression))


def _readers(expression: Expression) -> tuple[Expression, ...]:
    """The smallest parts around `batch` that are not `batch` itself."""
    found: dict[Expression, None] = {}
    for part in walk(expression):
        if isinstance(part, Apply) and _reads_batch(part) and not _reads_it_deeper(part):
            found.setdefault(_shown(expression, part), None)
    return tuple(found)


def _reads_it_deeper(part: Apply) -> bool:
    return any(isinstance(operand, Apply) and _reads_batch(operand) for operand in part.operands)


def _shown(whole: Expression, part: Apply) -> Expression:
    """The part, or the root or function around it that makes it what it is: `sqrt(batch * fan_in)`."""
    found: Expression = part
    for around in walk(whole):  # outermost first: the last one is the nearest
        if isinstance(around, Apply) and around.operation in _TELLING and any(inner is part for inner in walk(around)):
            found = around
    return found


_TELLING: Final = frozenset({"sqrt", "pow", "log", "exp", "tanh"})
