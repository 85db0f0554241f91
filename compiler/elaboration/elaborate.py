"""From the syntax tree of a network to its resolved model: all names found, all numbers known, all mistakes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import Budget
from dync.compiler.elaboration.check_fields import check_fields
from dync.compiler.elaboration.check_learning import check_rules
from dync.compiler.elaboration.check_topology import check_topology
from dync.compiler.elaboration.check_uses import check_uses
from dync.compiler.elaboration.collector import Collector
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.elaborate_edges import Edges
from dync.compiler.elaboration.elaborate_groups import Groups
from dync.compiler.elaboration.elaborate_layers import declare_layers
from dync.compiler.elaboration.elaborate_measures import measure_models, measures_of
from dync.compiler.elaboration.elaborate_parameters import bind_parameters
from dync.compiler.elaboration.elaborate_phases import message_filter, phase_models
from dync.compiler.elaboration.elaborate_protocols import PARAMETER, chosen_protocol, protocol_models
from dync.compiler.elaboration.elaborate_schedule import schedule_model
from dync.compiler.elaboration.elaborate_time import time_model
from dync.compiler.elaboration.scope import Scope
from dync.compiler.elaboration.unroll import unrolled
from dync.compiler.library import Library
from dync.compiler.model import NetworkModel
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors
from dync.grammar.source import Span

Statement = TypeVar("Statement", syntax.Schedule, syntax.RuleMessages)


def elaborate(
    network: syntax.Network,
    library: Library,
    arguments: Mapping[str, float] | None = None,
    places: Mapping[str, Span] | None = None,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    protocol: str | None = None,
) -> tuple[NetworkModel | None, tuple[Diagnostic, ...]]:
    """The model of a network whose parameters have the values `arguments`, or else their defaults; and its mistakes.

    `places` say where the arguments were written, so that a mistake in one can point at it. `shapes` are those of the
    inputs and outputs that leave theirs to the data; without them such a layer has an empty shape. `protocol` is the
    name of the protocol to go by, None for the one without a name. The model is None where there is an error; warnings
    leave it whole.
    """
    mistakes = Collector()
    around = ((network.name.text, network.name.span),)
    context = Context(library, mistakes, Budget(mistakes), shapes or {}, around, _nested, measures_of(network))
    scope = bind_parameters(network, arguments or {}, places or {}, mistakes)
    place = (places or {}).get(PARAMETER, network.name.span)
    model = _model(network, scope, context, protocol, place)
    return (None if has_errors(mistakes.diagnostics) else model), mistakes.diagnostics


def _nested(
    network: syntax.Network,
    arguments: Mapping[str, float],
    places: Mapping[str, Span],
    protocol: str | None,
    around: Context,
) -> NetworkModel | None:
    """The model of a network within another one. It takes from the same budget; its warnings are its own affair."""
    mistakes = Collector()
    own = (*around.around, (network.name.text, network.name.span))
    context = Context(around.library.of(network), mistakes, around.budget, {}, own, _nested, measures_of(network))
    scope = bind_parameters(network, arguments, places, mistakes)
    model = _model(network, scope, context, protocol, places.get(PARAMETER, network.name.span))
    around.mistakes.extend(mistake for mistake in mistakes.diagnostics if mistake.severity == "error")
    return None if mistakes.has_errors or around.budget.exceeded else model


def _model(network: syntax.Network, scope: Scope, context: Context, protocol: str | None, place: Span) -> NetworkModel:
    table = declare_layers(network.items, scope, context)
    edges, groups = Edges(table, context), Groups(table, context, network.items)
    for item, inner in unrolled(network.items, scope, context):
        match item:
            case syntax.Edge():
                edges.add(item, inner)
            case syntax.Wire():
                edges.wire(item, inner)
            case syntax.Group():
                groups.add(item, inner)
    edges.settle_ties()
    edges.labels.check_against(groups.names)
    table.groups = groups.layers()
    phases = phase_models([i for i in network.items if isinstance(i, syntax.Phase)], table, scope, context)
    protocols = protocol_models(network, phases, context)
    chosen = chosen_protocol(protocols, protocol, place, network.name.text, context)
    schedule = _only([i for i in network.items if isinstance(i, syntax.Schedule)], "a `schedule`", context)
    reading = _only([i for i in network.items if isinstance(i, syntax.RuleMessages)], "its `rule_messages`", context)
    model = NetworkModel(
        name=network.name.text,
        parameters={name: float(b.value) for name, b in scope.own.items() if b.value is not None},
        layers=tuple(table.layers),
        edges=(*(edge for inner in table.inner for edge in inner.edges), *edges.found),
        groups=(*groups.models(), *(group for inner in table.inner for group in inner.groups)),
        schedule=schedule_model(schedule, groups, table, context.mistakes),
        phases=phases,
        train=chosen.train,
        infer=chosen.infer,
        rule_messages="forward" if reading is None else message_filter(reading.kind, context),
        span=network.span,
        protocol=chosen.name,
        protocols=tuple(protocols),
        measures=measure_models([i for i in network.items if isinstance(i, syntax.Measure)], table, scope, context),
        time=time_model(network, scope, context),
        inner=tuple(inner.model for inner in table.inner),
    )
    if not context.budget.exceeded:
        check_topology(model, table, edges.loose, network.name.span, context.mistakes)
    check_fields(model, context.mistakes, complete=not (edges.loose.exist or context.budget.exceeded))
    check_rules(model, context.mistakes)
    if any(edge.gradient is not None for edge in model.edges):
        from dync.compiler.elaboration.check_gradients import check_gradients  # which few files need

        check_gradients(network, model, context.mistakes)
    for within in table.inner:
        from dync.compiler.elaboration.check_inner import check_inner  # which few files need

        check_inner(within, model, context.mistakes)
    check_uses(network, scope, groups, table, context.mistakes)
    return model


def _only(statements: Sequence[Statement], what: str, context: Context) -> Statement | None:
    """The one statement of its sort, where there is any."""
    for statement in statements[1:]:
        context.mistakes.add(wrong.dynamics.RepeatedStatement(statement.span, what, "the network", statements[0].span))
    return statements[0] if statements else None
