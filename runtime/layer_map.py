"""The layer map: the weights of a network, stacked by family, readable edge by edge."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, overload

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jax.typing import ArrayLike
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.kinds.dense import Dense
from dync.runtime.kinds.kind import EdgeKind
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.kinds.stored import Stored
from dync.runtime.kinds.tied import tied
from dync.runtime.layout import EdgeKey, Layout, Place, layout, unknown

if TYPE_CHECKING:
    from dync.runtime.edge import Edge

Weights = (
    Mapping[tuple[str, str], ArrayLike]
    | Mapping[EdgeKey, ArrayLike]
    | Mapping[str, ArrayLike]
    | Mapping[EdgeKey | str, ArrayLike]
)
"""Weights by (receiver, sender), by label, or by both; of several edges between one pair by label."""

Parameters = dict[str, Array]
"""The numbers of a plan by key, one value a member or an edge: leaves of the orchestrator."""


class LayerMap(eqx.Module):
    """All edges of a network as a PyTree of static structure; its inexact leaves are weights.

    `weights` holds one array a family: `[edges, units of sender, units of receiver]` for `dense`, `[edges]` for
    `one_to_one` (`[edges, units]` where it learns), `[edges, slots]` where only existing weights are stored, a kernel
    an edge for `conv`, both factors one below the other for `low_rank`; None for edges without weights of their own.
    `diagonals` (`[edges]`) are the fixed diagonals, which are zero in `weights`; `masks` say which weights exist;
    `senders` where stored ones come from and `crowded` which receivers have more of them than is common. All these are
    None where a family has none.

    Reading: `lmap[receiver, sender]` or `lmap[label]` is one `Edge`; `lmap[layer]` a row, sender to edge; `lmap[group]`
    the rows of a group, receiver to row. The diagonal entry of a layer, `lmap[layer, layer]`, always exists. Of several
    edges between one pair each is read by its label, or as `lmap[receiver, sender, label]`, where the index of a label
    may be left out if the name alone says which edge it is.
    """

    weights: tuple[Array | None, ...]
    diagonals: tuple[Array | None, ...]
    masks: tuple[Array | None, ...]
    senders: tuple[Array | None, ...]
    crowded: tuple[Array | None, ...]
    structure: Structure = eqx.field(static=True)

    __slots__ = ("_parameters",)  # beside the fields: whatever else stood in __dict__ would change the PyTree

    def stored(self, f: int) -> Stored:
        """The arrays of family `f`; those of tied edges are read from the family that owns them."""
        family, weights = self.structure.families[f], self.weights[f]
        if family.owner is not None:
            return tied(kinds(self.structure)[family.owner], family, self.stored(family.owner))
        if weights is None:
            weights = jnp.zeros((len(family.edges), 0), jnp.float32)
        return Stored(weights, self.diagonals[f], self.masks[f], self.senders[f], self.crowded[f])

    def with_family_weights(self, weights: Sequence[Array | None]) -> LayerMap:
        """A new map with other weights in the same places, one array a family."""
        return LayerMap(tuple(weights), self.diagonals, self.masks, self.senders, self.crowded, self.structure)

    def bind(self, parameters: Parameters) -> None:
        """Tell the edges read from here which numbers their rules use; an orchestrator does this when it is asked.

        They are no leaves of the map, whose leaves are weights alone, and so cannot be a field of it. A map that is
        flattened and put together again has forgotten them.
        """
        object.__setattr__(self, "_parameters", parameters)

    @overload
    def __getitem__(self, key: EdgeKey) -> Edge: ...

    @overload
    def __getitem__(self, key: str) -> Edge | dict[str, Edge] | dict[str, dict[str, Edge]]: ...

    def __getitem__(self, key: EdgeKey | str) -> Edge | dict[str, Edge] | dict[str, dict[str, Edge]]:
        """One edge, a row or the rows of a group; raises KeyError that names the nearest."""
        from dync.runtime.edge import read_edge

        known = layout(self.structure)
        if isinstance(key, tuple):
            return read_edge(self, self.key(key))
        if key in known.labels:
            return read_edge(self, known.labels[key])
        if key in known.groups:
            return {layer: self.row(layer) for layer in known.groups[key]}
        if key in self.structure.layer_numbers:
            return self.row(key)
        raise KeyError(
            unknown("label, layer or group", key, [*known.labels, *known.groups, *self.structure.layer_numbers])
        )

    def __contains__(self, key: object) -> bool:
        known = layout(self.structure)
        return key in known.edges or key in known.labels

    def __iter__(self) -> Iterator[EdgeKey]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(layout(self.structure).edges)

    def keys(self) -> tuple[EdgeKey, ...]:
        """(receiver, sender) of every edge, in the order of the layers; of several with their labels behind."""
        numbers = self.structure.layer_numbers
        return tuple(sorted(layout(self.structure).edges, key=lambda k: (numbers[k[0]], numbers[k[1]], k[2:])))

    def items(self) -> Iterator[tuple[EdgeKey, Edge]]:
        """Every edge with its key."""
        from dync.runtime.edge import read_edge

        return ((key, read_edge(self, key)) for key in self.keys())

    def row(self, receiver: str) -> dict[str, Edge]:
        """The edges that reach a layer, by sender; of several from one sender each by its label."""
        from dync.runtime.edge import read_edge

        return {key[-1]: read_edge(self, key) for key in self.keys() if key[0] == receiver}

    def key(self, key: EdgeKey | str) -> EdgeKey:
        """The key of an edge or a diagonal entry by its layers or its label; raises KeyError.

        So it does for two layers that several edges join; the diagonal entry of a layer with several edges to itself
        stands for the layer alone.
        """
        known = layout(self.structure)
        if isinstance(key, str):
            if key not in known.labels:
                raise KeyError(unknown("label", key, known.labels))
            return known.labels[key]
        for name in key[:2]:
            if name not in self.structure.layer_numbers:
                raise KeyError(unknown("layer", name, self.structure.layer_numbers))
        labelled = _labelled(known, *key) if len(key) == 3 else None
        if labelled is not None:
            return labelled
        if len(key) != 2:
            raise KeyError(f"there is no edge {key!r}: keys are (receiver, sender), or (receiver, sender, label)")
        if key in known.several and key[0] != key[1]:
            raise KeyError(several_edges(key, known.several[key]))
        if key not in known.edges and key[0] != key[1]:
            turned = f"; the other way round there is lmap[{key[1]!r}, {key[0]!r}]" if key[::-1] in known.edges else ""
            raise KeyError(f"there is no edge from {key[1]!r} to {key[0]!r} (keys are (receiver, sender)){turned}")
        return key

    def place(self, key: EdgeKey | str) -> tuple[EdgeKey, Place]:
        """The key of an edge by its layers or its label, and where it is stored; raises KeyError."""
        found, known = self.key(key), layout(self.structure)
        if found not in known.edges:
            labels = known.several.get((found[0], found[1]))
            raise KeyError(several_edges(found, labels) if labels else f"{found[0]!r} has no edge to itself")
        return found, known.edges[found]


def _labelled(known: Layout, receiver: str, sender: str, label: str) -> EdgeKey | None:
    """The key of the edge of a pair that has this label, without its index where that need not tell edges apart."""
    if label in known.labels:
        return known.labels[label] if known.labels[label][:2] == (receiver, sender) else None
    labels = known.several.get((receiver, sender), ())
    found = [full for full in labels if full.endswith("]") and full.rpartition("[")[0] == label]
    return (receiver, sender, found[0]) if len(found) == 1 else None


def several_edges(key: EdgeKey, labels: Sequence[str]) -> str:
    """The sentence about two layers that do not say which edge is meant."""
    *others, last = map(repr, labels)
    return f"several edges lead from {key[1]!r} to {key[0]!r}: name one by its label, {', '.join(others)} or {last}"


def layer_map(families: Sequence[Stored], structure: Structure) -> LayerMap:
    """The map of what is stored of every family; of those without weights of their own nothing is."""
    own = [not family.weightless for family in structure.families]

    def owned(pick: Callable[[Stored], Array | None]) -> tuple[Array | None, ...]:
        return tuple(pick(stored) if owns else None for stored, owns in zip(families, own, strict=True))

    return LayerMap(
        owned(lambda s: s.weights),
        owned(lambda s: s.diagonal),
        owned(lambda s: s.mask),
        owned(lambda s: s.senders),
        owned(lambda s: s.crowded),
        structure,
    )


def with_weights(lmap: LayerMap, weights: Weights, *, in_place: bool = False) -> LayerMap:
    """A new map with the weights of some edges replaced, each `[units of sender, units of receiver]` or a number.

    Those of a `conv` are its kernel, those of `low_rank` the pair `(U, V)`, or what is read: both in one array. An edge
    without weights of its own is given none: ValueError says so.

    Where weights can be absent (`density` below 1), those given as zero are; a fixed diagonal must be given as it is.
    Where `present` says without a draw which weights exist, the same ones still do. Raises KeyError for an unknown edge
    and ValueError for another shape or diagonal, or a weight where none can be.

    `in_place` takes over the arrays of a map that nobody else reads, NumPy's, and copies none of them.
    """
    traced = any(isinstance(leaf, Tracer) for leaf in jax.tree.leaves((lmap, list(weights.values()))))
    xp = jnp if traced else np
    by_family: dict[int, dict[int, Array]] = {}
    for key, weight in weights.items():
        pair, place = lmap.place(key)
        _verify_owned(lmap.structure, place, pair)
        given = kinds(lmap.structure)[place.family].given(weight)
        full = _fitted(lmap, place, pair, xp.asarray(given, dtype=xp.float32))
        by_family.setdefault(place.family, {})[place.index] = full
    families = [lmap.stored(f) for f in range(len(lmap.weights))]
    taken: Callable[[Any], Any] = xp.asarray if traced or in_place else np.array
    for f, found in by_family.items():
        between = lmap.structure.families[f].between
        known = between is not None and between.known
        kind = kinds(lmap.structure)[f]
        families[f] = _with_edges(families[f].map(taken), kind, found, known).map(jnp.asarray)
    return layer_map(families, lmap.structure)


def _with_edges(family: Stored, kind: EdgeKind, weights: Mapping[int, Array], known: bool) -> Stored:
    """The family with some edges' weights replaced, in NumPy's arrays in place; the same ones exist where `known`."""
    found = family
    for e, full in weights.items():
        row = family.map(partial(_row, e))
        packed = _refilled(kind, full, row) if known else kind.pack(full, row)
        found = jax.tree.map(partial(_replaced, e), found, packed)
    return found


def _refilled(kind: EdgeKind, full: Array, stored: Stored) -> Stored:
    """Other weights in the places that there are; ValueError for one in another place, where that can be seen."""
    assert isinstance(kind, Dense | Sparse)
    packed = kind.refill(full, stored)
    if not isinstance(full, Tracer) and not isinstance(packed.weights, Tracer):
        kept = np.asarray(kind.full(packed.map(jnp.asarray)))
        lost = ~np.isclose(kept, np.asarray(full), atol=1e-6)
        if lost.any():
            i, j = (int(n) for n in np.unravel_index(int(lost.argmax()), lost.shape))
            place = f"from unit {i + 1} to unit {j + 1}"
            raise ValueError(f"{place} there is no weight, as `present` says: it must be given as zero")
    return packed


def _row(e: int, array: Array) -> Array:
    return array[e]


def _replaced(e: int, array: Array | NDArray[Any], row: Array) -> Array | NDArray[Any]:
    """An array with one row replaced, NumPy's in place."""
    if isinstance(array, Array):
        return array.at[e].set(row)
    array[e] = row
    return array


def _fitted(lmap: LayerMap, place: Place, pair: EdgeKey, weight: Array) -> Array:
    """The weights in full, checked for their shape and for a diagonal that is fixed."""
    shape = kinds(lmap.structure)[place.family].full_shape
    if weight.ndim != 0 and weight.shape != shape:
        raise ValueError(f"the weights of {pair[1]} -> {pair[0]} have the shape {shape}, not {weight.shape}")
    xp: Any = weight.__array_namespace__()
    full: Array = xp.broadcast_to(weight, shape)
    diagonal = lmap.diagonals[place.family]
    if diagonal is not None and not isinstance(full, Tracer) and not isinstance(diagonal, Tracer):
        _verify_diagonal(pair, np.diagonal(full), np.asarray(diagonal)[place.index])
    return full


def _verify_diagonal(pair: EdgeKey, given: NDArray[Any], fixed: NDArray[Any]) -> None:
    if not np.allclose(given, fixed, atol=1e-6):
        raise ValueError(f"the diagonal of {pair[1]} -> {pair[0]} is fixed at {float(fixed):g}; give it so")


def _verify_owned(structure: Structure, place: Place, pair: EdgeKey) -> None:
    family = structure.families[place.family]
    if family.owner is not None:
        label = structure.families[family.owner].edges[family.edges[place.index].owner or 0].label
        raise ValueError(f"the weights of {pair[1]} -> {pair[0]} belong to the edge {label!r}: give them there")
    if family.weightless:
        raise ValueError(f"{pair[1]} -> {pair[0]} is a {family.kind}, which has no weights")
