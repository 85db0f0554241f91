"""Activations: the new state of layers from their field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.expression import Expression, Symbol, field_of, symbols, trace_of
from dync.compiler.plan import BlockPlan, Structure
from dync.runtime.arrays import per_member
from dync.runtime.evaluate import Value, evaluate
from dync.runtime.layer_map import Parameters
from dync.runtime.sent import Held, over_units
from dync.runtime.surrogates import with_slope

Draws = dict[str, Array]
"""Fresh `uniform` and `normal` draws for a block, where its activation reads them: `[members, batch, units]`."""

_DRAWS: dict[str, Callable[..., Array]] = {"uniform": jax.random.uniform, "normal": jax.random.normal}


def draws_of(block: BlockPlan) -> tuple[str, ...]:
    """The random draws that a block's activation reads."""
    if block.activation is None:
        return ()
    read = {s.name for part in block.activation.moves for s in symbols(part)}
    return tuple(sorted(read & set(_DRAWS)))


def is_stochastic(structure: Structure) -> bool:
    """Whether any layer draws at random."""
    return any(draws_of(block) for block in structure.blocks)


def draw(structure: Structure, b: int, key: Array | None, shape: tuple[int, ...]) -> Draws:
    """The draws that a block needs in one step; every block has its own stream."""
    names = draws_of(structure.blocks[b])
    if not names:
        return {}
    if key is None:
        raise ValueError("this network draws at random: give it a key, rng=jax.random.key(seed)")
    keys = jax.random.split(jax.random.fold_in(key, b), len(_DRAWS))
    return {name: _DRAWS[name](keys[sorted(_DRAWS).index(name)], shape, jnp.float32) for name in names}


def activate(
    structure: Structure,
    b: int,
    parameters: Parameters,
    field: Array,
    state: Array,
    draws: Draws,
    places: Callable[[Array], Array] = lambda members: members,
    expression: Expression | None = None,
    named: Mapping[str, Array] | None = None,
    traces: Mapping[str, Array] | None = None,
    units: int | None = None,
) -> Array:
    """The new state of members of block `b`, `[members, batch, units]`; inputs that move have the identity.

    `places` picks the members from arrays that hold one row a member; `expression` stands in for the activation's own
    (for its slopes and its traces); `named` are the fields with names, of which all that it reads are there, and so
    are the `traces`. `units` is the axis of the units where it is not that of the block's layout.
    """
    plan = structure.blocks[b].activation
    if plan is None:
        return field

    stands_in = expression is None and plan.surrogate and structure.follows_gradients

    def symbol(s: Symbol) -> Value:
        match s.name:
            case "field":
                return lax.stop_gradient(field) if stands_in else field
            case "state":
                return state
            case name if (field_name := field_of(name)) is not None:
                return (named or {})[field_name]
            case name if (trace := trace_of(name)) is not None:
                return (traces or {})[trace]
            case name:
                return places(draws[name])

    def parameter(name: str) -> Value:
        return per_member(places(parameters[f"block.{b}.{name}"]))

    wide = over_units(structure, b, field.shape, units)

    def value(what: Expression) -> Array:
        return jnp.broadcast_to(jnp.asarray(evaluate(what, symbol, parameter, wide), field.dtype), field.shape)

    new = value(plan.next if expression is None else expression)
    return with_slope(new, field, value(plan.slope)) if stands_in else new


def moved(
    structure: Structure,
    b: int,
    parameters: Parameters,
    field: Array,
    held: Held,
    draws: Draws,
    places: Callable[[Array], Array] = lambda members: members,
    named: Mapping[str, Array] | None = None,
) -> dict[str, Array]:
    """What members of block `b` hold after a step: their state under `""`, then their traces, all from before it."""
    plan = structure.blocks[b].activation
    traces = {} if plan is None else {trace.name: trace.next for trace in plan.traces}
    return {
        name: activate(structure, b, parameters, field, held[""], draws, places, expression, named, held)
        for name, expression in {"": None, **traces}.items()
    }
