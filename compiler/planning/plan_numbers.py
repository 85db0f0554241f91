"""Which numbers a structure needs: the keys of `Plan.numbers` and how many values each has."""

from __future__ import annotations

from dync.compiler.expression import parameters
from dync.compiler.plan import BlockPlan, FamilyPlan, Structure


def number_lengths(structure: Structure) -> dict[str, int]:
    """How many values stand under each key: the members of a block, the edges of a family, one for a phase."""
    lengths: dict[str, int] = {}
    for b, block in enumerate(structure.blocks):
        lengths |= dict.fromkeys((f"block.{b}.{name}" for name in _names_of_block(block)), len(block.layers))
    for f, family in enumerate(structure.families):
        names = _names_of_family(family, structure)
        lengths |= dict.fromkeys((f"family.{f}.{name}" for name in names), len(family.edges))
    return lengths | {f"phase.{phase.name}.within": 1 for phase in structure.phases if phase.settle}


def _names_of_block(block: BlockPlan) -> tuple[str, ...]:
    if block.role == "constant":
        return ("value",)
    return block.activation.parameters if block.activation else ()


def _names_of_family(family: FamilyPlan, structure: Structure) -> list[str]:
    names = ["strength"]
    if family.kind == "dense":
        names.append("density")
    if family.diagonal:
        names.append("diagonal")
    names += [f"sends.{name}" for name in sorted(parameters(family.sends))]
    if family.rule is not None:
        names += ["rate", "decay", *(f"rule.{name}" for name in structure.rules[family.rule].parameters)]
    return names
