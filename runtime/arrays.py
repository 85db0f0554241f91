"""What a step does with arrays of members, in primitives.

`jax.numpy` has all of it too, in functions that JAX traces and lowers by themselves, for each combination of shapes:
that took as long as the rest of the training to trace.
"""

from __future__ import annotations

import numpy as np
from jax import Array, lax

from dync.runtime.layout import as_slice


def zeros(*shape: int) -> Array:
    """Zeros."""
    return lax.full(shape, np.float32(0))


def take(block: Array, places: tuple[int, ...]) -> Array:
    """Members of a block; all of them in their order cost nothing, a run of them is a slice."""
    if places == tuple(range(block.shape[0])):
        return block
    found = as_slice(places)
    return lax.slice_in_dim(block, found.start, found.stop) if isinstance(found, slice) else block[found]


def added(block: Array | None, places: tuple[int, ...], more: Array, members: int) -> Array:
    """A block of so many members with something added to some of them, each named once; None is a block of zeros."""
    found = as_slice(places)
    if not isinstance(found, slice):
        return (zeros(members, *more.shape[1:]) if block is None else block).at[found].add(more)
    if block is None:
        around = [(found.start, members - found.stop, 0), *((0, 0, 0) for _ in more.shape[1:])]
        return more if len(places) == members else lax.pad(more, np.float32(0), around)
    return replaced(block, places, lax.add(take(block, places), more))


def replaced(block: Array, places: tuple[int, ...], members: Array) -> Array:
    """A block with some members replaced."""
    found = as_slice(places)
    if not isinstance(found, slice):
        return block.at[found].set(members)
    if len(places) == block.shape[0]:
        return members
    starts = [np.int32(found.start), *(np.int32(0) for _ in block.shape[1:])]
    return lax.dynamic_update_slice(block, members, starts, allow_negative_indices=False)


def only(block: Array) -> Array:
    """The one member that a block has."""
    return lax.squeeze(block, (0,))


def gathered(array: Array, places: Array) -> Array:
    """Some rows of an array, which has them all."""
    numbers = lax.GatherDimensionNumbers(
        offset_dims=tuple(range(1, array.ndim)), collapsed_slice_dims=(0,), start_index_map=(0,)
    )
    size = (1, *array.shape[1:])
    return lax.gather(array, lax.expand_dims(places, (1,)), numbers, size, mode="promise_in_bounds")


def alone(member: Array) -> Array:
    """A block of one member."""
    return lax.expand_dims(member, (0,))


def per_member(numbers: Array, axes: int = 2) -> Array:
    """Numbers `[members]` with so many axes of length one behind: as they multiply a block."""
    return lax.expand_dims(numbers, tuple(range(1, 1 + axes)))


def product(left: Array, right: Array, over: tuple[int, int] = (-1, -2)) -> Array:
    """Products of matrices, one a member or a single one; `over` are the axes of both that are summed over."""
    members = tuple(range(left.ndim - 2))
    summed = tuple((axis % left.ndim,) for axis in over)
    return lax.dot_general(left, right, ((summed[0], summed[1]), (members, members)))


def off_diagonal(size: int) -> Array:
    """Where a square matrix has other places than its diagonal."""
    rows, columns = (lax.broadcasted_iota(np.int32, (size, size), axis) for axis in (0, 1))
    return lax.ne(rows, columns)


def within(matrices: Array, where: Array) -> Array:
    """Matrices with zeros elsewhere, in the same places of all of them or in those of each."""
    everywhere = lax.broadcast_in_dim(where, matrices.shape, range(matrices.ndim - where.ndim, matrices.ndim))
    return lax.select(everywhere, matrices, lax.full_like(matrices, 0))
