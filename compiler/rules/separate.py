"""Splitting a rule into products of what depends on the sender, on the receiver and on the weight.

A rule gives one number for each synapse and each example; summed over the batch as it stands that takes an array
`[batch, units of sender, units of receiver]`. Where it is a sum of products, each product is one matrix product.
"""

from __future__ import annotations

from collections.abc import Set
from typing import Final

from msgspec import Struct

from dync.compiler.expression import (
    Apply,
    Expression,
    Number,
    Parameter,
    Symbol,
    field_of,
    modulator_of,
    trace_of,
)
from dync.compiler.plan import TermPlan
from dync.compiler.rules.algebra import ZERO, apply, choose
from dync.compiler.rules.finite import is_finite
from dync.compiler.rules.gather import gather
from dync.compiler.rules.product import FactorTable, Product, Side, combined, merged

MAXIMUM_TERMS: Final = 16
"""More products than this cost more than they save."""

_MAXIMUM_PRODUCTS: Final = 64
"""So many may stand side by side before like ones are gathered."""

_LARGEST_POWER: Final = 4
"""Powers up to this one are multiplied out where the base is a sum."""

_SIDES: Final = {
    "pre": Side.SENDER,
    "pre.state": Side.SENDER,
    "post": Side.RECEIVER,
    "post.state": Side.RECEIVER,
    "predicted": Side.RECEIVER,
    "slope": Side.RECEIVER,
    "weight": Side.WEIGHT,
}


class Obstacle(Struct, frozen=True):
    """The part of a rule that no sum of products can give."""

    expression: Expression


def separate(update: Expression, sender_traces: Set[str] = frozenset()) -> tuple[TermPlan, ...] | Obstacle:
    """The terms whose sum is the update summed over the batch, as few as possible; none where it is always zero.

    `sender_traces` are the names of the traces of the sender's units; other traces are the receiver's.

    What reads one side only stays whole: `(post - predicted) * slope * pre` is one term. Wherever the update is finite
    the terms are, and equal to it but for rounding.
    """
    separator = _Separator(sender_traces)
    try:
        terms = gather(separator.of(update), separator.factors)
    except _BlockedError as blocked:
        return Obstacle(blocked.expression)
    return terms if len(terms) <= MAXIMUM_TERMS else Obstacle(update)


class _BlockedError(Exception):
    """Leaves the recursion at an obstacle."""

    def __init__(self, expression: Expression) -> None:
        super().__init__()
        self.expression = expression


class _Separator:
    """Turns expressions into sums of products of factors, which stand in `factors`."""

    def __init__(self, sender_traces: Set[str]) -> None:
        self.factors = FactorTable()
        self.sender_traces = sender_traces
        self.known_sides: dict[int, tuple[Expression, frozenset[Side]]] = {}

    def of(self, expression: Expression) -> tuple[Product, ...]:
        """The products whose sum is the expression."""
        match expression:
            case Number(value):
                return (Product(value),) if value else ()
            case Parameter() | Symbol():
                return self.whole(expression)
            case Apply("neg", (a,)):
                return tuple(product.times(-1.0) for product in self.of(a))
            case Apply("mul", (a, b)):
                return self.times(expression, self.of(a), self.of(b))
            case Apply("div", (a, b)):
                return self.times(expression, self.of(a), (self.inverse(expression, b),))
            case Apply("pow", (a, Number(n))) if n == int(n) and (n > 1 or not self.is_one_sided(a)):
                return self.power(expression, a, int(n))
            case _ if self.is_one_sided(expression):
                return self.whole(expression)
            case Apply(operation, operands):
                return self.of_mixed(expression, operation, operands)

    def of_mixed(self, whole: Expression, operation: str, operands: tuple[Expression, ...]) -> tuple[Product, ...]:
        """An operation that reads more than one side."""
        match operation, operands:
            case "add", (a, b):
                return self.plus(whole, self.of(a), self.of(b))
            case "sub", (a, b):
                return self.plus(whole, self.of(a), self.of(Apply("neg", (b,))))
            case "abs", (a,):
                return (self.factors.each(self.single(whole, a), lambda factor: apply("abs", factor)),)
            case "indicator", (condition,):
                return self.of_condition(condition)
            case "where", (condition, yes, no):
                held = self.guarded(whole, condition, yes)
                return self.plus(whole, held, self.guarded(whole, Apply("not", (condition,)), no))
        raise _BlockedError(whole)

    def of_condition(self, condition: Expression) -> tuple[Product, ...]:
        """1 where the condition holds, 0 elsewhere."""
        if self.is_one_sided(condition):
            return self.of(apply("indicator", condition))
        match condition:
            case Apply("not", (a,)):
                return self.plus(condition, (Product(1.0),), _negative(self.of_condition(a)))
            case Apply("and", (a, b)):
                return self.times(condition, self.of_condition(a), self.of_condition(b))
            case Apply("or", (a, b)):
                left, right = self.of_condition(a), self.of_condition(b)
                both = self.times(condition, left, right)
                return self.plus(condition, self.plus(condition, left, right), _negative(both))
        raise _BlockedError(condition)

    def guarded(self, whole: Expression, condition: Expression, value: Expression) -> tuple[Product, ...]:
        """The value where the condition holds, 0 elsewhere, which a product gives only where the value is finite."""
        guarded = choose(condition, value, ZERO)
        if self.is_one_sided(guarded):
            return self.of(guarded)
        if not is_finite(value):
            raise _BlockedError(whole)
        return self.times(whole, self.of_condition(condition), self.of(value))

    def power(self, whole: Expression, base: Expression, exponent: int) -> tuple[Product, ...]:
        """The base multiplied out, or raised factor by factor where it is one product."""
        products = self.of(base)
        if 0 < exponent <= _LARGEST_POWER:
            result: tuple[Product, ...] = (Product(1.0),)
            for _ in range(exponent):
                result = self.times(whole, result, products)
            return result
        if len(products) > 1:
            raise _BlockedError(whole)
        single = self.single(whole, base)
        return (self.factors.each(single, lambda factor: apply("pow", factor, Number(float(exponent)))),)

    def inverse(self, whole: Expression, denominator: Expression) -> Product:
        """One over the denominator, which must be one product."""
        return self.single(whole, denominator).inverse()

    def single(self, whole: Expression, expression: Expression) -> Product:
        """The expression as one product that is not zero."""
        products = self.of(expression)
        if len(products) != 1:
            raise _BlockedError(whole)
        return products[0]

    def plus(self, whole: Expression, left: tuple[Product, ...], right: tuple[Product, ...]) -> tuple[Product, ...]:
        return self.checked(whole, merged((*left, *right)))

    def times(self, whole: Expression, left: tuple[Product, ...], right: tuple[Product, ...]) -> tuple[Product, ...]:
        if len(left) * len(right) > _MAXIMUM_PRODUCTS**2:
            raise _BlockedError(whole)
        return self.checked(whole, merged(tuple(combined(a, b) for a in left for b in right)))

    def checked(self, whole: Expression, products: tuple[Product, ...]) -> tuple[Product, ...]:
        """The products, if they are few enough and their coefficients are numbers."""
        if len(products) > _MAXIMUM_PRODUCTS or not all(product.is_representable for product in products):
            raise _BlockedError(whole)
        return products

    def whole(self, expression: Expression) -> tuple[Product, ...]:
        """A part that reads at most one side, as one factor; what reads the example too is the end's."""
        sides = self.sides(expression)
        side = next(iter(sides - {Side.EXAMPLE} or sides), Side.SCALAR)
        return (Product(1.0, (self.factors.add(expression, side),)),)

    def is_one_sided(self, expression: Expression) -> bool:
        """Whether one end or one weight is all that it reads; beside an end that may be the example, too."""
        sides = self.sides(expression)
        return len(sides - {Side.EXAMPLE}) <= 1 and not {Side.EXAMPLE, Side.WEIGHT} <= sides

    def side(self, symbol: str) -> Side | None:
        """What a symbol depends on."""
        if field_of(symbol) is not None:
            return Side.RECEIVER
        if modulator_of(symbol) is not None:
            return Side.EXAMPLE
        if (trace := trace_of(symbol)) is not None:
            return Side.SENDER if trace in self.sender_traces else Side.RECEIVER
        return _SIDES.get(symbol)

    def sides(self, expression: Expression) -> frozenset[Side]:
        """What the expression depends on, beside sizes and parameters."""
        match expression:
            case Symbol(name):
                side = self.side(name)
                return frozenset() if side is None else frozenset({side})
            case Apply(_, operands):
                known = self.known_sides.get(id(expression))
                if known is None:
                    known = expression, frozenset[Side]().union(*map(self.sides, operands))
                    self.known_sides[id(expression)] = known
                return known[1]
            case _:
                return frozenset()


def _negative(products: tuple[Product, ...]) -> tuple[Product, ...]:
    return tuple(product.times(-1.0) for product in products)
