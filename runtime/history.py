"""Histories: what units held at the ends of the steps gone by, for messages with a delay.

In a step, a message with the delay N carries what its sender held at the end of the step N steps before, whatever the
schedule; for steps before the first, what it held where the first one began. What units send is made from that when
it is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import equinox as eqx
import jax.numpy as jnp
from jax import Array, lax

from dync.compiler.plan import Structure
from dync.runtime.cells import blocks_of_cells, cells, cells_sent

Values = tuple[Array, ...]


class History(eqx.Module):
    """One ring for each cell that is sent with a delay, as many slots long as its longest delay.

    A ring is `[slots, *shape of the cell's array]`; the end of step t stands in slot `t % slots`. `steps` counts the
    steps so far.
    """

    rings: tuple[Array, ...]
    steps: Array


@lru_cache(maxsize=64)
def delays(structure: Structure) -> tuple[tuple[int, int], ...]:
    """Each cell with each of the delays with which it is sent, sorted."""
    sending = ((cells_sent(structure, family.sender), family.delay) for family in structure.families if family.delay)
    return tuple(sorted({(cell, delay) for found, delay in sending for cell in found.values()}))


@lru_cache(maxsize=64)
def slots(structure: Structure) -> Mapping[int, int]:
    """The longest delay of each cell that is sent with one, in the order of the cells."""
    return dict(delays(structure))  # the longest one of a cell comes last


def numbers_kept(structure: Structure) -> int:
    """How many numbers the rings of one example hold."""
    blocks = [structure.blocks[b] for b in blocks_of_cells(structure)]
    return sum(count * len(blocks[c].layers) * blocks[c].units for c, count in slots(structure).items())


@lru_cache(maxsize=64)
def sources(structure: Structure) -> tuple[Mapping[str, int], ...]:
    """Where among the values that are `heard` stands what each family's senders hold, by the names of `cells_sent`."""
    behind = {delayed: len(cells(structure)) + n for n, delayed in enumerate(delays(structure))}
    return tuple(
        {name: behind.get((c, family.delay), c) for name, c in cells_sent(structure, family.sender).items()}
        for family in structure.families
    )


def begun(structure: Structure, values: Values) -> History | None:
    """The history before the first step, all of which is these values; None where nothing is delayed."""
    if not delays(structure):
        return None
    rings = (jnp.broadcast_to(values[c], (count, *values[c].shape)) for c, count in slots(structure).items())
    return History(tuple(rings), jnp.int32(0))


def heard(structure: Structure, values: Values, history: History | None) -> Values:
    """The values of all cells and, behind them, what messages with a delay carry in the next step."""
    if history is None:
        return values
    rings = dict(zip(slots(structure), history.rings, strict=True))
    return values + tuple(_slot(rings[c], history.steps + 1 - delay) for c, delay in delays(structure))


def after_step(structure: Structure, history: History | None, values: Values) -> History | None:
    """The history with these values as the end of one more step."""
    if history is None:
        return None
    now = history.steps + 1
    rings = (_written(r, now, values[c]) for c, r in zip(slots(structure), history.rings, strict=True))
    return History(tuple(rings), now)


def after_rest(structure: Structure, history: History | None, values: Values, steps: int | Array) -> History | None:
    """The history after steps in which nothing moved."""
    if history is None:
        return None
    rings = []
    for c, ring in zip(slots(structure), history.rings, strict=True):
        since = (jnp.arange(len(ring)) - history.steps - 1) % len(ring)
        written = (since < steps).reshape(-1, *(1,) * (ring.ndim - 1))
        rings.append(jnp.where(written, values[c], ring))
    return History(tuple(rings), history.steps + steps)


def _slot(ring: Array, step: Array) -> Array:
    """What a ring holds of a step."""
    return ring[0] if len(ring) == 1 else lax.dynamic_index_in_dim(ring, step % len(ring), keepdims=False)


def _written(ring: Array, step: Array, value: Array) -> Array:
    return value[None] if len(ring) == 1 else lax.dynamic_update_index_in_dim(ring, value, step % len(ring), 0)
