"""A network as two short tables, for people who look at the smallest one that fails."""

from __future__ import annotations

from dync.compiler.model import EdgeModel, NetworkModel
from dync.compiler.report.text_table import counted, table

MOST = 30
"""The most rows of a table."""


def listing(model: NetworkModel) -> list[str]:
    """Its layers and its edges, a line each."""
    layers = [
        (layer.name, layer.role, f"({', '.join(map(str, layer.shape)) or '*'})", _activation(model, place))
        for place, layer in enumerate(model.layers)
    ]
    order = {layer.name: place for place, layer in enumerate(model.layers)}
    edges = [
        (edge.sender, "->", edge.receiver, edge.kind, _direction(edge, order), _learns(edge)) for edge in model.edges
    ]
    return [
        f"{model.name}: {counted(len(layers), 'layer')}, {counted(len(edges), 'edge')}",
        *table(layers, most=MOST),
        *table(edges, most=MOST),
    ]


def _activation(model: NetworkModel, place: int) -> str:
    activation = model.layers[place].activation
    return "" if activation is None else activation.definition.name


def _direction(edge: EdgeModel, order: dict[str, int]) -> str:
    """Whether an edge is forward or backward; one to the sender itself is both."""
    if edge.sender == edge.receiver:
        return "to itself"
    return "forward" if order[edge.sender] < order[edge.receiver] else "backward"


def _learns(edge: EdgeModel) -> str:
    learns = "" if edge.learns_by is None else f"learns by {edge.learns_by}"
    return learns if edge.label is None else f"{edge.label}: {learns}".rstrip(": ")
