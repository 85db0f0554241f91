"""Fields with names: who sends into them, and who reads them."""

from __future__ import annotations

from collections.abc import Iterable

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.collector import Collector
from dync.compiler.expression import fields_read
from dync.compiler.model import EdgeModel, LayerModel, NetworkModel
from dync.grammar.source import Span

Names = dict[str, set[str]]
"""Names of fields by layer."""


def check_fields(model: NetworkModel, mistakes: Collector, *, complete: bool) -> None:
    """Check that each field with a name is read, and that each which a rule reads exists.

    That nothing arrives in a field is said where the edges are `complete`: none of them has a mistake at an end.
    """
    layers = {layer.name: layer for layer in model.layers}
    own = {name: set(_fields(layer)) for name, layer in layers.items()}
    sent = _gathered((edge.receiver, {edge.into} - {""}) for edge in model.edges)
    by_rules = _gathered((edge.receiver, _read_by_rule(edge)) for edge in model.edges)
    for edge in model.edges:
        read = own[edge.receiver] | by_rules[edge.receiver]
        if edge.into_span is not None and edge.into not in read:
            _unread(edge, edge.into_span, layers[edge.receiver], read, mistakes)
        _check_rule(edge, own[edge.receiver] | sent[edge.receiver], mistakes)
    if complete:
        _check_empty(model, own, sent, mistakes)


def _check_empty(model: NetworkModel, own: Names, sent: Names, mistakes: Collector) -> None:
    """Warn of a field into which no edge sends, in none of the layers that are declared together."""
    together: dict[tuple[str | None, Span], list[str]] = {}
    for layer in model.layers:
        together.setdefault((layer.array, layer.span), []).append(layer.name)
    activations = {layer.name: layer.activation for layer in model.layers}
    for names in together.values():
        use = activations[names[0]]
        if use is not None:
            arriving = set[str]().union(*(sent.get(name, set()) for name in names))
            for empty in sorted(own[names[0]] - arriving):
                mistakes.add(wrong.fields.EmptyField(use.span, names[0], empty))


def _gathered(names: Iterable[tuple[str, set[str]]]) -> Names:
    found: Names = {}
    for layer, fields in names:
        found.setdefault(layer, set()).update(fields)
    return found


def _fields(layer: LayerModel) -> tuple[str, ...]:
    """The fields with names that a layer's activation reads."""
    return () if layer.activation is None else tuple(layer.activation.definition.slopes)


def _read_by_rule(edge: EdgeModel) -> set[str]:
    if edge.rule is None:
        return set()
    return {field for expression in edge.rule.definition.expressions for field in fields_read(expression)}


def _unread(edge: EdgeModel, place: Span, receiver: LayerModel, read: set[str], mistakes: Collector) -> None:
    """Nobody reads the field into which an edge sends; an input or a constant, into which none may lead, is told so."""
    use = receiver.activation
    if use is not None:
        known = tuple(sorted(read))
        mistakes.add(wrong.fields.UnreadField(place, edge.into, known, receiver.name, use.definition.name, use.span))


def _check_rule(edge: EdgeModel, known: set[str], mistakes: Collector) -> None:
    """A rule reads no field with a name that the receiver does not have."""
    for name in sorted(_read_by_rule(edge) - known):
        assert edge.rule is not None
        use, there = edge.rule, tuple(sorted(known))
        rule = use.definition
        mistakes.add(wrong.fields.NoSuchField(use.span, name, there, rule.name, edge.receiver, rule.span))
