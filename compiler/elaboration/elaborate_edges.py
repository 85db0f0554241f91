"""The edges of a network: ends, kinds, what they send and how they learn."""

from __future__ import annotations

from functools import cached_property
from typing import Final

from msgspec import Struct, field

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.check_edges import check_kind, check_receiver
from dync.compiler.elaboration.check_topology import LooseEnds
from dync.compiler.elaboration.constant import number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_delays import check_history, delay_of
from dync.compiler.elaboration.elaborate_gradients import gradient_use
from dync.compiler.elaboration.elaborate_kinds import KindUse, kind_use
from dync.compiler.elaboration.elaborate_labels import Labels
from dync.compiler.elaboration.elaborate_ties import Tie, settle_ties
from dync.compiler.elaboration.elaborate_uses import rule_use
from dync.compiler.elaboration.elaborate_windows import window_plan
from dync.compiler.elaboration.elaborate_wires import arcs_of
from dync.compiler.elaboration.layer_table import Arrival, LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.expression import Expression, Symbol
from dync.compiler.model import EdgeModel, GradientUse, LayerModel, RuleUse
from dync.compiler.rules.define import resolve_sends
from dync.compiler.rules.scope import GRADIENT
from dync.compiler.rules.substitute import substituted
from dync.grammar import syntax
from dync.grammar.source import Span

_ANY: Final = ""
"""Stands for any layer; no layer has this name."""

_SENT: Final = Symbol("sent")
"""What the units of the sender send."""


class _Manner(Struct, frozen=True):
    """How the edges of one statement work: all but their ends."""

    kind: KindUse
    sends: Expression
    sends_arguments: dict[str, float]
    rule: RuleUse | None
    gradient: GradientUse | None
    rate: float
    decay: float
    delay: int


class Edges(Struct, dict=True):
    """The edges found so far, and the layers at one end of edges whose other end was a mistake."""

    table: LayerTable
    context: Context
    found: list[EdgeModel] = field(default_factory=list)
    _loose_receivers: set[str] = field(default_factory=set)
    _loose_senders: set[str] = field(default_factory=set)
    _pairs: dict[tuple[str, str], syntax.Edge | syntax.Wire] = field(default_factory=dict)
    _met: set[tuple[str, str]] = field(default_factory=set)
    _ties: list[Tie] = field(default_factory=list)

    @cached_property
    def labels(self) -> Labels:
        """Their labels."""
        return Labels(self.table, self.context.mistakes)

    def add(self, edge: syntax.Edge, scope: Scope) -> None:
        """Elaborate one edge; what is wrong with one part of it does not keep the others from being checked."""
        if not self.context.budget.take(1, "this edge", edge.span):
            return
        named, into = self.table.with_field(edge.receiver, scope)
        sender = self.table.sender(edge.sender, scope)
        receiver = self.table.receiver(named, scope)
        label = None if edge.label is None else self.labels.of_edge(edge.label, scope)
        manner = self._manner(edge, scope)
        if sender is None or receiver is None:
            self._note_loose(edge, sender, receiver)
            return
        self._join(edge, label, sender, Arrival(receiver, into), manner, named.span)

    def wire(self, wire: syntax.Wire, scope: Scope) -> None:
        """Elaborate the edges that a graph generator draws, all in one manner."""
        manner = self._manner(wire, scope)
        found = arcs_of(wire, self.table, scope, self.context)
        if found is None:
            self._note_unwired(wire)
            return
        for sender, arrival in found:
            label = None if wire.label is None else self.labels.of_wire(wire.label)
            self._join(wire, label, sender, arrival, manner, wire.layers[0].span.to(wire.layers[-1].span))

    def _manner(self, statement: syntax.Edge | syntax.Wire, scope: Scope) -> _Manner:
        kind = kind_use(statement.kind, scope, self.context)
        rate = self._number(statement.rate, scope, 1.0)
        decay = self._number(statement.decay, scope, 0.0)
        sends, sends_arguments = self._sends(statement, scope)
        gradient, rule = None, None
        if statement.rule is not None and statement.rule.name.text == GRADIENT:
            gradient = gradient_use(statement, self.context)
        elif statement.rule is not None:
            rule = rule_use(statement.rule, statement.during, scope, self.context)
        delay = delay_of(statement, scope, self.context.mistakes)
        return _Manner(kind, sends, sends_arguments, rule, gradient, rate, decay, delay)

    def _join(
        self,
        statement: syntax.Edge | syntax.Wire,
        label: str | None,
        sender: LayerModel,
        arrival: Arrival,
        manner: _Manner,
        place: Span,
    ) -> None:
        """Add an edge of this manner and check it; `place` is where the statement names the receiver."""
        receiver, into = arrival
        kind = manner.kind
        window = None
        if kind.window is not None:
            window = window_plan(kind.window, statement.kind, sender, receiver, self.table)
        fixed = "diagonal" in kind.numbers
        within = None
        if kind.between is not None:
            from dync.compiler.elaboration.elaborate_between import fitted  # which few files need

            within = fitted(kind.between, sender, receiver, fixed, self.context)
        density = None if within is None else within.density
        if kind.tied_to is not None:
            self._ties.append(Tie(len(self.found), statement, kind.tied_to))
        model = EdgeModel(
            label=label,
            sender=sender.name,
            receiver=receiver.name,
            kind=kind.kind or "dense",
            strength=kind.numbers.get("strength", 1.0),
            density=kind.numbers.get("density", 1.0) if density is None else density,
            diagonal=kind.numbers.get("diagonal"),
            sends=_as_sent_by(sender, manner.sends),
            sends_arguments=manner.sends_arguments,
            rule=manner.rule,
            rate=manner.rate,
            decay=manner.decay,
            span=statement.span,
            window=window,
            rank=kind.rank,
            tie=kind.tie,
            inner=kind.inner,
            foreign=kind.foreign,
            gradient=manner.gradient,
            between=None if within is None else within.between,
            into="" if into is None else into.text,
            into_span=None if into is None else into.span,
            delay=manner.delay,
            faulty_rule=statement.rule is not None and manner.rule is None and manner.gradient is None,
        )
        if kind.kind is not None:
            check_kind(statement, model, sender, receiver, self.table)
        check_receiver(place, receiver, self.table)
        check_history(statement, manner.delay, sender, self.context.mistakes)
        self._check_pair(statement, label, sender, receiver)
        self.found.append(model)

    def settle_ties(self) -> None:
        """Give tied edges what they share, now that all edges are known."""
        settle_ties(self.found, self._ties, self.table.layers, self.context.mistakes)

    @property
    def loose(self) -> LooseEnds:
        """What may be joined by edges with a mistake at an end."""
        receivers, senders = frozenset(self._loose_receivers), frozenset(self._loose_senders)
        return LooseEnds(receivers - {_ANY}, senders - {_ANY}, _ANY in receivers, _ANY in senders)

    def _note_loose(self, edge: syntax.Edge, sender: LayerModel | None, receiver: LayerModel | None) -> None:
        """Note what an edge with a mistake at an end may have been meant to join."""
        self._loose_receivers.update(self._meant(edge.receiver, receiver))
        self._loose_senders.update(self._meant(edge.sender, sender))

    def _note_unwired(self, wire: syntax.Wire) -> None:
        """Any of the layers may have been meant to be joined to any other."""
        for reference in wire.layers:
            meant = self._meant(reference, None)
            self._loose_receivers.update(meant)
            self._loose_senders.update(meant)

    def _meant(self, reference: syntax.Reference, found: LayerModel | None) -> set[str]:
        """The layer itself, or else any member of its array, or else any layer at all."""
        entry = self.table.entries.get(reference.name.text)
        if found is not None:
            return {found.name}
        return {_ANY} if entry is None else {member.name for member in entry.members or ()}

    def _number(self, expression: syntax.Expression | None, scope: Scope, default: float) -> float:
        value = None if expression is None else number(expression, scope, self.context.mistakes)
        return default if value is None else float(value)

    def _sends(self, edge: syntax.Edge | syntax.Wire, scope: Scope) -> tuple[Expression, dict[str, float]]:
        """What the sender emits, and the value of each parameter that it reads."""
        if edge.sends is None:
            return _SENT, {}
        known = {name: 0.0 if b.value is None else float(b.value) for name, b in scope.names()}
        expression, read, mistakes = resolve_sends(edge.sends, known)
        for mistake in mistakes:
            self.context.mistakes.add(mistake)
        scope.read.update(read)
        return (_SENT, {}) if expression is None else (expression, read)

    def _check_pair(
        self, statement: syntax.Edge | syntax.Wire, label: str | None, sender: LayerModel, receiver: LayerModel
    ) -> None:
        """Several edges of one pair are told apart by their labels."""
        pair = sender.name, receiver.name
        first = self._pairs.setdefault(pair, statement)
        if first is statement and pair not in self._met:
            self._met.add(pair)
        elif label is None or first.label is None:
            wired = isinstance(statement, syntax.Wire) or isinstance(first, syntax.Wire)
            mistake = wrong.wires.WireOverEdge if wired else wrong.edges.ParallelEdges
            self.context.mistakes.add(mistake(statement.span, *pair, first.span))


def _as_sent_by(sender: LayerModel, sends: Expression) -> Expression:
    """What an edge sends, where units that send what they hold need no other word for it."""
    use = sender.activation
    plain = use is None or use.definition.sends == Symbol("state")
    return substituted(sends, {_SENT: Symbol("state")}) if plain else sends
