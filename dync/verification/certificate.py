"""What the compiled update of each edge depends on, down to layers and, where that can be told, to units.

Twice the jaxpr of the update is gone through. First every layer's value, each of its fields and the weights of each
edge are one source. Then single units are: what the update of one synapse reads must not reach any other's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jax
import numpy as np
from numpy.typing import NDArray

from dync.compiler.expression import REDUCTIONS, Apply, walk
from dync.compiler.plan import FamilyPlan, Structure
from dync.runtime.beside import traces_of
from dync.runtime.kinds.of_family import kinds
from dync.runtime.kinds.sparse import Sparse
from dync.runtime.layer_map import LayerMap
from dync.runtime.layout import units_first
from dync.runtime.ports import ports
from dync.verification.cut import Changes, Local, Update
from dync.verification.dependencies import dependencies, traced
from dync.verification.drawn import block_of_trace, block_shape, blocks_heard
from dync.verification.masks import Mask, bit, bits_in, nothing, words_for
from dync.verification.node import Node
from dync.verification.sample import slot_receivers
from dync.verification.sources import Source, Sources, edge_name, sources_heard

BATCH: Final = 2
"""Examples that are analysed: the second sees to it that nothing is true of single ones alone."""

MOST_SYNAPSES: Final = 2**23
"""Larger families are looked at layer by layer, not unit by unit."""

MOST_MARKS: Final = 64
"""Units and weights that are marked at once."""

Bits = Mapping[Source, int]


@dataclass(frozen=True)
class Trace:
    """The jaxpr of an update, and how its inputs and results are laid out."""

    structure: Structure
    closed: Any
    inputs: Any
    results: Any

    def run(self, masks: Local, words: int) -> Changes:
        """What each result depends on, in the place of the results; `masks` stand in the place of the inputs."""
        leaves, tree = jax.tree.flatten(masks)
        assert tree == self.inputs
        nodes = [Node(tuple(var.aval.shape), mask) for var, mask in zip(self.closed.jaxpr.invars, leaves, strict=True)]
        found = dependencies(self.closed, nodes, words)
        changes: Changes = jax.tree.unflatten(self.results, [node.mask for node in found])
        return changes


def trace(structure: Structure, update: Update, local: Local) -> Trace:
    """The update traced at something of these shapes; nothing is compiled."""
    leaves, inputs = jax.tree.flatten(local)
    results: list[Any] = []

    def flat(*arrays: Any) -> list[Any]:
        found = update(jax.tree.unflatten(inputs, arrays))
        ends, tree = jax.tree.flatten(found)
        results.append(tree)
        return ends

    closed = traced(flat, *leaves)
    return Trace(structure, closed, inputs, results[0])


# --- layers -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reached:
    """What the compiled function's results depend on: what each edge wants, by family and place, the updates of those
    that own weights, and each trace of a rule, by its key and the place of its edge."""

    wanted: Mapping[tuple[int, int], frozenset[Source]]
    updates: Mapping[tuple[int, int], frozenset[Source]]
    traces: Mapping[tuple[str, int], frozenset[Source]]


def layers_reached(found: Trace, sources: Sources, local: Local) -> Reached:
    """What everything depends on that the compiled function gives."""
    words = words_for(len(sources.all))
    changes = found.run(_layer_masks(found.structure, sources, local, words), words)
    families = found.structure.families
    wanted, updates = (
        {(f, e): _found_in(m, e, sources) for f, m in masks.items() for e in range(len(families[f].edges))}
        for masks in (changes.wanted, changes.updates)
    )
    traces = {(k, e): _found_in(m, e, sources) for k, m in changes.traces.items() for e in range(len(local.traces[k]))}
    return Reached(wanted, updates, traces)


def _found_in(mask: Mask, e: int, sources: Sources) -> frozenset[Source]:
    numbers = bits_in(mask[e if mask.shape[0] > 1 else 0])
    return frozenset(sources.all[number] for number in numbers)


def _layer_masks(structure: Structure, sources: Sources, local: Local, words: int) -> Local:
    def rows(found: Iterable[Source], rank: int) -> Mask:
        masks = [bit(sources.numbers[source], words) for source in found]
        return np.stack(masks).reshape(-1, *(1,) * (rank - 1), words)

    blocks = structure.blocks
    values = {moment: tuple(rows(found, 3) for found in sources_heard(structure, moment)) for moment in local.values}
    fields = {
        moment: {
            port: rows((Source("field", n, moment, into) for n in blocks[b].layers), 3)
            for (b, into), port in ports(structure).items()
        }
        for moment in local.fields
    }
    weights = tuple(
        None if w is None else rows((Source("weights", e, family=f) for e in range(len(w))), np.ndim(w))
        for f, w in enumerate(local.weights)
    )
    measures = {
        moment: {name: bit(sources.numbers[Source("measure", -1, moment, name)], words)[None] for name in found}
        for moment, found in local.measures.items()
    }
    traces = {key: rows(_of_trace(key, len(array)), 3) for key, array in local.traces.items()}
    return Local(values, fields, measures, traces, weights)


def _of_trace(key: str, edges: int) -> Iterable[Source]:
    family, _, name = key.partition(".")
    return (Source("trace", e, detail=name, family=int(family)) for e in range(edges))


# --- units ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Mark:
    """A unit of a layer, or a weight of an edge by the units that it joins, with its number among the sources."""

    number: int
    layer: int
    unit: int
    family: int = -1
    edge: int = -1
    place: tuple[int, ...] = ()


@dataclass(frozen=True)
class Units:
    """The outcome of the second look: the families that were told unit by unit, and of each what went wrong."""

    families: frozenset[int]
    astray: Mapping[int, str]


def units_reached(found: Trace, structure: Structure, lmap: LayerMap, local: Local, rng: np.random.Generator) -> Units:
    """Whether units reach the synapses at which they stand, and no others."""
    chosen = [f for f, family in enumerate(structure.families) if _told_by_unit(structure, f, family)]
    marks = _marks(structure, lmap, chosen, rng)[:MOST_MARKS]
    if not marks:
        return Units(frozenset(), {})
    words = words_for(len(marks))
    changes = found.run(_unit_masks(structure, marks, local, words), words)
    marked = {mark.layer for mark in marks if mark.layer >= 0}
    looked = [f for f in chosen if {n for e in structure.families[f].edges for n in (e.sender, e.receiver)} & marked]
    astray = {f: _astray(structure, lmap, f, changes.updates[f], marks) for f in looked}
    return Units(frozenset(looked), {f: what for f, what in astray.items() if what})


def _told_by_unit(structure: Structure, f: int, family: FamilyPlan) -> bool:
    """Whether each weight of a family belongs to one synapse, and there are not too many."""
    kind = kinds(structure)[f]
    own = family.rule is not None and family.owner is None and family.kind in ("dense", "one_to_one")
    shared = any(other.owner == f for other in structure.families)
    wide = _layer_wide(structure, family.sender) or _layer_wide(structure, family.receiver)
    return own and not shared and not wide and len(family.edges) * int(np.prod(kind.shape)) <= MOST_SYNAPSES


def _layer_wide(structure: Structure, b: int) -> bool:
    """Whether units of a block send, or become, what depends on a number of their whole layer: a softmax."""
    activation = structure.blocks[b].activation
    if activation is None:
        return False
    parts = (activation.next, activation.slope, activation.sends, *(trace.next for trace in activation.traces))
    return any(isinstance(e, Apply) and e.operation in REDUCTIONS for part in parts for e in walk(part))


def _marks(structure: Structure, lmap: LayerMap, chosen: list[int], rng: np.random.Generator) -> list[Mark]:
    """Of one edge of each family a unit at either end, and the weight between them."""
    found: list[Mark] = []
    units: dict[int, int] = {}
    for f in chosen:
        e = int(rng.integers(len(structure.families[f].edges)))
        edge = structure.families[f].edges[e]
        sender, receiver, place = _pair(structure, lmap, f, e, rng)
        for layer, unit in ((edge.sender, sender), (edge.receiver, receiver)):
            if layer not in units:
                units[layer] = unit
                found.append(Mark(len(found), layer, unit))
        found.append(Mark(len(found), -1, -1, f, e, place))
    return found


def _pair(
    structure: Structure, lmap: LayerMap, f: int, e: int, rng: np.random.Generator
) -> tuple[int, int, tuple[int, ...]]:
    """A synapse of an edge: its two units, and the place of its weight."""
    senders, receivers = _ends_of_weights(structure, lmap, f, e)
    place = int(rng.integers(senders.size))
    index = tuple(int(n) for n in np.unravel_index(place, senders.shape))
    return int(senders.reshape(-1)[place]), int(receivers.reshape(-1)[place]), index


def _ends_of_weights(structure: Structure, lmap: LayerMap, f: int, e: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The units that each weight of an edge joins, shaped as its weights."""
    kind, stored = kinds(structure)[f], lmap.stored(f)
    if isinstance(kind, Sparse):
        assert stored.senders is not None and stored.crowded is not None
        return np.asarray(stored.senders[e]), slot_receivers(kind, stored.crowded[e])
    if structure.families[f].kind == "one_to_one":
        same = np.arange(kind.receivers)
        return same, same
    return (
        np.broadcast_to(np.arange(kind.senders)[:, None], kind.shape),
        np.broadcast_to(np.arange(kind.receivers)[None, :], kind.shape),
    )


def _unit_masks(structure: Structure, marks: list[Mark], local: Local, words: int) -> Local:
    def of_block(b: int) -> Mask:
        layouts, own = units_first(structure), [m for m in marks if m.layer in structure.blocks[b].layers]
        if not own:
            return nothing(3, words)
        members, first, second = block_shape(structure, b, BATCH)
        mask = np.zeros((members, first, 1, words) if layouts[b] else (members, 1, second, words), np.uint64)
        for mark in own:
            at = (structure.layers[mark.layer].member, mark.unit, 0) if layouts[b] else (
                structure.layers[mark.layer].member, 0, mark.unit,
            )  # fmt: skip
            mask[at] |= bit(mark.number, words)
        return mask

    def of_weights(f: int, shape: tuple[int, ...]) -> Mask:
        own = [mark for mark in marks if mark.family == f]
        if not own:
            return nothing(len(shape), words)
        mask = np.zeros((*shape, words), np.uint64)
        for mark in own:
            mask[(mark.edge, *mark.place)] |= bit(mark.number, words)
        return mask

    every = [of_block(b) for b in range(len(structure.blocks))]
    heard = tuple(every[b] for b in blocks_heard(structure))
    by_port = {port: every[b] for (b, _), port in ports(structure).items()}
    weights = tuple(None if w is None else of_weights(f, np.shape(w)) for f, w in enumerate(local.weights))
    values = dict.fromkeys(local.values, heard)
    measures = {moment: {name: nothing(1, words) for name in found} for moment, found in local.measures.items()}
    traces = {key: _of_edges(structure, key, every) for key in local.traces}
    return Local(values, dict.fromkeys(local.fields, by_port), measures, traces, weights)


def _of_edges(structure: Structure, key: str, every: Sequence[Mask]) -> Mask:
    """The mask of a trace: of each edge that of the layer to whose units the trace belongs."""
    family = structure.families[int(key.partition(".")[0])]
    b = block_of_trace(structure, key)
    at_sender = b == family.sender and key.partition(".")[2] in {t.name for t in traces_of(structure, family)[0]}
    members = [structure.layers[edge.sender if at_sender else edge.receiver].member for edge in family.edges]
    mask = every[b]
    return mask if mask.shape[0] == 1 else mask[members]


def _astray(structure: Structure, lmap: LayerMap, f: int, mask: Mask, marks: list[Mark]) -> str:
    """Where a mark is found at which it must not be; nothing where all is well."""
    family = structure.families[f]
    for e, edge in enumerate(family.edges):
        own = mask[e if mask.shape[0] > 1 else 0]
        senders, receivers = _ends_of_weights(structure, lmap, f, e)
        for mark in marks:
            carried = (own & bit(mark.number, own.shape[-1])).any(axis=-1)
            if not carried.any():
                continue
            allowed = np.zeros(senders.shape, bool)
            if mark.family == f and mark.edge == e:
                allowed[mark.place] = True
            if mark.layer == edge.sender:
                allowed |= senders == mark.unit
            if mark.layer == edge.receiver:
                allowed |= receivers == mark.unit
            if (np.broadcast_to(carried, allowed.shape) & ~allowed).any():
                return _told(structure, f, e, mark)
    return ""


def _told(structure: Structure, f: int, e: int, mark: Mark) -> str:
    name = edge_name(structure, f, e)
    if mark.family >= 0:
        return f"a weight of {edge_name(structure, mark.family, mark.edge)} reaches other synapses of {name}"
    layer = structure.layers[mark.layer].name
    return f"unit {mark.unit + 1} of {layer} reaches synapses of {name} at which it does not stand"
