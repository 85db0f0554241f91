"""The phases of a network: how long, which messages, what holds still or is pulled, where they start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from msgspec.structs import replace

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.budget import SIZE
from dync.compiler.elaboration.constant import integer, number
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.layer_table import LayerTable
from dync.compiler.elaboration.scope import Scope
from dync.compiler.model import LayerModel, PhaseModel
from dync.compiler.plan import MessageFilter
from dync.grammar import syntax
from dync.grammar.source import Span

MESSAGES: tuple[MessageFilter, ...] = ("all", "forward", "backward")

_Soft: TypeAlias = dict[str, tuple[float, Span]]
"""Layers that are softly clamped: how strongly, and by which statement."""

SETTLED = 1e-6
"""How far a unit may move in a step of a settled network, where `within` does not say."""


def phase_models(
    phases: list[syntax.Phase], table: LayerTable, scope: Scope, context: Context
) -> tuple[PhaseModel, ...]:
    """All phases, in the order of declaration."""
    found: dict[str, PhaseModel] = {}
    first: dict[str, syntax.Name] = {}
    known = tuple(phase.name.text for phase in phases)
    for phase in phases:
        name, model = phase.name, _phase(phase, known, table, scope, context)
        if name.text in found:
            context.mistakes.add(wrong.names.Duplicate(name.span, name.text, "phase", first[name.text].span))
        else:
            found[name.text], first[name.text] = model, name
    return _without_circles(found, context)


def message_filter(word: syntax.Name, context: Context) -> MessageFilter:
    """Which messages a word means; `all` where it was a mistake."""
    for messages in MESSAGES:
        if messages == word.text:
            return messages
    context.mistakes.add(wrong.names.UnknownMessages(word.span, word.text, MESSAGES))
    return "all"


def _phase(
    phase: syntax.Phase, known: tuple[str, ...], table: LayerTable, scope: Scope, context: Context
) -> PhaseModel:
    steps, within = _length(phase, scope, context)
    messages, silent = _messages(phase, table, scope, context)
    soft = _soft(phase, table, scope, context)
    return PhaseModel(
        name=phase.name.text,
        steps=steps,
        within=within,
        messages=messages,
        silent=silent,
        clamped=_clamped(phase, soft, table, scope, context),
        span=phase.span,
        soft=tuple((name, strength) for name, (strength, _) in soft.items()),
        soft_outputs=tuple(name for name in soft if name not in table.inputs),
        origin=_origin(phase, known, context),
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


def _clamped(phase: syntax.Phase, soft: _Soft, table: LayerTable, scope: Scope, context: Context) -> tuple[str, ...]:
    """The layers that hold still, by default every input and output that is not softly clamped.

    Constants never move and need no mention.
    """
    items = [item for item in phase.items if isinstance(item, syntax.Clamp) and item.by is None]
    _once(phase, items, "a `clamp`", context)
    if not items:
        taken = context.budget.take(len(table.ends), "this phase", phase.name.span)
        return tuple(name for name in table.ends if name not in soft) if taken else ()
    named = [_names(item.layers, table, scope, context) for item in items]
    held = {layer.name: layer for layer in named[0]}
    for name in (name for name in soft if name in held):
        context.mistakes.add(wrong.protocols.ClampedTwice(soft[name][1], name, True, items[0].span))
    let_go = tuple(name for name in table.inputs if name not in held and name not in soft)
    if let_go and not context.budget.exceeded:
        context.mistakes.add(wrong.dynamics.InputLetGo(items[0].span, phase.name.text, let_go))
    return tuple(name for name, layer in held.items() if layer.role != "constant")


def _soft(phase: syntax.Phase, table: LayerTable, scope: Scope, context: Context) -> _Soft:
    """The inputs and outputs that `clamp … by` pulls to their data or target."""
    found: _Soft = {}
    for item in phase.items:
        if not isinstance(item, syntax.Clamp) or item.by is None:
            continue
        strength = number(item.by, scope, context.mistakes)
        for layer in _pulled(item.layers, table, scope, context):
            if layer.name in found:
                first = found[layer.name][1]
                context.mistakes.add(wrong.protocols.ClampedTwice(item.span, layer.name, False, first))
            found.setdefault(layer.name, (float(strength or 0), item.span))
    return found


def _pulled(
    references: tuple[syntax.Reference, ...], table: LayerTable, scope: Scope, context: Context
) -> list[LayerModel]:
    """The layers that a list names, without those that have neither data nor a target, which are a mistake."""
    found: list[LayerModel] = []
    for reference in references:
        layers = _names((reference,), table, scope, context)
        without = tuple(layer for layer in layers if layer.role not in ("input", "output"))
        if without:
            names = tuple(layer.name for layer in without)
            declared = table.entry(without[0]).name.span
            context.mistakes.add(wrong.protocols.SoftWithoutTarget(reference.span, names, declared))
        found.extend(layer for layer in layers if layer not in without and layer not in found)
    return found


def _origin(phase: syntax.Phase, known: tuple[str, ...], context: Context) -> str | None:
    """The phase that it starts from, None where it goes on from the one before."""
    items = [item for item in phase.items if isinstance(item, syntax.Beginning)]
    _once(phase, items, "a `from`", context)
    for item in items:
        if item.phase.text not in known:
            context.mistakes.add(wrong.names.UnknownPhase(item.phase.span, item.phase.text, known))
    return items[0].phase.text if items and items[0].phase.text in known else None


def _without_circles(phases: dict[str, PhaseModel], context: Context) -> tuple[PhaseModel, ...]:
    """The phases; those that start from each other in a circle, each circle being one mistake, start from none."""
    circular: set[str] = set()
    for name, phase in phases.items():
        way = [name]
        while (origin := phases[way[-1]].origin) is not None and origin not in way:
            way.append(origin)
        if phases[way[-1]].origin == name and name not in circular:
            circular.update(way)
            context.mistakes.add(wrong.protocols.CircularPhases(phase.span, (*way, name)))
    return tuple(replace(p, origin=None) if name in circular else p for name, p in phases.items())


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
    items: Sequence[syntax.PhaseItem],
    what: str,
    context: Context,
) -> None:
    for item in items[1:]:
        where = f"the phase `{phase.name.text}`"
        context.mistakes.add(wrong.dynamics.RepeatedStatement(item.span, what, where, items[0].span))
