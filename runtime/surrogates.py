"""Surrogates: what stands in for the derivative of an activation, or of what it sends, where one goes backwards."""

from __future__ import annotations

from typing import Any

import jax
from jax import Array


@jax.custom_jvp
def with_slope(value: Array, by: Array, slope: Array) -> Array:
    """A value whose derivative by `by` is the slope, whatever it is itself; all have one shape.

    It brings the derivatives by all else with it, and none by that. Where nobody differentiates, the slope is not
    worked out.
    """
    return value


@with_slope.defjvp
def _derivative(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Any, Any]:
    (value, _, slope), (by_others, by, _) = primals, tangents
    return value, by_others + slope * by
