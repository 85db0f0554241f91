"""Where things live: names of layers, edges, labels and groups to places in the stacked arrays."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache

import numpy as np

from dync.compiler.plan import FamilyPlan, Structure

EdgeKey = tuple[str, str] | tuple[str, str, str]
"""(receiver, sender), by the full names of the layers; where several edges join the pair, (receiver, sender, label)."""


@dataclass(frozen=True)
class Place:
    """The place of an edge: its family, its index there."""

    family: int
    index: int


@dataclass(frozen=True)
class Layout:
    """All the edges of a structure by their keys, and by label; the layers of each group.

    `several` holds the labels of edges that join one pair, by (receiver, sender).
    """

    edges: dict[EdgeKey, Place]
    labels: dict[str, EdgeKey]
    several: dict[tuple[str, str], tuple[str, ...]]
    groups: dict[str, tuple[str, ...]]


@lru_cache(maxsize=64)
def layout(structure: Structure) -> Layout:
    """The layout of a structure."""
    names = [layer.name for layer in structure.layers]
    edges: dict[EdgeKey, Place] = {}
    labels: dict[str, EdgeKey] = {}
    several: dict[tuple[str, str], tuple[str, ...]] = {}
    for f, family in enumerate(structure.families):
        for e, edge in enumerate(family.edges):
            pair = names[edge.receiver], names[edge.sender]
            key: EdgeKey = pair
            if edge.label is not None and (edge.sender, edge.receiver) in structure.parallel:
                key = (*pair, edge.label)
                several[pair] = (*several.get(pair, ()), edge.label)
            edges[key] = Place(f, e)
            if edge.label is not None:
                labels[edge.label] = key
    groups = {group.name: tuple(names[n] for n in group.layers) for group in structure.groups}
    return Layout(edges, labels, several, groups)


def members(structure: Structure, layers: tuple[int, ...]) -> tuple[int, ...]:
    """The places of layers within their blocks."""
    return tuple(structure.layers[n].member for n in layers)


def senders(structure: Structure, family: FamilyPlan) -> tuple[int, ...]:
    """Of each edge of a family, the place of its sender within the sender's block."""
    return members(structure, tuple(edge.sender for edge in family.edges))


def receivers(structure: Structure, family: FamilyPlan) -> tuple[int, ...]:
    """Of each edge of a family, the place of its receiver within the receiver's block."""
    return members(structure, tuple(edge.receiver for edge in family.edges))


@lru_cache(maxsize=64)
def units_first(structure: Structure) -> tuple[bool, ...]:
    """Whether the arrays of each block are `[members, units, batch]` instead of `[members, batch, units]`.

    They are where a family that stores only existing weights begins or ends: it gathers whole rows of units.
    """
    sparse = {b for f in structure.families if f.slots is not None for b in (f.sender, f.receiver)}
    return tuple(b in sparse for b in range(len(structure.blocks)))


def units_axis(structure: Structure, b: int) -> int:
    """The axis of a block's array along which its units lie."""
    return -2 if units_first(structure)[b] else -1


def as_slice(places: tuple[int, ...]) -> slice | np.ndarray:
    """Places as a slice where they follow each other, which reads without a gather; else as an index array."""
    if places and places == tuple(range(places[0], places[0] + len(places))):
        return slice(places[0], places[-1] + 1)
    return np.asarray(places, dtype=np.int32)


def layer_number(structure: Structure, name: str) -> int:
    """The number of a layer by its full name; raises KeyError that names the nearest."""
    try:
        return structure.layer_numbers[name]
    except KeyError:
        raise KeyError(unknown("layer", name, structure.layer_numbers)) from None


def unknown(what: str, name: object, known: object) -> str:
    """The sentence about a name that is not there."""
    names = [str(k) for k in known] if isinstance(known, dict | list | tuple) else []
    near = get_close_matches(str(name), names, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"there is no {what} {name!r}{hint}"
