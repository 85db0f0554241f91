"""Arithmetic on constants, in double precision."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Final

from dync.compiler.expression import Apply, Expression, Number

LARGEST: Final = 3.4028234663852886e38
"""The largest number that float32, in which networks compute, can hold."""


def evaluate(operation: str, values: tuple[float, ...]) -> float:
    """The value of a numeric operation on constants.

    Raises ArithmeticError or ValueError where there is none: `log(0)`, `1 / 0`, a root of a negative number, a value
    beyond `LARGEST`. Conditions, and operations that take one, have no value here: KeyError.
    """
    value = _ARITHMETIC[operation](*values)
    if isinstance(value, complex) or not abs(value) <= LARGEST:
        raise OverflowError(f"{operation} of {values} is not a number that float32 holds")
    return float(value)


def truth(condition: Expression) -> bool | None:
    """Whether a condition on constants holds; None where it reads anything."""
    match condition:
        case Apply("not", (operand,)):
            held = truth(operand)
            return None if held is None else not held
        case Apply("and" | "or" as operation, (left, right)):
            sides = truth(left), truth(right)
            absorbing = operation == "or"
            if absorbing in sides:
                return absorbing
            return None if None in sides else not absorbing
        case Apply(operation, (Number(left), Number(right))) if operation in _COMPARISONS:
            return _COMPARISONS[operation](left, right)
        case _:
            return None


_ARITHMETIC: Final[Mapping[str, Callable[..., float]]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "floordiv": lambda a, b: a // b,
    "mod": lambda a, b: a % b,
    "pow": lambda a, b: a**b,
    "neg": lambda a: -a,
    "abs": abs,
    "sign": lambda a: 1.0 if a >= 0 else -1.0,
    "tanh": math.tanh,
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
    "clip": lambda a, low, high: min(max(a, low), high),
}

_COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
}
