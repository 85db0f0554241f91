"""Whether what families learn by holds together: the measures that their rules take, and the phases of `during`."""

from __future__ import annotations

from collections.abc import Mapping

from dync.compiler.plan import STILL_MEASURES, FamilyPlan, Structure
from dync.compiler.plan_error import require


def verify_learning(structure: Structure) -> None:
    """Raise PlanError unless families take measures that there are, as many as their rules, and learn when they can.

    The numbers of their rules and those of the phases of `train` are known to be right.
    """
    units = [layer.units for layer in structure.layers if layer.role == "output"]
    given = [name for name in STILL_MEASURES if units and (name != "accuracy" or max(units) > 1)]
    measures = frozenset((*given, *(measure.name for measure in structure.measures)))
    train = structure.train or ()
    first = {number: place for place, number in reversed(list(enumerate(train)))}
    begins = {structure.phases[number].name: place for number, place in first.items()}
    for number, family in enumerate(structure.families):
        where = f"family {number}"
        taken = () if family.rule is None else structure.rules[family.rule].modulators
        require(len(family.modulators) == len(taken), f"{where} takes another number of measures than its rule")
        for name in family.modulators:
            require(name in measures, f"{where} takes '{name:.80}', which is no measure")
        if family.during is not None:
            _verify_during(family, family.during, where, structure, begins)


def _verify_during(
    family: FamilyPlan, during: int, where: str, structure: Structure, begins: Mapping[str, int]
) -> None:
    """`begins` says where in training each phase first stands, by name; nothing where there is no training."""
    require(0 <= during < len(structure.phases), f"{where} learns during a phase that is not there")
    require(family.rule is not None, f"{where} has a phase to learn during, and no rule")
    phase = structure.phases[during].name
    require(not begins or phase in begins, f"{where} learns during a phase that training does not have")
    moments = () if family.rule is None or not begins else structure.rules[family.rule].moments
    over = all(begins[moment] < begins[phase] for moment in moments)
    require(over, f"{where} reads the end of a phase that is not over when it learns")
