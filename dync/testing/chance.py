"""Networks that draw, with numbers for the draws: all but chance itself can then be held to the letter."""

from __future__ import annotations

from typing import Final, assert_never

from msgspec.structs import replace

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol
from dync.compiler.plan import ActivationPlan, BlockPlan, Plan

IN_THEIR_PLACE: Final = {"uniform": 0.37, "normal": -0.61}
"""What a draw counts as."""


def without_chance(plan: Plan) -> Plan:
    """The plan in which every draw is made as before, multiplied by zero, and a number takes its place."""
    blocks = tuple(map(_block, plan.structure.blocks))
    return Plan(replace(plan.structure, blocks=blocks), plan.numbers)


def _block(block: BlockPlan) -> BlockPlan:
    return block if block.activation is None else replace(block, activation=_activation(block.activation))


def _activation(activation: ActivationPlan) -> ActivationPlan:
    slopes = tuple(replace(slope, slope=_settled(slope.slope)) for slope in activation.slopes)
    traces = tuple(replace(trace, next=_settled(trace.next)) for trace in activation.traces)
    settled = replace(activation, next=_settled(activation.next), slope=_settled(activation.slope))
    return replace(settled, slopes=slopes, traces=traces)


def _settled(expression: Expression) -> Expression:
    match expression:
        case Symbol(name) if name in IN_THEIR_PLACE:
            return Apply("add", (Apply("mul", (Number(0.0), expression)), Number(IN_THEIR_PLACE[name])))
        case Apply(operands=operands):
            return replace(expression, operands=tuple(map(_settled, operands)))
        case Symbol() | Number() | Parameter():
            return expression
        case _:
            assert_never(expression)
