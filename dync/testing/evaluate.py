"""Expressions of a plan, evaluated literally with NumPy in float64."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias, assert_never

import numpy as np
from numpy.typing import NDArray

from dync.compiler.expression import REDUCTIONS, Apply, Expression, Foreign, Number, Parameter, Symbol

Array: TypeAlias = NDArray[np.float64]
Value: TypeAlias = NDArray[np.float64] | NDArray[np.bool_]
Reading: TypeAlias = Callable[[Symbol], Array]
"""Gives the value of a symbol; called once for each place that reads it."""


@dataclass
class Margin:
    """How near any decision came to falling the other way: the smallest distance of two compared values so far.

    Two values that are equal, and exactly so in float32 as well, decide the same way in either precision and count as
    no danger. Where `smallest` is far above the rounding of float32, a computation in float32 takes the same branches.
    """

    smallest: float = field(default=np.inf)

    def see(self, left: Value, right: Value) -> None:
        """Take note of a comparison of `left` with `right`, which broadcast."""
        a, b = np.broadcast_arrays(np.asarray(left, np.float64), np.asarray(right, np.float64))
        safe = (a == b) & (_in_float32(a) == a)
        distances = np.abs(a - b)[~safe]
        if distances.size:
            self.smallest = min(self.smallest, float(np.min(distances)))


def evaluate(
    expression: Expression,
    read: Reading,
    parameters: Mapping[str, float],
    margin: Margin,
    units: tuple[int, ...] = (),
) -> Array:
    """The value of an expression whose symbols `read` gives; the shapes of what it reads broadcast.

    What is summed over the units of a layer has the shape `units`, `[batch, units]`, where that is given.

    Division by zero, overflow and roots of negative numbers give infinities and NaN, silently, as in IEEE arithmetic.
    Raises KeyError for a parameter that `parameters` lacks.
    """
    with np.errstate(all="ignore"):
        return np.asarray(_value(expression, read, parameters, margin, units), np.float64)


def _value(
    expression: Expression, read: Reading, parameters: Mapping[str, float], margin: Margin, units: tuple[int, ...]
) -> Value:
    match expression:
        case Number(value):
            return np.asarray(value, np.float64)
        case Parameter(name):
            return np.asarray(parameters[name], np.float64)
        case Symbol():
            return read(expression)
        case Foreign(operands=operands):
            from dync.runtime.evaluate import called  # which loads JAX, as the function will

            given = [_value(operand, read, parameters, margin, units) for operand in operands]
            return np.asarray(called(expression, given), np.float64)
        case Apply(operation, operands):
            values = [_value(operand, read, parameters, margin, units) for operand in operands]
            if operation in REDUCTIONS and units:
                values = [np.broadcast_to(np.asarray(value, np.float64), units) for value in values]
            if _is_largest(operation, operands):
                _look("units_argmax", values[:1], margin)
            else:
                _look(operation, values, margin)
            return _FUNCTIONS[operation](*values)
        case _:
            assert_never(expression)


def _is_largest(operation: str, operands: tuple[Expression, ...]) -> bool:
    """Whether it asks which units have the largest value, which one of them certainly has."""
    match operation, operands:
        case "eq", (value, Apply("units_max", (of,))):
            return value == of
        case _:
            return False


def _look(operation: str, values: list[Value], margin: Margin) -> None:
    """Tell `margin` of the decisions that an operation takes where it is discontinuous."""
    match operation:
        case "lt" | "le" | "gt" | "ge" | "eq" | "ne":
            margin.see(values[0], values[1])
        case "sign":
            margin.see(values[0], np.zeros(()))
        case "units_argmax":
            first, second = (
                np.flip(np.sort(values[0], axis=-1), axis=-1)[..., :2].T if values[0].shape[-1] > 1 else (0, 1)
            )
            margin.see(np.asarray(first), np.asarray(second))
        case "floordiv" | "mod":
            quotient = values[0] / values[1]
            margin.see(quotient, np.round(quotient))


def _in_float32(value: Array) -> Array:
    with np.errstate(over="ignore"):
        return value.astype(np.float32).astype(np.float64)


def _sign(value: Array) -> Array:
    return np.where(value >= 0, 1.0, -1.0)


def _clip(value: Array, low: Array, high: Array) -> Array:
    return np.minimum(np.maximum(value, low), high)


_FUNCTIONS: Final[Mapping[str, Callable[..., Value]]] = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.divide, "floordiv": np.floor_divide,
    "mod": np.mod, "pow": np.power, "neg": np.negative, "lt": np.less, "le": np.less_equal, "gt": np.greater,
    "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "indicator": lambda condition: np.where(condition, 1.0, 0.0), "abs": np.abs, "sign": _sign,
    "tanh": np.tanh, "exp": np.exp, "log": np.log, "sqrt": np.sqrt, "min": np.minimum, "max": np.maximum,
    "clip": _clip, "where": np.where, "units_mean": lambda x: x.mean(axis=-1, keepdims=True),
    "units_sum": lambda x: x.sum(axis=-1, keepdims=True), "units_max": lambda x: x.max(axis=-1, keepdims=True),
    "units_min": lambda x: x.min(axis=-1, keepdims=True),
    "units_argmax": lambda x: x.argmax(axis=-1)[..., None].astype(np.float64),
}  # fmt: skip
