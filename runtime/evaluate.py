"""Evaluating the plan's expressions with JAX."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeGuard

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.compiler.expression import Apply, Expression, Foreign, Number, Parameter, Symbol
from dync.runtime.error import RunError
from dync.runtime.python_functions import python_object

Value = Array | float


def _sign(x: Array) -> Array:
    """The sign with `sign(0) = 1`, as the language has it."""
    x = jnp.asarray(x)
    return lax.select(lax.ge(x, lax.full_like(x, 0)), lax.full_like(x, 1.0), lax.full_like(x, -1.0))


def _indicator(condition: Array) -> Array:
    return lax.convert_element_type(condition, jnp.float32)


def _of_one(primitive: Callable[..., Array], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """A primitive where it takes what it is given, else what does the same on anything and is traced for longer."""
    return lambda x: (primitive if _is_array(x) else otherwise)(x)


def _of_two(primitive: Callable[..., Array], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """The same of two operands: a primitive takes arrays of as many axes, or one array and a number."""

    def apply(a: Value, b: Value) -> Any:
        arrays = [x for x in (a, b) if _is_array(x)]
        numbers = all(isinstance(x, float | np.float32) for x in (a, b) if not _is_array(x))
        fit = arrays and numbers and len({x.ndim for x in arrays}) == 1
        return (primitive if fit else otherwise)(a, b)

    return apply


def _is_array(x: object) -> TypeGuard[Array]:
    return isinstance(x, Array) and x.dtype == jnp.float32


def _of_numbers(exact: Callable[..., Any], otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """What NumPy makes of numbers alone, which IEEE 754 defines to the last bit, so that no program has to."""

    def apply(*operands: Value) -> Any:
        if any(isinstance(x, Array) for x in operands):
            return otherwise(*operands)
        with np.errstate(all="ignore"):
            return exact(*map(np.float32, operands))

    return apply


def _power(a: Value, b: Value) -> Any:
    if isinstance(b, float) and b.is_integer() and abs(b) <= 64:
        return (a if isinstance(a, float) else jnp.asarray(a)) ** int(b)
    return jnp.power(a, b)


_lesser, _greater = _of_two(lax.min, jnp.minimum), _of_two(lax.max, jnp.maximum)


_FUNCTIONS: Final[Mapping[str, Callable[..., Any]]] = {
    "add": _of_two(lax.add, operator.add),
    "sub": _of_two(lax.sub, operator.sub),
    "mul": _of_two(lax.mul, operator.mul),
    "div": _of_numbers(np.divide, _of_two(lax.div, jnp.divide)),
    "floordiv": jnp.floor_divide,
    "mod": jnp.mod,
    "pow": _power,
    "neg": lambda a: -a,
    "lt": _of_two(lax.lt, operator.lt),
    "le": _of_two(lax.le, operator.le),
    "gt": _of_two(lax.gt, operator.gt),
    "ge": _of_two(lax.ge, operator.ge),
    "eq": _of_two(lax.eq, operator.eq),
    "ne": _of_two(lax.ne, operator.ne),
    "and": jnp.logical_and,
    "or": jnp.logical_or,
    "not": jnp.logical_not,
    "indicator": _indicator,
    "abs": _of_one(lax.abs, jnp.abs),
    "sign": _sign,
    "tanh": _of_one(lax.tanh, jnp.tanh),
    "exp": _of_one(lax.exp, jnp.exp),
    "log": _of_one(lax.log, jnp.log),
    "sqrt": _of_numbers(np.sqrt, _of_one(lax.sqrt, jnp.sqrt)),
    "min": _lesser,
    "max": _greater,
    "clip": lambda x, low, high: _lesser(_greater(x, low), high),
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
            found: Value = _FUNCTIONS[operation](*values)
            return found


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
