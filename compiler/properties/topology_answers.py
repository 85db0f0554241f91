"""What the predicates over the topology answer, computed by NetworkX on the graph of a model.

Layers are nodes, edges are arcs; `messages` leaves only the arcs that carry such messages. Where there is no path a
length is infinite. Every walk over the graph is paid for, since graph and questions are anybody's.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import prod
from typing import Final, TypeAlias

import networkx as nx
from msgspec import Struct, field

from dync.compiler.elaboration.scope import Amount
from dync.compiler.model import EdgeModel, NetworkModel
from dync.compiler.plan import MessageFilter
from dync.compiler.planning.edge_sizes import weights_between
from dync.compiler.properties.answer import Answer
from dync.compiler.properties.work import Work

Names: TypeAlias = Sequence[str]
"""Full names of layers."""

Digraph: TypeAlias = "nx.DiGraph[str]"


class Topology(Struct, dict=True):
    """The graph of a model, ready to be asked."""

    model: NetworkModel
    work: Work
    _graphs: dict[MessageFilter, Digraph] = field(default_factory=dict)
    _lengths: dict[tuple[MessageFilter, str], Mapping[str, int]] = field(default_factory=dict)

    @cached_property
    def order(self) -> dict[str, int]:
        """The place of each layer in the order of declaration."""
        return {layer.name: place for place, layer in enumerate(self.model.layers)}

    @cached_property
    def units(self) -> dict[str, int]:
        """The units of each layer."""
        return {layer.name: prod(layer.shape) for layer in self.model.layers}

    def edges(self, messages: MessageFilter) -> list[EdgeModel]:
        """The edges that carry such messages."""
        self.work.take(len(self.model.edges))
        order = self.order
        match messages:
            case "forward":
                return [e for e in self.model.edges if order[e.sender] <= order[e.receiver]]
            case "backward":
                return [e for e in self.model.edges if order[e.sender] >= order[e.receiver]]
            case "all":
                return list(self.model.edges)

    def graph(self, messages: MessageFilter) -> Digraph:
        """Each pair of layers with an edge between them once."""
        if messages not in self._graphs:
            graph: Digraph = nx.DiGraph()
            graph.add_nodes_from(self.order)
            graph.add_edges_from((edge.sender, edge.receiver) for edge in self.edges(messages))
            self._graphs[messages] = graph
        return self._graphs[messages]

    def part(self, layers: Names, messages: MessageFilter) -> Digraph:
        """The graph of some layers and what joins them; a walk over it is paid for."""
        graph = self.graph(messages)
        self.work.take(len(graph) + graph.number_of_edges())
        return graph if len(layers) == len(graph) else graph.subgraph(layers).copy()

    def lengths(self, sender: str, messages: MessageFilter) -> Mapping[str, int]:
        """How far it is from a layer to each that it reaches."""
        key = messages, sender
        if key not in self._lengths:
            graph = self.graph(messages)
            self.work.take(len(graph) + graph.number_of_edges())
            self._lengths[key] = nx.single_source_shortest_path_length(graph, sender)
        return self._lengths[key]


# --- between two layers -----------------------------------------------------------------------------------------------


def reachable(topology: Topology, senders: Names, receivers: Names, messages: MessageFilter) -> Answer:
    """Whether a path leads from every sender to every receiver; every layer reaches itself."""
    for sender in senders:
        lengths = topology.lengths(sender, messages)
        topology.work.take(len(receivers))
        for receiver in receivers:
            if receiver not in lengths:
                return Answer(False, f"no path leads from `{sender}` to `{receiver}`")
    return Answer(True)


def has_edge(topology: Topology, senders: Names, receivers: Names, messages: MessageFilter) -> Answer:
    """Whether every sender has an edge to every receiver."""
    graph = topology.graph(messages)
    for sender in senders:
        topology.work.take(len(receivers))
        for receiver in receivers:
            if not graph.has_edge(sender, receiver):
                return Answer(False, f"`{sender}` has no edge to `{receiver}`")
    return Answer(True)


def path_length(topology: Topology, sender: str, receiver: str, messages: MessageFilter) -> Answer:
    """How many edges the shortest path has."""
    length = topology.lengths(sender, messages).get(receiver)
    if length is None:
        return Answer(math.inf, f"no path leads from `{sender}` to `{receiver}`")
    topology.work.take(len(topology.order))
    path = nx.shortest_path(topology.graph(messages), sender, receiver)
    return Answer(length, f"a shortest path is {_chain(path)}")


def number_of_edges(topology: Topology, sender: str, receiver: str, messages: MessageFilter) -> Answer:
    """How many edges lead from one layer to another, those between one pair counted each."""
    return Answer(sum((e.sender, e.receiver) == (sender, receiver) for e in topology.edges(messages)))


# --- of one layer -----------------------------------------------------------------------------------------------------


def fan_in(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How many layers send to it, itself included."""
    senders = tuple(topology.graph(messages).predecessors(layer))
    return Answer(len(senders), _said(f"what sends to `{layer}`", senders))


def fan_out(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How many layers it sends to, itself included."""
    receivers = tuple(topology.graph(messages).successors(layer))
    return Answer(len(receivers), _said(f"what hears `{layer}`", receivers))


def in_degree(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How many edges lead to it."""
    return Answer(sum(edge.receiver == layer for edge in topology.edges(messages)))


def out_degree(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How many edges lead from it."""
    return Answer(sum(edge.sender == layer for edge in topology.edges(messages)))


def degree(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How many ends of edges it has: one to itself counts twice."""
    return Answer(sum((e.sender == layer) + (e.receiver == layer) for e in topology.edges(messages)))


def eccentricity(topology: Topology, layer: str, messages: MessageFilter) -> Answer:
    """How far the layer farthest from it is."""
    lengths = topology.lengths(layer, messages)
    missed = next((other for other in topology.order if other not in lengths), None)
    if missed is not None:
        return Answer(math.inf, f"no path leads from `{layer}` to `{missed}`")
    return Answer(max(lengths.values()))


# --- of some layers ---------------------------------------------------------------------------------------------------


def has_cycle(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """Whether a path among the layers comes back to where it began; a layer that hears itself is one, too."""
    part = topology.part(layers, messages)
    try:
        arcs = nx.find_cycle(part)
    except nx.NetworkXNoCycle:
        return Answer(False)
    return Answer(True, f"there is the cycle {_chain([arcs[0][0], *(arc[1] for arc in arcs)])}")


def is_dag(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """Whether nothing goes round."""
    found = has_cycle(topology, layers, messages)
    return Answer(not found.value, found.because)


def is_bipartite(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """Whether the layers fall into two sets so that every edge leads from one to the other, whatever its direction."""
    return Answer(bool(nx.is_bipartite(topology.part(layers, messages))))


def strongly_connected(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """Whether each of the layers reaches each other over layers among them."""
    return _in_one(list(nx.strongly_connected_components(topology.part(layers, messages))))


def weakly_connected(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """The same, where edges can be walked either way."""
    return _in_one(list(nx.weakly_connected_components(topology.part(layers, messages))))


def _in_one(components: list[set[str]]) -> Answer:
    if len(components) <= 1:
        return Answer(True)
    few = sorted(sorted(component) for component in components)
    return Answer(False, f"`{few[0][0]}` and `{few[1][0]}` are apart")


def diameter(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """The longest of all shortest paths among the layers; infinite where some layer does not reach another."""
    part = topology.part(layers, messages)
    topology.work.take(len(part) * (len(part) + part.number_of_edges()))
    longest = 0
    for layer in part:
        lengths = nx.single_source_shortest_path_length(part, layer)
        if len(lengths) < len(part):
            missed = next(other for other in part if other not in lengths)
            return Answer(math.inf, f"no path leads from `{layer}` to `{missed}`")
        longest = max(longest, *lengths.values())
    return Answer(longest)


def density(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """Of all ordered pairs of different layers, the share that an edge joins; layers that hear themselves count."""
    return Answer(float(nx.density(topology.part(layers, messages))))


def average_clustering(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """The mean over layers of the share of their neighbours' pairs that are joined, whatever the directions."""
    part = nx.Graph(topology.part(layers, messages))
    topology.work.take(sum(neighbours**2 for _, neighbours in part.degree()))
    return Answer(float(nx.average_clustering(part)) if len(part) else 0.0)


def average_shortest_path_length(topology: Topology, layers: Names, messages: MessageFilter) -> Answer:
    """The mean length of the shortest paths between different layers."""
    found = diameter(topology, layers, messages)
    if found.value == math.inf or len(layers) < 2:
        return found
    part = topology.part(layers, messages)
    topology.work.take(len(part) * (len(part) + part.number_of_edges()))
    return Answer(float(nx.average_shortest_path_length(part)))


# --- counting ---------------------------------------------------------------------------------------------------------


def units(topology: Topology, layer: str) -> Answer:
    """How many units a layer has."""
    return Answer(topology.units[layer])


def weights(topology: Topology, edges: Sequence[EdgeModel]) -> int:
    """How many weights edges have room for, before any density: a `one_to_one` edge one a unit, a tied one none."""
    shapes = {layer.name: layer.shape for layer in topology.model.layers}
    own = [edge for edge in edges if edge.tie is None]
    return sum(weights_between(edge, shapes[edge.sender], shapes[edge.receiver]) for edge in own)


def count(topology: Topology, thing: str) -> Answer:
    """How many edges, edges that learn, units, weights, or weights that learn there are."""
    edges = topology.edges("all")
    learning = [edge for edge in edges if edge.learns]
    found: dict[str, Callable[[], Amount]] = {
        "edges": lambda: len(edges),
        "learning": lambda: len(learning),
        "units": lambda: sum(topology.units.values()),
        "weights": lambda: weights(topology, edges),
        "parameters": lambda: weights(topology, learning),
    }
    return Answer(found[thing]())


OF_PAIRS: Final = {"reachable": reachable, "has_edge": has_edge}
OF_TWO: Final = {"path_length": path_length, "number_of_edges": number_of_edges}
OF_ONE: Final = {
    "fan_in": fan_in,
    "fan_out": fan_out,
    "in_degree": in_degree,
    "out_degree": out_degree,
    "degree": degree,
    "eccentricity": eccentricity,
}
OF_SOME: Final = {
    "has_cycle": has_cycle,
    "is_dag": is_dag,
    "is_bipartite": is_bipartite,
    "strongly_connected": strongly_connected,
    "weakly_connected": weakly_connected,
    "diameter": diameter,
    "density": density,
    "average_clustering": average_clustering,
    "average_shortest_path_length": average_shortest_path_length,
}


def _chain(path: Sequence[str], most: int = 12) -> str:
    """A path for a sentence."""
    shown = path if len(path) <= most else [*path[: most - 2], "…", path[-1]]
    return "`" + " -> ".join(shown) + "`"


def _said(what: str, layers: Sequence[str], most: int = 8) -> str:
    more = f" and {len(layers) - most} more" if len(layers) > most else ""
    return f"{what}: " + (", ".join(f"`{layer}`" for layer in layers[:most]) + more if layers else "nothing")
