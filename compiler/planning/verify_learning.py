"""Whether what families learn by holds together: the measures that their rules take, and the phase of `during`."""

from __future__ import annotations

from dync.compiler.plan import STILL_MEASURES, FamilyPlan, Structure
from dync.compiler.plan_error import require


def verify_learning(family: FamilyPlan, where: str, structure: Structure) -> None:
    """Raise PlanError unless a family takes measures that there are, as many as its rule, and learns when it can.

    The number of its rule is known to be that of one.
    """
    rule = None if family.rule is None else structure.rules[family.rule]
    taken = () if rule is None else rule.modulators
    require(len(family.modulators) == len(taken), f"{where} takes another number of measures than its rule")
    declared = {measure.name for measure in structure.measures}
    outputs = [layer.units for layer in structure.layers if layer.role == "output"]
    for name in family.modulators:
        given = name in STILL_MEASURES and bool(outputs) and (name != "accuracy" or max(outputs) > 1)
        require(name in declared or given, f"{where} takes '{name:.80}', which is no measure")
    if family.during is None:
        return
    require(rule is not None, f"{where} has a phase to learn during, and no rule")
    require(0 <= family.during < len(structure.phases), f"{where} learns during a phase that is not there")
    train = structure.train or ()
    require(not train or family.during in train, f"{where} learns during a phase that training does not have")
    before = [structure.phases[number].name for number in train[: train.index(family.during) if train else 0]]
    over = rule is None or not train or set(rule.moments) <= set(before)
    require(over, f"{where} reads the end of a phase that is not over when it learns")
