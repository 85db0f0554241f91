"""How edges learn, in words, for tables and pictures."""

from __future__ import annotations

from dync.compiler.plan import FamilyPlan, Structure


def learning_words(structure: Structure, family: FamilyPlan) -> str | None:
    """`delta`, `reinforce(reward = correct)`, `stdp during run`; of a gradient that it is not local.

    None of edges that do not learn.
    """
    if family.rule is None:
        return structure.learns_by(family)
    rule = structure.rules[family.rule]
    taken = ", ".join(f"{name} = {measure}" for name, measure in zip(rule.modulators, family.modulators, strict=True))
    during = "" if family.during is None else f" during {structure.phases[family.during].name}"
    return rule.name + (f"({taken})" if taken else "") + during
