"""Long series made short enough to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

Item = TypeVar("Item")

POINTS: Final = 400
"""Points of a line, at most."""


def thinned_line(points: Sequence[tuple[float, float]], most: int = POINTS) -> list[tuple[float, float]]:
    """The points of a line, or of each stretch of it the lowest and the highest: peaks stay, and both ends."""
    if len(points) <= most:
        return list(points)
    inner = points[1:-1]
    stretches = max(1, (most - 2) // 2)
    kept = [points[0]]
    for place in range(stretches):
        stretch = inner[place * len(inner) // stretches : (place + 1) * len(inner) // stretches]
        if stretch:
            ends = {min(stretch, key=lambda point: point[1]), max(stretch, key=lambda point: point[1])}
            kept += sorted(ends)
    return [*kept, points[-1]]


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """So many of the items at most, evenly spaced, both ends among them."""
    if len(items) <= most:
        return list(items)
    return [items[place * (len(items) - 1) // (most - 1)] for place in range(most)]
