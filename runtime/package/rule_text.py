"""Rules in a line of plain text, for a model card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dync.compiler.expression import Apply, Expression, Number, Parameter, Symbol, spoken
from dync.compiler.plan import RulePlan

SIGNS: Final[Mapping[str, str]] = {
    "add": "+", "sub": "-", "mul": "*", "div": "/", "floordiv": "//", "mod": "%", "pow": "**", "lt": "<", "le": "<=",
    "gt": ">", "ge": ">=", "eq": "==", "ne": "!=", "and": "and", "or": "or",
}  # fmt: skip
"""Operations that stand between two operands."""


def trace_texts(rule: RulePlan) -> list[str]:
    """What the traces of a rule become, `z = ((0.9 * z) + pre)` each."""
    return [f"{trace.name} = {rule_text(trace.next)}" for trace in (*rule.sender_traces, *rule.receiver_traces)]


def rule_text(expression: Expression) -> str:
    """An expression as the language writes it, with brackets around everything that has two parts."""
    match expression:
        case Number(value):
            return f"{value:g}"
        case Symbol(name, moment):
            return spoken(name) if moment is None else f"{spoken(name)}@{moment}"
        case Parameter(name):
            return name
        case Apply("indicator", (inner,)):
            return f"[{rule_text(inner)}]"
        case Apply(operation, (left, right)) if operation in SIGNS:
            return f"({rule_text(left)} {SIGNS[operation]} {rule_text(right)})"
        case Apply("neg", (inner,)):
            return f"-{rule_text(inner)}"
        case Apply(operation, operands):
            return f"{operation}({', '.join(map(rule_text, operands))})"
