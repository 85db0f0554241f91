"""What units send: made from what they hold wherever it is read, and nowhere kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol, trace_of
from dync.compiler.plan import Structure
from dync.runtime.arrays import per_member
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.layer_map import Parameters
from dync.runtime.layout import units_axis
from dync.runtime.surrogates import with_slope

Held = Mapping[str, Array]
"""What units of one block hold, `[members, …]` in its layout: the state under `""`, traces by their names."""


def sent(
    structure: Structure,
    b: int,
    parameters: Parameters,
    held: Held,
    pick: Callable[[Array], Array] = lambda members: members,
    units: int | None = None,
) -> Array:
    """What members of block `b` send, shaped and laid out as what they hold; `pick` takes their numbers.

    `units` is the axis of the units where it is not that of the block's layout.

    Its derivative by the state is the surrogate where there is one: Neftci, Mostafa and Zenke (2019), IEEE Signal
    Processing Magazine 36.
    """
    state = held[""]
    activation = structure.blocks[b].activation
    if activation is None or activation.sends_state:
        return state

    def value(expression: Expression, state: Array) -> Array:
        def symbol(s: Symbol) -> Value:
            return state if s.name == "state" else held[trace_of(s.name) or ""]

        def parameter(name: str) -> Value:
            return per_member(pick(parameters[f"block.{b}.{name}"]))

        found = evaluate(expression, symbol, parameter, over_units(structure, b, state.shape, units))
        return jnp.broadcast_to(jnp.asarray(found, state.dtype), state.shape)

    if activation.sends_slope is None:
        return value(activation.sends, state)
    still = lax.stop_gradient(state)
    return with_slope(value(activation.sends, still), state, value(activation.sends_slope, still))


def over_units(
    structure: Structure, b: int, shape: tuple[int, ...], units: int | None = None
) -> Callable[[Value], tuple[Array, int]]:
    """How a value is reduced over the units of block `b`: as an array of this shape, along the axis `units`."""
    axis = units_axis(structure, b) if units is None else units
    return lambda value: (jnp.broadcast_to(jnp.asarray(value, jnp.float32), shape), axis)
