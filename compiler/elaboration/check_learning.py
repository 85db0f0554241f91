"""Whether the edges of a network can learn by their rules."""

from __future__ import annotations

from dync.compiler.elaboration.check_modulators import check_modulators
from dync.compiler.elaboration.collector import Collector
from dync.compiler.model import NetworkModel
from dync.compiler.planning.edge_sizes import multiply_adds_between
from dync.compiler.rules.learning import check_learning
from dync.grammar.source import Span


def check_rules(model: NetworkModel, mistakes: Collector) -> None:
    """Check each edge that learns, once for those that one statement draws between the same arrays."""
    layers = {layer.name: layer for layer in model.layers}
    checked = set[tuple[Span, Span, Span]]()
    unread = {mistake.span for mistake in mistakes.diagnostics if mistake.code == "E0341"}
    for edge in model.edges:
        if edge.rule is None or "." in edge.receiver:  # what is in a network within this one was checked there
            continue
        receiver = layers[edge.receiver]
        alike = edge.rule.span, layers[edge.sender].span, receiver.span
        if alike in checked:
            continue
        checked.add(alike)
        synapses = multiply_adds_between(edge, layers[edge.sender].shape, receiver.shape)
        for mistake in check_learning(edge.rule, receiver, synapses, model.trains, edge.into):
            if not (mistake.code == "W0556" and edge.into_span in unread):  # the slope by a field that is not there
                mistakes.add(mistake)
        for mistake in check_modulators(model, edge.rule):
            mistakes.add(mistake)
