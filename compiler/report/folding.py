"""Names of layers in few words: `h[1], h[2], h[3]` is `h[1..3]`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

_INDEXED = re.compile(r"(.*)\[(\d{1,9})\](\.[^\[\]]+)?")


class Name(NamedTuple):
    """A layer's name in two parts; `place` is its index, None for a layer that is in no array.

    Where the index is not the end of the name, that of a layer in an array of networks, `base` has `[]` in its place.
    """

    base: str
    place: int | None


def split_name(name: str) -> Name:
    """`h[3]` as array and index, `m[3].h` as `m[].h` and index."""
    match = _INDEXED.fullmatch(name)
    if match is None:
        return Name(name, None)
    return Name(f"{match[1]}[]{match[3]}" if match[3] else match[1], int(match[2]))


def fold_names(names: Iterable[str]) -> tuple[str, ...]:
    """Names with runs of indices folded, in the order of first appearance of their arrays.

    A run may go in strides: `h[1], h[3], h[5], h[7]` is `h[1,3..7]`.
    """
    indices: dict[str, list[int]] = {}
    for base, index in map(split_name, names):
        found = indices.setdefault(base, [])
        if index is not None:
            found.append(index)
    return tuple(part for base, found in indices.items() for part in (_runs(base, sorted(set(found))) or [base]))


def listed(parts: Sequence[str], most: int = 6) -> str:
    """Parts with commas between, of very many only the first and how many more there are."""
    shown = ", ".join(parts[:most])
    return shown if len(parts) <= most else f"{shown} and {len(parts) - most:,} more"


def _runs(base: str, indices: list[int]) -> list[str]:
    parts: list[str] = []
    start = 0
    while start < len(indices):
        end = _end_of_run(indices, start)
        parts.append(_run(base, indices[start:end]))
        start = end
    return parts


def _end_of_run(indices: list[int], start: int) -> int:
    """Where the longest run of even strides from here ends; strides above one need four indices to be worth it."""
    end = start + 1
    if end == len(indices):
        return end
    stride = indices[end] - indices[start]
    while end < len(indices) and indices[end] - indices[end - 1] == stride:
        end += 1
    return end if stride == 1 or end - start >= 4 else start + 1


def _run(base: str, run: list[int]) -> str:
    match run:
        case [only]:
            return named(base, str(only))
        case [first, second, *_] if second - first > 1:
            return named(base, f"{first},{second}..{run[-1]}")
        case _:
            return named(base, f"{run[0]}..{run[-1]}")


def named(base: str, indices: str) -> str:
    """The name of a layer of an array with these indices in their place."""
    before, brackets, behind = base.partition("[]")
    return f"{before}[{indices}]{behind}" if brackets else f"{base}[{indices}]"
