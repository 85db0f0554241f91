"""Declarations of rules and activations to their definitions, and what an edge sends to an expression."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.expression import Apply, Expression, Symbol, parameters
from dync.compiler.mistakes.rule_values import TooLarge
from dync.compiler.mistakes.rules import NeverLearns, UnusedLet, UnusedParameter
from dync.compiler.model import ActivationDefinition, RuleDefinition
from dync.compiler.rules.declare import declare_parameters, is_free
from dync.compiler.rules.resolve import MAXIMUM_SIZE, Resolved, Resolver, parameter
from dync.compiler.rules.scope import ACTIVATION, GRADIENT, RULE, SENDS, SENDS_SLOPE, UNIT_SENDS, Scope
from dync.compiler.rules.separate import Obstacle, separate
from dync.compiler.rules.slopes import STATE, Movement, unread_traces
from dync.compiler.rules.traces import placed_traces
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic, has_errors


def define_rule(node: syntax.Rule) -> tuple[RuleDefinition | None, tuple[Diagnostic, ...]]:
    """The rule, separated where that is possible, and all that is wrong with it: None where that is an error."""
    resolver = Resolver(RULE)
    if node.name.text == GRADIENT:
        resolver.mistake(wrong.gradients.GradientReserved(node.name.span))
    body = _body(resolver, node.parameters, node.definitions, node.update)
    if body is None or has_errors(resolver.diagnostics):
        return None, tuple(resolver.diagnostics)
    nodes = [d for d in node.definitions if isinstance(d, syntax.Trace)]
    traces, misplaced = placed_traces(nodes, body.traces, body.expression)
    resolver.diagnostics.extend(misplaced)
    if has_errors(misplaced):
        return None, tuple(resolver.diagnostics)
    plan = separate(body.expression, traces.of_sender)
    terms, obstacle = (None, plan) if isinstance(plan, Obstacle) else (plan, None)
    if terms == ():
        resolver.mistake(NeverLearns(node.update.span, node.name.text))
    place = None
    if obstacle is not None:
        _, place = resolver.places.get(id(obstacle.expression), (None, node.update.span))
    definition = RuleDefinition(
        name=node.name.text,
        parameters=body.defaults,
        update=body.expression,
        terms=terms,
        obstacle=place,
        moments=resolver.moments,
        span=node.name.span,
        modulators=tuple(resolver.modulators),
        takes=tuple(parameter.name.text for parameter in node.parameters),
        sender_traces=traces.sender,
        receiver_traces=traces.receiver,
    )
    return definition, tuple(resolver.diagnostics)


def define_activation(node: syntax.Activation) -> tuple[ActivationDefinition | None, tuple[Diagnostic, ...]]:
    """The activation with its slopes, and all that is wrong with it: None where that is an error."""
    resolver = Resolver(ACTIVATION)
    instead = ACTIVATION if node.sends is None else SENDS_SLOPE
    after = (UNIT_SENDS, node.sends), (instead, node.surrogate)
    body = _body(resolver, node.parameters, node.definitions, node.next, after)
    if body is None or has_errors(resolver.diagnostics):
        return None, tuple(resolver.diagnostics)
    sends, stand_in = body.further
    moved = Movement(body.expression, body.traces, STATE if sends is None else sends, stand_in)
    resolver.diagnostics.extend(unread_traces(node, moved))
    slope, slopes = moved.slope(""), {name: moved.slope(name) for name in moved.fields}
    if max(map(_size, (slope, *slopes.values()))) > MAXIMUM_SIZE:
        limit = f"{MAXIMUM_SIZE} operations and values"
        return None, (*resolver.diagnostics, TooLarge(node.next.span, "the slope of an activation", limit))
    definition = ActivationDefinition(
        name=node.name.text,
        parameters=body.defaults,
        next=moved.next,
        slope=slope,
        span=node.name.span,
        slopes=slopes,
        sends=moved.sends,
        traces=moved.traces,
        surrogate=stand_in is not None and moved.sends == STATE,
        sends_slope=None if moved.sends == STATE else stand_in,
    )
    return definition, tuple(resolver.diagnostics)


def resolve_sends(
    expression: syntax.Expression, parameters_: Mapping[str, float]
) -> tuple[Expression | None, dict[str, float], tuple[Diagnostic, ...]]:
    """What an edge sends, from `state`, `sent` and the network's parameters; those that it reads; and the mistakes."""
    resolver = Resolver(SENDS, {name: parameter(name) for name in parameters_ if name not in SENDS.symbols})
    resolved = resolver.number(expression)
    read = resolver.used if resolved is None else parameters(resolved.expression)
    arguments = {name: value for name, value in parameters_.items() if name in read}
    sent = None if resolved is None else resolved.expression
    return sent, arguments, tuple(resolver.diagnostics)


class _Body(Struct, frozen=True):
    """The value of a declaration, the defaults of its parameters, what its traces become, and its further values."""

    expression: Expression
    defaults: dict[str, float]
    traces: dict[str, Expression]
    further: tuple[Expression | None, ...]


def _body(
    resolver: Resolver,
    arguments: Sequence[syntax.Parameter],
    definitions: Sequence[syntax.LocalDefinition],
    value: syntax.Expression,
    after: Sequence[tuple[Scope, syntax.Expression | None]] = (),
) -> _Body | None:
    """Declare the parameters, the traces and the `let`s, then resolve the value; warn of what nothing reads.

    `after` are further values, each with what it may read.
    """
    names: dict[str, syntax.Name] = {}
    defaults = declare_parameters(resolver, arguments, names)
    traces = [node for node in definitions if isinstance(node, syntax.Trace)]
    for trace in traces:
        if is_free(resolver, trace.name, names):
            resolver.names[trace.name.text] = Resolved(Symbol(f"trace.{trace.name.text}"))
    found = _declare(resolver, definitions, names)
    resolved = resolver.number(value)
    further = [None if node is None else replace(resolver, scope=scope).number(node) for scope, node in after]
    kept = {trace.name.text for trace in traces}
    for name, declared in names.items():
        if name not in resolver.used and name not in kept:
            warning = UnusedParameter if name in defaults or name in resolver.modulators else UnusedLet
            resolver.mistake(warning(declared.span, name))
    others = tuple(None if one is None else one.expression for one in further)
    return _Body(resolved.expression, defaults, found, others) if resolved is not None else None


def _declare(
    resolver: Resolver, definitions: Sequence[syntax.LocalDefinition], names: dict[str, syntax.Name]
) -> dict[str, Expression]:
    """Resolve each `let` and each trace in turn: it can read the `let`s before it. Gives what the traces become."""
    resolver.later = {node.name.text: node.name.span for node in reversed(definitions) if isinstance(node, syntax.Let)}
    traces: dict[str, Expression] = {}
    for node in definitions:
        if isinstance(node, syntax.Trace):
            following = resolver.number(node.value)
            if following is not None:
                traces.setdefault(node.name.text, following.expression)
            continue
        value = resolver.any(node.value)
        if is_free(resolver, node.name, names):
            resolver.names[node.name.text] = value
        resolver.later.pop(node.name.text, None)
    return traces


def _size(expression: Expression) -> int:
    """How many nodes an expression has as a tree; shared parts are walked once."""
    sizes: dict[int, int] = {}

    def size(part: Expression) -> int:
        if not isinstance(part, Apply):
            return 1
        if id(part) not in sizes:
            sizes[id(part)] = 1 + sum(map(size, part.operands))
        return sizes[id(part)]

    return size(expression)
