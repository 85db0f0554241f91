"""The values of arrays that nothing can change, as an equation of a jaxpr makes them.

NumPy does what is common among places and sizes: JAX would compile each operation at each shape.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_Make = Callable[[Any, Sequence[NDArray[Any]]], NDArray[Any]]


def evaluated(equation: Any, values: Sequence[Any]) -> list[Any]:
    """What an equation makes of these values."""
    by_numpy = _BY_NUMPY.get(equation.primitive.name)
    if by_numpy is not None:
        return [by_numpy(equation, [np.asarray(value) for value in values])]
    made = equation.primitive.bind(*values, **equation.params)
    return list(made) if equation.primitive.multiple_results else [made]


def _broadcast(equation: Any, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    shape = [1] * len(equation.outvars[0].aval.shape)
    for axis, place in enumerate(equation.params["broadcast_dimensions"]):
        shape[place] = values[0].shape[axis]
    return np.broadcast_to(values[0].reshape(shape), equation.outvars[0].aval.shape)


def _reshape(equation: Any, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return values[0].reshape(equation.outvars[0].aval.shape)


def _convert(equation: Any, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    return values[0].astype(equation.outvars[0].aval.dtype)


def _select(equation: Any, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    which, *cases = values
    if len(cases) == 1:
        return cases[0]
    return np.where(which.astype(bool), cases[1], cases[0]) if len(cases) == 2 else np.choose(which, cases)


def _slice(equation: Any, values: Sequence[NDArray[Any]]) -> NDArray[Any]:
    params = equation.params
    strides = params["strides"] or (1,) * values[0].ndim
    cuts = zip(params["start_indices"], params["limit_indices"], strides, strict=True)
    return values[0][tuple(slice(*cut) for cut in cuts)]


_BY_NUMPY: Final[Mapping[str, _Make]] = {
    "add": lambda _, values: np.add(*values),
    "broadcast_in_dim": _broadcast,
    "convert_element_type": _convert,
    "ge": lambda _, values: np.greater_equal(*values),
    "lt": lambda _, values: np.less(*values),
    "mul": lambda _, values: np.multiply(*values),
    "reshape": _reshape,
    "select_n": _select,
    "slice": _slice,
    "squeeze": _reshape,
    "sub": lambda _, values: np.subtract(*values),
}
