"""Whether an expression of a plan makes sense where it stands."""

from __future__ import annotations

from collections.abc import Set
from math import isfinite

from dync.compiler.expression import (
    CONDITIONS,
    OPERATIONS,
    Apply,
    Expression,
    Foreign,
    Number,
    Parameter,
    Symbol,
    field_of,
    trace_of,
)
from dync.compiler.plan_error import PlanError, require

_TRUTH_OPERANDS = {"and": 2, "or": 2, "not": 1, "indicator": 1, "where": 1}
"""Operations whose first operands are truth values, and how many."""


def verify_expression(
    expression: Expression,
    where: str,
    symbols: Set[str],
    parameters: Set[str] = frozenset(),
    moments: Set[str] = frozenset(),
    reductions: Set[str] = frozenset(),
) -> None:
    """Raise PlanError unless it is a number made of these symbols, parameters and moments alone.

    `reductions` are the operations over the units of a layer that may stand in it.
    """
    _verify(expression, False, where, symbols, parameters, moments, reductions)


def _verify(
    expression: Expression,
    truth: bool,
    where: str,
    symbols: Set[str],
    parameters: Set[str],
    moments: Set[str],
    reductions: Set[str],
) -> None:
    match expression:
        case Number(value):
            require(isfinite(value), f"{where} holds a number that is not finite")
            require(not truth, f"{where} has a number where a condition belongs")
        case Symbol(name, moment):
            named = "field" in symbols and bool(field_of(name))
            require(named or name in symbols, f"{where} cannot read '{name}'")
            require(moment is None or moment in moments, f"{where} reads '{name}' at the unknown phase '{moment}'")
            require(moment is None or not trace_of(name), f"{where} reads '{name}' at the end of a phase")
            require(not truth, f"{where} has '{name}' where a condition belongs")
        case Parameter(name):
            require(name in parameters, f"{where} has no parameter '{name}'")
            require(not truth, f"{where} has '{name}' where a condition belongs")
        case Foreign(operands=operands):
            require(not truth, f"{where} has a function where a condition belongs")
            for operand in operands:
                _verify(operand, False, where, symbols, parameters, moments, reductions)
        case Apply(operation, operands):
            counts = (1,) if operation in reductions else OPERATIONS.get(operation, ())
            require(len(operands) in counts, f"{where} has no operation '{operation}' like this")
            require(truth is (operation in CONDITIONS), f"{where} confuses conditions and numbers at '{operation}'")
            truths = _TRUTH_OPERANDS.get(operation, 0)
            for place, operand in enumerate(operands):
                _verify(operand, place < truths, where, symbols, parameters, moments, reductions)
        case _:  # data made in Python rather than read
            raise PlanError(f"not a plan: {where} holds a {type(expression).__name__}")
