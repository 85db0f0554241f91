"""Evaluating the plan's expressions with JAX."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Apply, Expression, Foreign, Number, Parameter, Symbol
from dync.runtime.error import RunError
from dync.runtime.python_functions import python_object

Value = Array | float


def _sign(x: Array) -> Array:
    """The sign with `sign(0) = 1`, as the language has it."""
    x = jnp.asarray(x)
    return lax.select(x >= 0, lax.full_like(x, 1.0), lax.full_like(x, -1.0))


def _indicator(condition: Array) -> Array:
    return jnp.asarray(condition).astype(jnp.float32)


_FUNCTIONS: Final[Mapping[str, Callable[..., Array]]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": jnp.divide,
    "floordiv": jnp.floor_divide,
    "mod": jnp.mod,
    "pow": lambda a, b: a ** int(b) if isinstance(b, float) and b.is_integer() and abs(b) <= 64 else jnp.power(a, b),
    "neg": lambda a: -a,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "and": jnp.logical_and,
    "or": jnp.logical_or,
    "not": jnp.logical_not,
    "indicator": _indicator,
    "abs": jnp.abs,
    "sign": _sign,
    "tanh": jnp.tanh,
    "exp": jnp.exp,
    "log": jnp.log,
    "sqrt": jnp.sqrt,
    "min": jnp.minimum,
    "max": jnp.maximum,
    "clip": lambda x, low, high: jnp.minimum(jnp.maximum(x, low), high),
    "where": jnp.where,
}

_REDUCTIONS: Final[Mapping[str, Callable[[Array, int], Array]]] = {
    "units_mean": lambda x, axis: jnp.mean(x, axis=axis, keepdims=True),
    "units_sum": lambda x, axis: jnp.sum(x, axis=axis, keepdims=True),
    "units_max": lambda x, axis: jnp.max(x, axis=axis, keepdims=True),
    "units_min": lambda x, axis: jnp.min(x, axis=axis, keepdims=True),
    "units_argmax": lambda x, axis: jnp.argmax(x, axis=axis, keepdims=True).astype(jnp.float32),
}


def _along_the_last(value: Value) -> tuple[Array, int]:
    return jnp.asarray(value), -1


def evaluate(
    expression: Expression,
    symbol: Callable[[Symbol], Value],
    parameter: Callable[[str], Value],
    over_units: Callable[[Value], tuple[Array, int]] = _along_the_last,
) -> Value:
    """The value of an expression; `symbol` and `parameter` give arrays that broadcast against each other.

    `over_units` gives what is reduced over the units of a layer as an array with all of them, and their axis. Numbers
    stay Python floats, so that they never widen the type of an array.
    """
    match expression:
        case Number(value):
            return value
        case Symbol():
            return symbol(expression)
        case Parameter(name):
            return parameter(name)
        case Foreign():
            given = [evaluate(operand, symbol, parameter, over_units) for operand in expression.operands]
            return called(expression, given)
        case Apply(operation, operands):
            values = [evaluate(operand, symbol, parameter, over_units) for operand in operands]
            if operation in _REDUCTIONS:
                return _REDUCTIONS[operation](*over_units(values[0]))
            return _FUNCTIONS[operation](*values)


def called(expression: Foreign, operands: Sequence[Any]) -> Array:
    """What a function in Python gives for these operands, or its derivative unit by unit.

    Raises RunError where the function fails, or gives another shape than what it is given.
    """
    given = dict(zip(expression.names, operands, strict=True))
    if expression.by is None:
        return _result(expression, given)
    at = jnp.asarray(given.pop(expression.by), jnp.float32)
    slope: Array = jax.jvp(
        lambda by: _result(expression, {**given, str(expression.by): by}), (at,), (jnp.ones_like(at),)
    )[1]
    return slope


def _result(expression: Foreign, given: Mapping[str, Any]) -> Array:
    function = python_object(expression.place, expression.digest)
    shape = jnp.broadcast_shapes(*(jnp.shape(value) for value in given.values()))
    try:
        found = jnp.asarray(function(**given), jnp.float32)
    except Exception as error:
        raise RunError(f"{expression.place} fails: {error}") from error
    ends = zip(reversed(found.shape), reversed(shape), strict=False)
    if found.ndim > len(shape) or any(size not in (1, given_size) for size, given_size in ends):
        raise RunError(f"{expression.place} gives the shape {found.shape}, where what it is given has {shape}")
    return found
