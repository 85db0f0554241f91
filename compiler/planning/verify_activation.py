"""Whether an activation of a plan holds together."""

from __future__ import annotations

from dync.compiler.expression import LAYER_WIDE, Expression, fields_read
from dync.compiler.plan import ActivationPlan
from dync.compiler.plan_error import require
from dync.compiler.planning.verify_expression import verify_expression

_MOVING = frozenset({"field", "state", "uniform", "normal"})
_HELD = frozenset({"state"})


def verify_activation(activation: ActivationPlan, where: str) -> None:
    """Raise PlanError unless its expressions read what is there where they are evaluated; `where` is its block."""
    names = [trace.name for trace in activation.traces]
    require(all(map(str.isidentifier, names)), f"a trace of {where} has no name")
    require(len(set(names)) == len(names), f"two traces of {where} have the same name")
    traces = frozenset(f"trace.{name}" for name in names)
    known = frozenset(activation.parameters)

    def verify(expression: Expression, what: str, symbols: frozenset[str]) -> None:
        verify_expression(expression, f"{what} of {where}", symbols | traces, known, reductions=LAYER_WIDE.keys())

    verify(activation.next, "the activation", _MOVING)
    verify(activation.slope, "the slope", _MOVING)
    for trace in activation.traces:
        verify(trace.next, f"the trace '{trace.name}'", _MOVING)
    verify(activation.sends, "what is sent by the units", _HELD)
    if activation.sends_slope is not None:
        verify(activation.sends_slope, "the slope of what is sent by the units", _HELD)
    _verify_slopes(activation, where)
    for slope in activation.slopes:
        verify(slope.slope, "a slope", _MOVING)


def _verify_slopes(activation: ActivationPlan, where: str) -> None:
    read = tuple(sorted({name for part in activation.moves for name in fields_read(part)}))
    require(activation.fields == read, f"{where} has slopes by other fields than its activation reads")
    stands_in = activation.sends_slope is not None
    fits = not stands_in if activation.sends_state else not activation.surrogate
    require(fits, f"{where} has a surrogate for a derivative that nothing asks for")
