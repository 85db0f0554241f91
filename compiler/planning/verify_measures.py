"""Whether the measures of a plan hold together: their names, and the shapes of what they compute."""

from __future__ import annotations

from math import isfinite

from dync.compiler.expression import CONDITIONS, OPERATIONS, REDUCTIONS, Apply, Expression, Number, Parameter, Symbol
from dync.compiler.plan import GIVEN_MEASURES, MeasurePlan, Structure
from dync.compiler.plan_error import PlanError, require

_Shape = tuple[int, ...] | None
"""The shape of the units that there is a number for each of; None: one number an example."""

_CONDITIONS_FIRST = {"and": 2, "or": 2, "not": 1, "indicator": 1, "where": 1}
"""Operations whose first operands are truth values, and how many."""


def verify_measures(structure: Structure) -> None:
    """Raise PlanError unless every measure is one number an example, of states and targets that there are."""
    names = [measure.name for measure in structure.measures]
    require(len(set(names)) == len(names), "two measures have one name")
    for measure in structure.measures:
        where = f"measure '{measure.name}'"
        require(measure.name.isidentifier() and measure.name not in GIVEN_MEASURES, f"{where} cannot be called that")
        require(len(set(measure.parameters)) == len(measure.parameters), f"{where} has one parameter twice")
        shape = _Verifier(structure, measure, where).shape(measure.value, False)
        require(shape is None, f"{where} is not one number an example")


class _Verifier:
    """Works out the shapes of one measure."""

    def __init__(self, structure: Structure, measure: MeasurePlan, where: str) -> None:
        self.structure = structure
        self.measure = measure
        self.where = where

    def shape(self, value: Expression, truth: bool) -> _Shape:
        """The shape of an expression, which must be a truth value or else a number."""
        condition = isinstance(value, Apply) and value.operation in CONDITIONS
        require(condition is truth, f"{self.where} confuses conditions and numbers")
        match value:
            case Number(number):
                require(isfinite(number), f"{self.where} holds a number that is not finite")
                return None
            case Parameter(name):
                require(name in self.measure.parameters, f"{self.where} has no parameter '{name}'")
                return None
            case Symbol():
                return self._symbol(value)
            case Apply():
                return self._apply(value)
            case _:  # data made in Python rather than read
                raise PlanError(f"not a plan: {self.where} holds a {type(value).__name__}")

    def _symbol(self, symbol: Symbol) -> _Shape:
        number = self.structure.layer_numbers.get(symbol.moment or "")
        require(number is not None and symbol.name in ("state", "target"), f"{self.where} cannot read '{symbol.name}'")
        layer = self.structure.layers[number or 0]
        has_it = symbol.name == "state" or layer.role == "output"
        require(has_it, f"{self.where} reads the target of '{layer.name}', which has none")
        return layer.shape

    def _apply(self, value: Apply) -> _Shape:
        if value.operation in REDUCTIONS and len(value.operands) == 1:
            require(self.shape(value.operands[0], False) is not None, f"{self.where} has nothing to reduce")
            return None
        fits = len(value.operands) in OPERATIONS.get(value.operation, ())
        require(fits, f"{self.where} has no operation '{value.operation}' like this")
        truths = _CONDITIONS_FIRST.get(value.operation, 0)
        shapes = {self.shape(operand, place < truths) for place, operand in enumerate(value.operands)} - {None}
        require(len(shapes) <= 1, f"{self.where} joins units of different shapes")
        return next(iter(shapes), None)
