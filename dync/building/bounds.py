"""How large a mapping may be. What stands in it several times, as YAML's aliases do, counts each time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dync.building.path import Path, refused

MOST: Final = 100_000
"""The most values that a mapping may hold."""

DEEPEST: Final = 20
"""How deep mappings and lists may stand in each other; no setting needs more than six."""


def verify_size(value: object, path: Path) -> None:
    """Raises RunError where a value is too large, too deep, or holds itself."""
    left, found = [(value, path, 0)], 0
    while left:
        inside, place, depth = left.pop()
        found += 1
        if depth > DEEPEST:
            raise refused(place, f"mappings and lists stand in each other more than {DEEPEST} deep")
        if found + len(left) > MOST:
            raise refused(path, f"there are more than {MOST} values")
        if isinstance(inside, Mapping):
            left.extend((part, (*place, str(key)), depth + 1) for key, part in inside.items())
        elif isinstance(inside, list | tuple):
            left.extend((part, (*place, str(number)), depth + 1) for number, part in enumerate(inside))
