"""Cells: what units hold. Every block has one for its state, and one for each trace of its activation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from jax import Array

from dync.compiler.expression import traces_read
from dync.compiler.plan import Structure


@lru_cache(maxsize=64)
def cells(structure: Structure) -> Mapping[tuple[int, str], int]:
    """The number of each cell by its block and the name of its trace.

    The state, `""`, has the number of its block; the traces follow behind all blocks. A cell's array has the shape and
    the layout of its block's.
    """
    found = {(b, ""): b for b in range(len(structure.blocks))}
    traces = [(b, name) for b in range(len(structure.blocks)) for name in traces_of(structure, b)]
    return found | {trace: len(found) + n for n, trace in enumerate(traces)}


def traces_of(structure: Structure, b: int) -> tuple[str, ...]:
    """The names of the traces of a block, in their order."""
    activation = structure.blocks[b].activation
    return () if activation is None else tuple(trace.name for trace in activation.traces)


def cells_of_block(structure: Structure, b: int) -> tuple[int, ...]:
    """The cells of a block: its state, then its traces in their order."""
    return (b, *(cells(structure)[b, name] for name in traces_of(structure, b)))


def held_by(structure: Structure, b: int, values: Sequence[Array]) -> dict[str, Array]:
    """What a block holds: its state under `""`, then its traces by their names."""
    names = ("", *traces_of(structure, b))
    return {name: values[c] for name, c in zip(names, cells_of_block(structure, b), strict=True)}


def blocks_of_cells(structure: Structure) -> tuple[int, ...]:
    """The block of each cell."""
    return tuple(b for b, _ in cells(structure))


@lru_cache(maxsize=64)
def cells_sent(structure: Structure, b: int) -> Mapping[str, int]:
    """The cells from which a block's units make what they send, by the names of the traces; its state in any case."""
    activation = structure.blocks[b].activation
    read = () if activation is None else sorted(traces_read(activation.sends))
    if activation is not None and activation.sends_slope is not None:
        read = sorted({*read, *traces_read(activation.sends_slope)})
    return {name: cells(structure)[b, name] for name in ("", *read)}
