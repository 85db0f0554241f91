"""The levels of a step in segments, each of which runs as one scan over levels that are padded to one shape.

A segment is traced and compiled by itself, so few of them compile fast; what is padded is computed for nothing, so many
of them run fast. Levels that update other blocks than the one before cannot share a segment with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.kinds.of_family import kinds

if TYPE_CHECKING:
    from dync.runtime.step_program import Level

WASTE: Final = 1.25
"""As few segments as keep the padded work within this factor of the work itself."""

MOST: Final = 4
"""No more segments than these, however irregular the graph; of levels of several blocks two for each such run."""

PIECES: Final = 512
"""Where to cut is asked between so many pieces of a run at most: equal numbers of levels, where there are more."""


def segments(structure: Structure, levels: Sequence[Level]) -> tuple[tuple[Level, ...], ...]:
    """The levels in their order, cut into as few segments as waste little, where that is possible the least."""
    runs = list(_runs(levels))
    most = max(2, MOST // max(len(runs), 1))
    return tuple(segment for run in runs for segment in _cut(structure, run, most))


def _runs(levels: Sequence[Level]) -> Iterator[list[Level]]:
    """Levels in a row that update the same blocks."""
    run: list[Level] = []
    for level in levels:
        if run and _blocks(run[0]) != _blocks(level):
            yield run
            run = []
        run.append(level)
    if run:
        yield run


def _cut(structure: Structure, run: list[Level], most: int) -> Iterator[tuple[Level, ...]]:
    works = [work(structure, level) for level in run]
    keys = sorted(set().union(*works))
    found = np.array([[one[key] for key in keys] for one in works], dtype=np.float64)
    starts = np.arange(0, len(run), -(-len(run) // PIECES))
    lengths = np.diff(np.append(starts, len(run)))
    cuts = _cuts(np.maximum.reduceat(found, starts), lengths, WASTE * found.sum(), most)
    places = [*(int(starts[cut]) for cut in cuts), len(run)]
    for low, high in pairwise(places):
        yield tuple(run[low:high])


def _cuts(widest: NDArray[Any], lengths: NDArray[Any], allowed: float, most: int) -> list[int]:
    """The pieces with which segments begin, so that the padded work is least for their number.

    `widest` is the work by family of the widest level of each piece. One segment more is taken until the padded work is
    `allowed`, up to `most`.
    """
    count = len(widest)
    cost = np.full((count + 1, count + 1), np.inf)  # of a segment from one piece up to, and without, another
    for start in range(count):
        padded = np.maximum.accumulate(widest[start:], axis=0).sum(axis=1)
        cost[start, start + 1 :] = padded * np.cumsum(lengths[start:])
    best, before = cost[0], list[NDArray[Any]]()
    while best[count] > allowed and len(before) + 1 < min(most, count):
        through = best[:, None] + cost
        before.append(through.argmin(axis=0))
        best = through.min(axis=0)
    cuts = [count]
    for back in reversed(before):
        cuts.append(int(back[cuts[-1]]))
    return [0, *reversed(cuts[1:])]


def _blocks(level: Level) -> tuple[int, ...]:
    return tuple(b for b, _ in level.updates)


def work(structure: Structure, level: Level) -> Counter[int]:
    """Multiply-adds of a level by family; the updates of block b count under -1 - b."""
    found = Counter({-1 - b: len(layers) * structure.blocks[b].units for b, layers in level.updates})
    for transfer in level.transfers:
        found[transfer.family] = len(transfer.edges) * kinds(structure)[transfer.family].work
    return found
