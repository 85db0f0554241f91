"""Lanes in portions for workers: those alike stay together, for they train as one program."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from dync.runtime.lanes.groups import groups
from dync.runtime.lanes.lane import Lane


def portions(lanes: Sequence[Lane], workers: int) -> tuple[tuple[Lane, ...], ...]:
    """As few portions as keep all workers busy, the largest first; none mixes groups, which train apart anyway.

    Every portion costs a compilation, so a group is cut no more often than there are workers for it.
    """
    found = []
    for group in groups(lanes):
        share = max(1, min(len(group.lanes), round(workers * len(group.lanes) / len(lanes))))
        found += _cut(group.lanes, share)
    return tuple(sorted(found, key=len, reverse=True))


def _cut(lanes: tuple[Lane, ...], parts: int) -> list[tuple[Lane, ...]]:
    """Lanes in their order, in so many parts whose lengths differ by one at most."""
    bounds = [len(lanes) * n // parts for n in range(parts + 1)]
    return [lanes[low:high] for low, high in pairwise(bounds)]
