"""The phases of a network: how long, which messages, what holds still; and the protocols that go through them."""

from __future__ import annotations

from typing import Literal

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel, PhaseModel
from dync.compiler.plan import MessageFilter
from dync.grammar import syntax

MESSAGES: tuple[MessageFilter, ...] = ("all", "forward", "backward")

SETTLED = 1e-6
"""How far a unit may move in a step of a settled network, where `within` does not say."""


def phase_models(
    phases: list[syntax.Phase], table: LayerTable, scope: Scope, context: Context
) -> tuple[PhaseModel, ...]:
    """All phases, in the order of declaration."""
    found: dict[str, PhaseModel] = {}
    first: dict[str, syntax.Name] = {}
    for phase in phases:
        name, model = phase.name, _phase(phase, table, scope, context)
        if name.text in found:
            context.mistakes.add(wrong.names.Duplicate(name.span, name.text, "phase", first[name.text].span))
        else:
            found[name.text], first[name.text] = model, name
    return tuple(found.values())


def protocol_model(
    protocols: list[syntax.Protocol],
    kind: Literal["train", "infer"],
    phases: tuple[PhaseModel, ...],
    context: Context,
) -> tuple[str, ...] | None:
    """The phases that `train` or `infer` goes through, None where the network has no such protocol."""
    mine = [protocol for protocol in protocols if protocol.kind == kind]
    known = tuple(phase.name for phase in phases)
    for protocol in mine:
        for name in protocol.phases:
            if name.text not in known:
                context.mistakes.add(wrong.names.UnknownPhase(name.span, name.text, known))
    for protocol in mine[1:]:
        context.mistakes.add(
            wrong.dynamics.RepeatedStatement(
                protocol.span, {"train": "a `train`", "infer": "an `infer`"}[kind], "the network", mine[0].span
            )
        )
    return tuple(name.text for name in mine[0].phases if name.text in known) if mine else None


def message_filter(word: syntax.Name, context: Context) -> MessageFilter:
    """Which messages a word means; `all` where it was a mistake."""
    for messages in MESSAGES:
        if messages == word.text:
            return messages
    context.mistakes.add(wrong.names.UnknownMessages(word.span, word.text, MESSAGES))
    return "all"


def _phase(phase: syntax.Phase, table: LayerTable, scope: Scope, context: Context) -> PhaseModel:
    steps, within = _length(phase, scope, context)
    messages, silent = _messages(phase, table, scope, context)
    return PhaseModel(
        name=phase.name.text,
        steps=steps,
        within=within,
        messages=messages,
        silent=silent,
        clamped=_clamped(phase, table, scope, context),
        span=phase.span,
    )


def _length(phase: syntax.Phase, scope: Scope, context: Context) -> tuple[int, float | None]:
    """How many steps, at most, and within what the network must settle, None where the steps are fixed."""
    lengths = [item for item in phase.items if isinstance(item, syntax.Steps | syntax.Settle)]
    _once(phase, lengths, "a length", context)
    found: list[tuple[int, float | None]] = []
    for item in lengths:
        match item:
            case syntax.Steps(count, _):
                found.append((_count(count, phase, scope, context), None))
            case syntax.Settle(within, maximum, _):
                found.append((_count(maximum, phase, scope, context), _within(within, scope, context)))
    if not found:
        context.mistakes.add(wrong.dynamics.PhaseWithoutEnd(phase.name.span, phase.name.text))
    return found[0] if found else (0, None)


def _count(expression: syntax.Expression, phase: syntax.Phase, scope: Scope, context: Context) -> int:
    steps = integer(expression, scope, context.mistakes, "a number of steps")
    if steps is not None and not 0 <= steps <= SIZE:
        context.mistakes.add(wrong.dynamics.BadCount(expression.span, steps))
    if steps == 0:
        context.mistakes.add(wrong.dynamics.EmptyPhase(phase.name.span, phase.name.text))
    return steps or 0


def _within(expression: syntax.Expression | None, scope: Scope, context: Context) -> float:
    within = SETTLED if expression is None else number(expression, scope, context.mistakes)
    if within is not None and within < 0 and expression is not None:
        context.mistakes.add(wrong.dynamics.NegativeTolerance(expression.span, within))
    return SETTLED if within is None else float(within)


def _messages(
    phase: syntax.Phase, table: LayerTable, scope: Scope, context: Context
) -> tuple[MessageFilter, tuple[str, ...]]:
    items = [item for item in phase.items if isinstance(item, syntax.Messages)]
    _once(phase, items, "its `messages`", context)
    found = [(message_filter(item.kind, context), _names(item.silent, table, scope, context)) for item in items]
    return (found[0][0], tuple(layer.name for layer in found[0][1])) if found else ("all", ())


def _clamped(phase: syntax.Phase, table: LayerTable, scope: Scope, context: Context) -> tuple[str, ...]:
    """The layers that hold still, by default every input and output. Constants never move and need no mention."""
    items = [item for item in phase.items if isinstance(item, syntax.Clamp)]
    _once(phase, items, "a `clamp`", context)
    if not items:
        return table.ends if context.budget.take(len(table.ends), "this phase", phase.name.span) else ()
    named = [_names(item.layers, table, scope, context) for item in items]
    held = {layer.name: layer for layer in named[0]}
    let_go = tuple(name for name in table.inputs if name not in held)
    if let_go and not context.budget.exceeded:
        context.mistakes.add(wrong.dynamics.InputLetGo(items[0].span, phase.name.text, let_go))
    return tuple(name for name, layer in held.items() if layer.role != "constant")


def _names(
    references: tuple[syntax.Reference, ...], table: LayerTable, scope: Scope, context: Context
) -> tuple[LayerModel, ...]:
    """The layers that a list names, each once."""
    layers: dict[str, LayerModel] = {}
    for reference in references:
        named = table.all(reference, scope)
        if context.budget.take(len(named), "this list", reference.span):
            layers.update((layer.name, layer) for layer in named)
    return tuple(layers.values())


def _once(
    phase: syntax.Phase,
    items: list[syntax.Steps | syntax.Settle] | list[syntax.Messages] | list[syntax.Clamp],
    what: str,
    context: Context,
) -> None:
    for item in items[1:]:
        where = f"the phase `{phase.name.text}`"
        context.mistakes.add(wrong.dynamics.RepeatedStatement(item.span, what, where, items[0].span))
