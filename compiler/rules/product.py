"""Products of factors, each of which reads one side of a synapse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler.expression import Expression, Number
from dync.compiler.rules.constant import LARGEST


class Side(IntEnum):
    """What a factor depends on; `SCALAR` ones read sizes and parameters only, `EXAMPLE` ones also modulators."""

    SCALAR = 0
    SENDER = 1
    RECEIVER = 2
    WEIGHT = 3
    EXAMPLE = 4


class Factor(NamedTuple):
    """An expression by its number in the table, and whether the product is divided by it."""

    number: int
    inverted: bool = False


class Product(Struct, frozen=True):
    """A number times factors, in the order of their numbers."""

    coefficient: float
    factors: tuple[Factor, ...] = ()

    @property
    def is_representable(self) -> bool:
        """Whether float32 holds the coefficient."""
        return abs(self.coefficient) <= LARGEST

    def times(self, number: float) -> Product:
        """The product times a number."""
        return replace(self, coefficient=self.coefficient * number)

    def inverse(self) -> Product:
        """One over the product; its coefficient is never zero."""
        return Product(1.0 / self.coefficient, tuple(Factor(f.number, not f.inverted) for f in self.factors))


def combined(left: Product, right: Product) -> Product:
    """The product of two."""
    return Product(left.coefficient * right.coefficient, tuple(sorted((*left.factors, *right.factors))))


def merged(products: Sequence[Product]) -> tuple[Product, ...]:
    """The same sum with each product of factors once, without those whose coefficients cancel."""
    coefficients: dict[tuple[Factor, ...], float] = {}
    for product in products:
        coefficients[product.factors] = coefficients.get(product.factors, 0.0) + product.coefficient
    return tuple(Product(coefficient, factors) for factors, coefficient in coefficients.items() if coefficient)


class FactorTable:
    """Expressions that serve as factors, each with its side; equal ones share a number."""

    def __init__(self) -> None:
        self.expressions: list[Expression] = []
        self.sides: list[Side] = []
        self._numbers: dict[Expression, int] = {}

    def add(self, expression: Expression, side: Side) -> Factor:
        """The factor of an expression."""
        number = self._numbers.setdefault(expression, len(self.expressions))
        if number == len(self.expressions):
            self.expressions.append(expression)
            self.sides.append(side)
        return Factor(number)

    def each(self, product: Product, change: Callable[[Expression], Expression]) -> Product:
        """The product of its changed parts, the coefficient among them: for what is multiplicative, as `abs` is."""
        factors = []
        for factor in product.factors:
            changed = self.add(change(self.expressions[factor.number]), self.sides[factor.number])
            factors.append(Factor(changed.number, factor.inverted))
        match change(Number(product.coefficient)):
            case Number(coefficient):
                return Product(coefficient, tuple(sorted(factors)))
            case other:
                return Product(1.0, tuple(sorted((*factors, self.add(other, Side.SCALAR)))))

    def of_side(self, product: Product, side: Side) -> tuple[Factor, ...]:
        """The factors of a product that read one side."""
        return tuple(factor for factor in product.factors if self.sides[factor.number] is side)
