"""Whether everything in a network is reached by something and leads somewhere."""

from __future__ import annotations

from collections.abc import Iterable

from dync.compiler.collector import Collector
from dync.compiler.elaborate_edges import Edges
from dync.compiler.layer_table import Entry, LayerTable
from dync.compiler.mistakes.topology import (
    LeadsNowhere,
    NoInputs,
    NoOutputs,
    UnreachedLayer,
    UnreachedOutput,
    UntrainedOutput,
)
from dync.compiler.model import LayerModel
from dync.grammar import syntax

_ANY = ""
"""Stands for whatever was misspelt: it reaches, and is reached by, all that such edges join. No layer has this name."""


def check_topology(
    network: syntax.Network, table: LayerTable, edges: Edges, trained: bool, mistakes: Collector
) -> None:
    """Report what is cut off. `trained` says whether the network has a training protocol."""
    layers = list(table.layers)
    _check_reached(layers, table, edges, mistakes)
    _check_outputs(layers, table, edges, trained, mistakes)
    if not any(layer.role == "input" for layer in layers):
        mistakes.add(NoInputs(network.name.span, network.name.text))
    if not any(layer.role == "output" for layer in layers):
        mistakes.add(NoOutputs(network.name.span, network.name.text))


def _check_reached(layers: list[LayerModel], table: LayerTable, edges: Edges, mistakes: Collector) -> None:
    sources = [layer.name for layer in layers if layer.role in ("input", "constant") or layer.start is not None]
    outputs = [layer.name for layer in layers if layer.role == "output"]
    forward = _closure([*sources, _ANY], edges, backwards=False)
    backward = _closure([*outputs, _ANY], edges, backwards=True)
    for entry in table.entries.values():
        unreached = tuple(m.name for m in entry.members or () if m.role == "layer" and m.name not in forward)
        if unreached:
            mistakes.add(UnreachedLayer(entry.name.span, unreached))
        idle = tuple(m.name for m in entry.members or () if m.name not in backward)
        if idle and outputs:
            mistakes.add(LeadsNowhere(entry.name.span, idle))


def _closure(starts: Iterable[str], edges: Edges, backwards: bool) -> set[str]:
    """All that the edges lead to from these layers, or, backwards, all from which they lead there."""
    import networkx as nx

    graph = nx.DiGraph((edge.sender, edge.receiver) for edge in edges.found)
    graph.add_edges_from((_ANY, name) for name in edges.loose_receivers)
    graph.add_edges_from((name, _ANY) for name in edges.loose_senders)
    graph.add_nodes_from(starts)
    if backwards:
        graph = graph.reverse(copy=False)
    return {node for layer in nx.bfs_layers(graph, list(starts)) for node in layer}


def _check_outputs(
    layers: list[LayerModel], table: LayerTable, edges: Edges, trained: bool, mistakes: Collector
) -> None:
    entered = {edge.receiver for edge in edges.found} | edges.loose_receivers
    learning = {edge.receiver for edge in edges.found if edge.rule is not None} | edges.loose_receivers
    for layer in layers:
        entry: Entry = table.entry(layer)
        if layer.role == "output" and layer.name not in entered:
            mistakes.add(UnreachedOutput(entry.name.span, layer.name))
        elif layer.role == "output" and trained and layer.name not in learning:
            mistakes.add(UntrainedOutput(entry.name.span, layer.name))
