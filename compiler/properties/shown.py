"""A requirement with the values that its parts came to: `path_length(x, y) == depth + 1` as `4 == 3`."""

from __future__ import annotations

import math

from dync.compiler.properties.evaluate import RequirementEvaluator
from dync.grammar import syntax

_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")


def shown(node: syntax.Expression, evaluator: RequirementEvaluator) -> str:
    """What an expression came to, with its comparisons and what joins them as they were written."""
    match node:
        case syntax.Binary("and" | "or" as operator, left, right):
            return f"{_within(left, operator, evaluator)} {operator} {_within(right, operator, evaluator)}"
        case syntax.Binary(operator, left, right) if operator in _COMPARISONS:
            return f"{_value(left, evaluator)} {operator} {_value(right, evaluator)}"
        case syntax.Unary("not", operand):
            return f"not {_within(operand, 'not', evaluator)}"
        case _:
            return _value(node, evaluator)


def _within(node: syntax.Expression, operator: str, evaluator: RequirementEvaluator) -> str:
    """A part, in brackets where it could be read otherwise."""
    text = shown(node, evaluator)
    loose = isinstance(node, syntax.Binary) and (operator == "not" or node.operator in {"and", "or"} - {operator})
    return f"({text})" if loose else text


def _value(node: syntax.Expression, evaluator: RequirementEvaluator) -> str:
    match evaluator.value(node):
        case bool(truth):
            return "true" if truth else "false"
        case None:
            return "?"
        case number:
            return "infinite" if number == math.inf else f"{number:.12g}"
