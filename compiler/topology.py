"""The topology of a network as a directed multigraph, and what can be asked of it.

Nodes are the full names of the layers, with `role`, `shape` and `order` (the place in the order of declaration) and,
where a layer starts from an input, `start`. Edges have `kind`, `rule` (a name, a gradient in words, or None), `label`,
`into` (the field of
the receiver, nothing where it has no name), `delay` (in steps, 0 without one), `forward`, `backward` and `fresh`
(whether the receiver hears the sender's new state).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import networkx as nx
from msgspec import Struct

from dync.compiler.model import NetworkModel
from dync.compiler.plan import Structure
from dync.compiler.planning.waves import is_fresh, wave_of, waves

Graph: TypeAlias = "nx.MultiDiGraph[str]"

Arc = tuple[str, str]
"""Sender and receiver."""


class Loop(Struct, frozen=True):
    """A set of layers of which each reaches each other, or one layer that hears itself.

    Round every cycle in it some layer hears an old state: `broken_by` are the arcs on which that happens. Without them
    nothing would be left to go round, so the order of updates always exists.
    """

    layers: tuple[str, ...]
    arcs: tuple[Arc, ...]
    broken_by: tuple[Arc, ...]


def topology(model: NetworkModel) -> Graph:
    """The graph of a model."""
    graph: Graph = nx.MultiDiGraph(name=model.name, schedule=model.schedule.kind)
    place = wave_of(waves(model))
    for number, layer in enumerate(model.layers):
        graph.add_node(layer.name, role=layer.role, shape=layer.shape, order=number, start=layer.start)
    order = {layer.name: number for number, layer in enumerate(model.layers)}
    for edge in model.edges:
        sender, receiver = order[edge.sender], order[edge.receiver]
        arc = edge.sender, edge.receiver
        _add(graph, place, sender, receiver, arc, edge.kind, edge.learns_by, edge.label, edge.into, edge.delay)
    return graph


def topology_of_plan(structure: Structure) -> Graph:
    """The graph of a plan: that of the model that the plan was made from."""
    graph: Graph = nx.MultiDiGraph(name=structure.network, schedule=structure.schedule)
    layers = structure.layers
    for number, layer in enumerate(layers):
        start = None if layer.start is None else layers[layer.start].name
        graph.add_node(layer.name, role=layer.role, shape=layer.shape, order=number, start=start)
    for family in structure.families:
        rule = structure.learns_by(family)
        for edge in family.edges:
            arc = layers[edge.sender].name, layers[edge.receiver].name
            ends = edge.sender, edge.receiver
            _add(graph, structure.wave_of, *ends, arc, family.kind, rule, edge.label, family.into, family.delay)
    return graph


def _add(
    graph: Graph,
    place: dict[int, int],
    sender: int,
    receiver: int,
    arc: Arc,
    kind: str,
    rule: str | None,
    label: str | None,
    into: str,
    delay: int,
) -> None:
    graph.add_edge(
        *arc,
        kind=kind,
        rule=rule,
        label=label,
        into=into,
        delay=delay,
        forward=sender <= receiver,
        backward=sender >= receiver,
        fresh=not delay and is_fresh(place, sender, receiver),
    )


def with_role(graph: Graph, *roles: str) -> tuple[str, ...]:
    """The layers of these roles, in order."""
    return tuple(layer for layer, data in graph.nodes(data=True) if data["role"] in roles)


def sources(graph: Graph) -> tuple[str, ...]:
    """Where values come from: inputs, constants, and layers that start from an input."""
    return tuple(
        layer for layer, data in graph.nodes(data=True) if data["role"] in ("input", "constant") or data["start"]
    )


def reached_from(graph: Graph, layers: Iterable[str]) -> frozenset[str]:
    """These layers and all that a path leads to from any of them."""
    return _closure(graph, layers)


def reaching(graph: Graph, layers: Iterable[str]) -> frozenset[str]:
    """These layers and all from which a path leads to any of them."""
    return _closure(graph.reverse(copy=False), layers)


def unreached_layers(graph: Graph) -> tuple[str, ...]:
    """Hidden layers that no input, constant or start reaches, in order: they would stay what zero makes of them."""
    reached = reached_from(graph, sources(graph))
    return tuple(layer for layer in with_role(graph, "layer") if layer not in reached)


def unheard_outputs(graph: Graph) -> tuple[str, ...]:
    """Outputs to which no other layer sends, in order: their read-out could say nothing."""
    return tuple(layer for layer in with_role(graph, "output") if not set(graph.predecessors(layer)) - {layer})


def dead_layers(graph: Graph) -> tuple[str, ...]:
    """Layers, inputs and constants from which no output is reached, in order; none where there is no output at all."""
    outputs = with_role(graph, "output")
    alive = reaching(graph, outputs)
    return tuple(layer for layer in graph if layer not in alive) if outputs else ()


def feedback_arcs(graph: Graph) -> tuple[Arc, ...]:
    """Arcs whose sender is later in the order than their receiver, each once."""
    found = ((s, r) for s, r, data in graph.edges(data=True) if not data["forward"])
    return tuple(dict.fromkeys(found))


def loops(graph: Graph) -> tuple[Loop, ...]:
    """The strongly connected components in which something goes round, by their first layers, in linear time.

    A network may have more cycles than could ever be listed; its components say the same in few words.
    """
    component = {layer: n for n, group in enumerate(nx.strongly_connected_components(graph)) for layer in group}
    inside: dict[int, dict[Arc, bool]] = {}
    for sender, receiver, data in graph.edges(data=True):
        if component[sender] == component[receiver]:
            inside.setdefault(component[sender], {})[sender, receiver] = data["fresh"]
    members: dict[int, list[str]] = {}
    for layer in graph:
        members.setdefault(component[layer], []).append(layer)
    return tuple(
        Loop(tuple(layers), tuple(inside[n]), tuple(arc for arc, fresh in inside[n].items() if not fresh))
        for n, layers in members.items()
        if n in inside
    )


def is_acyclic(graph: Graph) -> bool:
    """Whether nothing goes round."""
    return not loops(graph)


def is_reachable(graph: Graph, sender: str, receiver: str) -> bool:
    """Whether a path leads from one layer to another, or they are the same."""
    return bool(nx.has_path(graph, sender, receiver))


def path_length(graph: Graph, sender: str, receiver: str) -> int | None:
    """How many edges the shortest path has; None where there is no path."""
    try:
        return int(nx.shortest_path_length(graph, sender, receiver))
    except nx.NetworkXNoPath:
        return None


def fan_in(graph: Graph, layer: str) -> int:
    """How many layers send to a layer, itself included where it hears itself."""
    return len(set(graph.predecessors(layer)))


def fan_out(graph: Graph, layer: str) -> int:
    """How many layers a layer sends to, itself included where it hears itself."""
    return len(set(graph.successors(layer)))


def _closure(graph: Graph, layers: Iterable[str]) -> frozenset[str]:
    met = set(layers)
    waiting = list(met)
    while waiting:
        for layer in graph.successors(waiting.pop()):
            if layer not in met:
                met.add(layer)
                waiting.append(layer)
    return frozenset(met)
