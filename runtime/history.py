"""Histories: what layers held at the ends of the steps gone by, for messages with a delay.

In a step, a message with the delay N carries what its sender held at the end of the step N steps before, whatever the
schedule; for steps before the first, what it held where the first one began.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import equinox as eqx
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.plan import Structure

Values = tuple[Array, ...]


class History(eqx.Module):
    """One ring for each block that sends with a delay, as many slots long as its longest delay.

    A ring is `[slots, *shape of the block's array]`; the end of step t stands in slot `t % slots`. `steps` counts the
    steps so far.
    """

    rings: tuple[Array, ...]
    steps: Array


@lru_cache(maxsize=64)
def delays(structure: Structure) -> tuple[tuple[int, int], ...]:
    """Each block with each of the delays with which it sends, sorted."""
    return tuple(sorted({(family.sender, family.delay) for family in structure.families if family.delay}))


@lru_cache(maxsize=64)
def slots(structure: Structure) -> Mapping[int, int]:
    """The longest delay of each block that sends with one, in the order of the blocks."""
    return dict(delays(structure))  # the longest one of a block comes last


def numbers_kept(structure: Structure) -> int:
    """How many numbers the rings of one example hold."""
    blocks = structure.blocks
    return sum(count * len(blocks[b].layers) * blocks[b].units for b, count in slots(structure).items())


@lru_cache(maxsize=64)
def sources(structure: Structure) -> tuple[int, ...]:
    """Where among the values that are `heard` each family's senders stand."""
    behind = {delayed: len(structure.blocks) + n for n, delayed in enumerate(delays(structure))}
    return tuple(behind.get((family.sender, family.delay), family.sender) for family in structure.families)


def begun(structure: Structure, values: Values) -> History | None:
    """The history before the first step, all of which is these values; None where nothing is delayed."""
    if not delays(structure):
        return None
    rings = (jnp.broadcast_to(values[b], (count, *values[b].shape)) for b, count in slots(structure).items())
    return History(tuple(rings), jnp.int32(0))


def heard(structure: Structure, values: Values, history: History | None) -> Values:
    """The values of all blocks and, behind them, what messages with a delay carry in the next step."""
    if history is None:
        return values
    rings = dict(zip(slots(structure), history.rings, strict=True))
    return values + tuple(_slot(rings[b], history.steps + 1 - delay) for b, delay in delays(structure))


def after_step(structure: Structure, history: History | None, values: Values) -> History | None:
    """The history with these values as the end of one more step."""
    if history is None:
        return None
    now = history.steps + 1
    rings = (_written(r, now, values[b]) for b, r in zip(slots(structure), history.rings, strict=True))
    return History(tuple(rings), now)


def after_rest(structure: Structure, history: History | None, values: Values, steps: int | Array) -> History | None:
    """The history after steps in which nothing moved."""
    if history is None:
        return None
    rings = []
    for b, ring in zip(slots(structure), history.rings, strict=True):
        since = (jnp.arange(len(ring)) - history.steps - 1) % len(ring)
        written = (since < steps).reshape(-1, *(1,) * (ring.ndim - 1))
        rings.append(jnp.where(written, values[b], ring))
    return History(tuple(rings), history.steps + steps)


def _slot(ring: Array, step: Array) -> Array:
    """What a ring holds of a step."""
    return ring[0] if len(ring) == 1 else lax.dynamic_index_in_dim(ring, step % len(ring), keepdims=False)


def _written(ring: Array, step: Array, value: Array) -> Array:
    return value[None] if len(ring) == 1 else lax.dynamic_update_index_in_dim(ring, value, step % len(ring), 0)
