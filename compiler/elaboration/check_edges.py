"""Whether an edge can join the layers that it joins."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.elaborate_layers import UNKNOWN
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.model import EdgeModel, LayerModel, NetworkModel
from dync.compiler.planning.edge_sizes import weights_between
from dync.grammar import syntax
from dync.grammar.source import Span

if TYPE_CHECKING:
    from dync.compiler.mistakes.nested import End


def check_kind(
    edge: syntax.Edge | syntax.Wire, model: EdgeModel, sender: LayerModel, receiver: LayerModel, table: LayerTable
) -> None:
    """The kind of an edge against the shapes of both ends."""
    known = UNKNOWN not in (sender.shape, receiver.shape)
    weights = weights_between(model, sender.shape, receiver.shape) if known else 0
    if model.kind == "one_to_one" and known and sender.shape != receiver.shape:
        ends = [(layer.name, layer.shape, table.entry(layer).shape) for layer in (sender, receiver)]
        table.mistakes.add(wrong.shapes.UnlikeShapes(edge.kind.span, *ends[0], *ends[1]))
    if model.inner is not None:
        check_network(edge, model.inner, sender, receiver, table)
    if weights > SIZE:
        what = f"the weights from `{sender.name}` to `{receiver.name}`"
        table.mistakes.add(wrong.shapes.TooLarge(edge.span, what, weights, SIZE))
    if model.diagonal is not None and sender.name != receiver.name:
        table.mistakes.add(wrong.edges.DiagonalBetweenLayers(edge.kind.span, sender.name, receiver.name))

    if model.kind in ("pool", "unpool") and model.learning is not None:
        table.mistakes.add(wrong.windows.NothingToLearn(model.learning, model.kind))
    if model.foreign is not None and model.rule is not None and model.rule.definition.terms is None:
        table.mistakes.add(wrong.python.KindRefused(model.rule.span, model.rule.definition.name, "rule"))
    if model.rank is not None and known:
        smaller = min(sender, receiver, key=lambda layer: prod(layer.shape))
        if model.rank > prod(smaller.shape):
            where = edge.kind.span
            table.mistakes.add(wrong.ties.RankTooHigh(where, model.rank, smaller.name, prod(smaller.shape)))


def check_network(
    edge: syntax.Edge | syntax.Wire, inner: NetworkModel, sender: LayerModel, receiver: LayerModel, table: LayerTable
) -> None:
    """An edge that is a network, against the shapes of both ends; it learns by no rule of its own."""
    from dync.compiler.elaboration.elaborate_inner import ends_of  # which few files need

    ends: list[tuple[End, LayerModel, LayerModel]] = [
        ("input", sender, ends_of(inner).input),
        ("output", receiver, ends_of(inner).output),
    ]
    for end, layer, own in ends:
        if layer.shape not in (UNKNOWN, own.shape):
            declared, place = table.entry(layer).shape, edge.kind.span
            mistake = wrong.nested.NestedShape(
                place, layer.name, layer.shape, end, own.name, own.shape, declared, own.span
            )
            table.mistakes.add(mistake)
            break
    if edge.rule is not None:
        table.mistakes.add(wrong.nested.NestedLearns(edge.rule.span, inner.name))


def check_receiver(place: Span, receiver: LayerModel, table: LayerTable) -> None:
    """Nothing leads into what never moves; `place` is where the edge says so."""
    declared = table.entry(receiver).name.span
    if receiver.role == "input":
        table.mistakes.add(wrong.edges.EdgeIntoInput(place, receiver.name, declared))
    elif receiver.role == "constant":
        table.mistakes.add(wrong.edges.EdgeIntoConstant(place, receiver.name, declared))
