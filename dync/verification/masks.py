"""Sets of sources, one for each element of an array, as bits.

A mask is an array of 64-bit words `[*shape, words]`, in which any axis of the shape can have the length one: all
elements along it have the same sources. So what is alike is stored once, however large the array.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Mask: TypeAlias = NDArray[np.uint64]
Shape: TypeAlias = tuple[int, ...]

WORD = 64
"""Bits of a word."""


def words_for(bits: int) -> int:
    """How many words so many bits take."""
    return max(1, -(-bits // WORD))


def nothing(rank: int, words: int) -> Mask:
    """The mask of an array that depends on nothing."""
    return np.zeros((*(1,) * rank, words), np.uint64)


def bit(number: int, words: int) -> Mask:
    """One source, `[words]`."""
    found = np.zeros(words, np.uint64)
    found[number // WORD] = np.uint64(1) << np.uint64(number % WORD)
    return found


def bits_in(mask: Mask) -> tuple[int, ...]:
    """The numbers of the sources in the union of all elements."""
    found = np.bitwise_or.reduce(mask.reshape(-1, mask.shape[-1]), axis=0)
    return tuple(w * WORD + b for w, word in enumerate(found.tolist()) for b in range(WORD) if word >> b & 1)


def union(masks: Iterable[Mask], rank: int) -> Mask:
    """The union, element by element; the mask of a scalar counts for every element."""
    total: Mask | None = None
    for mask in masks:
        wide = mask if mask.ndim == rank + 1 else mask.reshape(*(1,) * rank, mask.shape[-1])
        total = wide if total is None else total | wide
    assert total is not None
    return total


def over(mask: Mask, axes: Sequence[int]) -> Mask:
    """The union along some axes, which keep the length one."""
    longer = tuple(axis for axis in axes if mask.shape[axis] > 1)
    return np.bitwise_or.reduce(mask, axis=longer, keepdims=True) if longer else mask


def everything(mask: Mask, rank: int) -> Mask:
    """The union of all elements, for an array of this rank."""
    total = over(mask, range(mask.ndim - 1))
    return total.reshape(*(1,) * rank, mask.shape[-1])


def spread(mask: Mask, shape: Shape, axes: Iterable[int]) -> Mask:
    """The mask with these axes at their full length."""
    full = {axis % len(shape): shape[axis] for axis in axes}
    sizes = tuple(full.get(axis, size) for axis, size in enumerate(mask.shape[:-1]))
    return np.broadcast_to(mask, (*sizes, mask.shape[-1]))


def is_uniform(mask: Mask) -> bool:
    """Whether all elements have the same sources because the mask says so."""
    return prod(mask.shape[:-1]) == 1


def reshaped(mask: Mask, old: Shape, new: Shape) -> Mask:
    """The mask of the array in another shape. Axes along which nothing changes stay short where they can."""
    words, parts = mask.shape[-1], []
    if 0 in old:
        return nothing(len(new), words)
    for before, after in _groups(old, new):
        sizes = [mask.shape[axis] for axis in before]
        if all(size == 1 for size in sizes):
            parts.append(((1,) * len(before), (1,) * len(after)))
        else:
            parts.append((tuple(old[axis] for axis in before), tuple(new[axis] for axis in after)))
    wide = np.broadcast_to(mask, (*(size for sizes, _ in parts for size in sizes), words))
    return wide.reshape(*(size for _, sizes in parts for size in sizes), words)


def _groups(old: Shape, new: Shape) -> list[tuple[list[int], list[int]]]:
    """Axes of two shapes, side by side, that hold the same elements."""
    found: list[tuple[list[int], list[int]]] = []
    i = j = 0
    while i < len(old) or j < len(new):
        before, after = ([i], []) if i < len(old) else ([], [j])
        i, j = i + len(before), j + len(after)
        while prod(old[a] for a in before) != prod(new[a] for a in after):
            if prod(old[a] for a in before) < prod(new[a] for a in after):
                before.append(i)
                i += 1
            else:
                after.append(j)
                j += 1
        found.append((before, after))
    return found


def picked(mask: Mask, places: NDArray[np.int64], shape: Shape) -> Mask:
    """The mask of an array whose elements are those of an array of this shape at `places`, nothing where negative."""
    if is_uniform(mask):
        return everything(mask, places.ndim)
    flat = spread(mask, shape, range(len(shape))).reshape(-1, mask.shape[-1])
    found = flat[np.clip(places, 0, len(flat) - 1)]
    found[(places < 0) | (places >= len(flat))] = 0
    return found
