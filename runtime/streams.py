"""Standard normal numbers for the weights of edges: a stream for each, named after it."""

from __future__ import annotations

from typing import Final

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

CHUNK: Final = 4096
"""Numbers drawn from one key. It decides which numbers a key gives, so changing it changes every network."""

LEAST: Final = 64
"""Room for so many chunks takes less time to fill than anything takes to compile."""

Names = NDArray[np.uint32]


def chunks_of(key: Array, edges: Names, places: Names) -> Array:
    """Chunk `places[i]` of the stream of the edge with the name `edges[i]`, `[room, CHUNK]`; what is beyond is zero.

    The program is the same for networks of much the same size, whatever they are like: a generator of random numbers
    takes longer to compile than all that is made of them.
    """
    if not len(edges):
        return jnp.zeros((0, CHUNK), jnp.float32)
    beyond = (0, _room(len(edges)) - len(edges))
    found: Array = _filled(key, np.pad(edges, beyond), np.pad(places, beyond), np.int32(len(edges)))
    return found


def _room(chunks: int) -> int:
    """A round number that is at most a quarter more, or the least."""
    step = max(LEAST, 1 << max(chunks.bit_length() - 3, 0))
    return -(-chunks // step) * step


@jax.jit
def _filled(key: Array, edges: Array, places: Array, count: Array) -> Array:
    def fill(number: Array, found: Array) -> Array:
        own = jax.random.fold_in(jax.random.fold_in(key, edges[number]), places[number])
        after: Array = lax.dynamic_update_index_in_dim(found, jax.random.normal(own, (CHUNK,)), number, 0)
        return after

    drawn: Array = lax.fori_loop(0, count, fill, jnp.zeros((len(edges), CHUNK), jnp.float32))
    return drawn
