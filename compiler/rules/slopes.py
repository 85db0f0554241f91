"""What a unit becomes in a step, and the derivatives of what it sends then: what rules call `slope`."""

from __future__ import annotations

from msgspec import Struct

from dync.compiler import mistakes as wrong
from dync.compiler.expression import Expression, Symbol, fields_read, traces_read
from dync.compiler.rules.algebra import ZERO, add, multiply
from dync.compiler.rules.derivative import derivative
from dync.compiler.rules.substitute import substituted
from dync.grammar import syntax
from dync.grammar.diagnostic import Diagnostic

STATE = Symbol("state")


class Movement(Struct, frozen=True):
    """What a unit becomes in a step, and what it sends then, from `state` and its traces.

    `stand_in` takes the place of a derivative: of `sends` by the state where `sends` says more than `state`, else of
    `next` by the field.
    """

    next: Expression
    traces: dict[str, Expression]
    sends: Expression
    stand_in: Expression | None

    @property
    def fields(self) -> tuple[str, ...]:
        """The named fields that it reads."""
        return tuple(sorted({name for part in (self.next, *self.traces.values()) for name in fields_read(part)}))

    def slope(self, into: str) -> Expression:
        """The derivative, by the field of this name (`""`: the one without), of what is sent after the step."""
        by = Symbol(f"field.{into}" if into else "field")
        if self.stand_in is None:
            return derivative(self._after(self.sends), by)
        if self.sends == STATE:
            return derivative(self.next, by) if into else self.stand_in
        by_state = multiply(self._after(self.stand_in), derivative(self.next, by))
        return add(by_state, self._through_traces(by))

    def _through_traces(self, by: Symbol) -> Expression:
        """What the traces alone add to the slope."""
        total: Expression = ZERO
        for name, becomes in self.traces.items():
            of_sent = self._after(derivative(self.sends, Symbol(f"trace.{name}")))
            total = add(total, multiply(of_sent, derivative(becomes, by)))
        return total

    def _after(self, expression: Expression) -> Expression:
        """An expression of what a unit holds, at what it holds after the step."""
        traces = {Symbol(f"trace.{name}"): becomes for name, becomes in self.traces.items()}
        return substituted(expression, {STATE: self.next, **traces})


def unread_traces(node: syntax.Activation, moved: Movement) -> tuple[Diagnostic, ...]:
    """A warning of each trace that takes no part in what the units do."""
    read, waiting = set[str](), [moved.next, moved.sends, *([] if moved.stand_in is None else [moved.stand_in])]
    while waiting:
        new = traces_read(waiting.pop()) & moved.traces.keys() - read
        read |= new
        waiting.extend(moved.traces[name] for name in sorted(new))
    names = [definition.name for definition in node.definitions if isinstance(definition, syntax.Trace)]
    return tuple(wrong.units.UnreadTrace(name.span, name.text) for name in names if name.text not in read)
