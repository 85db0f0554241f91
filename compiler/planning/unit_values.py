"""Expressions in the units at both ends, evaluated by NumPy in double precision: needs no JAX.

NumPy is loaded when the first such expression is evaluated, for to load it takes longer than to check most files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[Any]

Read = Callable[[str], "Values"]

_NUMPY: Final[Mapping[str, str]] = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "floordiv": "floor_divide", "mod": "mod",
    "pow": "power", "neg": "negative", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal",
    "eq": "equal", "ne": "not_equal", "and": "logical_and", "or": "logical_or", "not": "logical_not", "abs": "abs",
    "tanh": "tanh", "exp": "exp", "log": "log", "sqrt": "sqrt", "min": "minimum", "max": "maximum", "where": "where",
}  # fmt: skip
"""NumPy's name of each operation that it has."""


def unit_values(expression: Expression, read: Read, arguments: Mapping[str, float] | None = None) -> Values:
    """The value of an expression whose symbols `read` gives, infinite or NaN where it has none.

    What `read` gives broadcasts; `arguments` are the values of parameters.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        return np.asarray(_value(expression, read, arguments or {}))


def _value(expression: Expression, read: Read, arguments: Mapping[str, float]) -> Values:
    import numpy as np

    match expression:
        case Number(value):
            return np.asarray(value, np.float64)
        case Parameter(name):
            return np.asarray(arguments[name], np.float64)
        case Symbol(name):
            return read(name)
        case Apply(operation, operands):
            return _functions()[operation](*(_value(o, read, arguments) for o in operands))


@cache
def _functions() -> Mapping[str, Callable[..., Values]]:
    """Every operation of expressions."""
    import numpy as np

    return {operation: getattr(np, name) for operation, name in _NUMPY.items()} | {
        "indicator": lambda condition: np.where(condition, 1.0, 0.0),
        "sign": lambda x: np.where(x >= 0, 1.0, -1.0),
        "clip": lambda x, low, high: np.minimum(np.maximum(x, low), high),
    }
