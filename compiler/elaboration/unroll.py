"""`for` unrolled: each edge and group as often as the loops around it say, with the variables of those loops bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from dync.compiler import mistakes as wrong
from dync.compiler.elaboration.constant import integer
from dync.compiler.elaboration.context import Context
from dync.compiler.elaboration.scope import Scope
from dync.grammar import syntax

Repeated: TypeAlias = syntax.Edge | syntax.Wire | syntax.Group
"""What a `for` can repeat."""


def unrolled(items: tuple[syntax.NetworkItem, ...], scope: Scope, context: Context) -> Iterator[tuple[Repeated, Scope]]:
    """Edges, wires and groups in order, each with the scope of its expressions."""
    for item in items:
        match item:
            case syntax.Edge() | syntax.Wire() | syntax.Group():
                yield item, scope
            case syntax.For():
                yield from _repeated(item, scope, context)
            case _:
                pass


def _repeated(loop: syntax.For, scope: Scope, context: Context) -> Iterator[tuple[Repeated, Scope]]:
    for item in loop.body:
        if not isinstance(item, syntax.Edge | syntax.Wire | syntax.Group | syntax.For):
            context.mistakes.add(wrong.dynamics.MisplacedInFor(item.span, _what(item)))
    variable = loop.variable
    hidden = scope.find(variable.text)
    if hidden is not None:
        context.mistakes.add(wrong.names.Shadowing(variable.span, variable.text, hidden.span))
    low = integer(loop.range.low, scope, context.mistakes, "an end of the range")
    high = integer(loop.range.high, scope, context.mistakes, "an end of the range")
    if low is None or high is None:
        yield from unrolled(loop.body, scope.within(variable.text, None, variable.span), context)
        return
    if not context.budget.take(max(high - low + 1, 0), "this `for`", loop.range.span):
        return
    for value in range(low, high + 1):
        yield from unrolled(loop.body, scope.within(variable.text, value, variable.span), context)


def _what(item: syntax.NetworkItem) -> str:
    match item:
        case syntax.Param():
            return "parameters"
        case syntax.Input() | syntax.Layer() | syntax.Instance() | syntax.Output() | syntax.Constant():
            return "layers: an array, `layer h[1..n]`, declares many"
        case syntax.Schedule():
            return "schedules"
        case syntax.Phase():
            return "phases"
        case syntax.Protocol() | syntax.NamedProtocol():
            return "protocols"
        case syntax.Measure():
            return "measures"
        case _:
            return "this"
