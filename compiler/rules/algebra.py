"""Building expressions with the simplifications that hold for every finite value: `0 * x`, `1 * x`, `x + 0`."""

from __future__ import annotations

from typing import Final

from dync.compiler.expression import Apply, Expression, Number
from dync.compiler.rules.constant import evaluate, truth

ZERO: Final = Number(0.0)
ONE: Final = Number(1.0)


def apply(operation: str, *operands: Expression) -> Expression:
    """The operation, or its value where all its operands are constants and it has one."""
    match operation, operands:
        case "indicator", (condition,):
            held = truth(condition)
            return Apply(operation, operands) if held is None else Number(float(held))
        case "where", (condition, yes, no):
            held = truth(condition)
            return Apply(operation, operands) if held is None else yes if held else no
    values = tuple(o.value for o in operands if isinstance(o, Number))
    if len(values) < len(operands):
        return Apply(operation, operands)
    try:
        return Number(evaluate(operation, values))
    except (ArithmeticError, ValueError, KeyError):
        return Apply(operation, operands)


def add(left: Expression, right: Expression) -> Expression:
    """`left + right`."""
    match left, right:
        case Number(0.0), other:
            return other
        case other, Number(0.0):
            return other
        case _, Apply("neg", (negated,)):
            return subtract(left, negated)
        case _:
            return apply("add", left, right)


def subtract(left: Expression, right: Expression) -> Expression:
    """`left - right`."""
    match left, right:
        case other, Number(0.0):
            return other
        case Number(0.0), other:
            return negate(other)
        case _, Apply("neg", (negated,)):
            return add(left, negated)
        case _:
            return apply("sub", left, right)


def negate(operand: Expression) -> Expression:
    """`-operand`."""
    match operand:
        case Apply("neg", (negated,)):
            return negated
        case _:
            return apply("neg", operand)


def multiply(left: Expression, right: Expression) -> Expression:
    """`left * right`; `0 * x` is 0 even where x is not finite."""
    match left, right:
        case (Number(0.0), _) | (_, Number(0.0)):
            return ZERO
        case (Number(1.0), other) | (other, Number(1.0)):
            return other
        case (Number(-1.0), other) | (other, Number(-1.0)):
            return negate(other)
        case Apply("neg", (negated,)), other:
            return negate(multiply(negated, other))
        case other, Apply("neg", (negated,)):
            return negate(multiply(other, negated))
        case _:
            return apply("mul", left, right)


def divide(left: Expression, right: Expression) -> Expression:
    """`left / right`; `0 / x` is 0."""
    match left, right:
        case other, Number(1.0):
            return other
        case Number(0.0), denominator if denominator != ZERO:
            return ZERO
        case Apply("neg", (negated,)), other:
            return negate(divide(negated, other))
        case _:
            return apply("div", left, right)


def power(base: Expression, exponent: Expression) -> Expression:
    """`base ** exponent`."""
    match exponent:
        case Number(0.0):
            return ONE
        case Number(1.0):
            return base
        case _:
            return apply("pow", base, exponent)


def choose(condition: Expression, yes: Expression, no: Expression) -> Expression:
    """`where(condition, yes, no)`."""
    match yes, no:
        case Number(a), Number(b) if a == b:
            return yes
        case Number(1.0), Number(0.0):
            return apply("indicator", condition)
        case _:
            return apply("where", condition, yes, no)
