"""Which numbers a structure needs: the keys of `Plan.numbers` and how many values each has."""

from __future__ import annotations

from math import prod

from dync.compiler.between_plan import names_read
from dync.compiler.expression import parameters
from dync.compiler.plan import BlockPlan, FamilyPlan, Kind, Structure


def number_lengths(structure: Structure) -> dict[str, int]:
    """How many values stand under each key: the members of a block, the edges of a family, one for a phase that
    settles, the layers that a phase softly clamps, one for a parameter of a measure."""
    lengths: dict[str, int] = {}
    for b, block in enumerate(structure.blocks):
        lengths |= dict.fromkeys((f"block.{b}.{name}" for name in _names_of_block(block)), len(block.layers))
    for f, family in enumerate(structure.families):
        names = _names_of_family(family, structure)
        lengths |= dict.fromkeys((f"family.{f}.{name}" for name in names), len(family.edges))
        if family.between is not None and family.between.given:
            units = [structure.blocks[b].units for b in (family.sender, family.receiver)]
            lengths[f"family.{f}.given"] = len(family.edges) * prod(units)
        if family.inner is not None:
            own = number_lengths(family.inner)
            lengths |= {f"family.{f}.network.{key}": count * len(family.edges) for key, count in own.items()}
    lengths |= {f"phase.{phase.name}.within": 1 for phase in structure.phases if phase.settle}
    lengths |= {f"phase.{phase.name}.soft": len(phase.soft) for phase in structure.phases if phase.soft}
    return lengths | {f"measure.{m.name}.{name}": 1 for m in structure.measures for name in m.parameters}


def _names_of_block(block: BlockPlan) -> tuple[str, ...]:
    if block.role == "constant":
        return ("value",)
    return block.activation.parameters if block.activation else ()


def _names_of_family(family: FamilyPlan, structure: Structure) -> list[str]:
    names = [] if family.weightless else numbers_of_weights(family.kind, family.diagonal)
    if family.between is not None:
        names += [f"weights.{name}" for name in names_read(family.between)]
        names += ["radius"] if family.between.radius else []
    names += [f"sends.{name}" for name in sorted(parameters(family.sends))]
    if family.learns:
        names += ["rate"] if family.weightless else ["rate", "decay"]
    if family.rule is not None:
        names += [f"rule.{name}" for name in structure.rules[family.rule].parameters]
    return names


def numbers_of_weights(kind: Kind, diagonal: bool) -> list[str]:
    """What says how weights of a kind begin, and what stays fixed of them."""
    if kind in ("network", "python"):
        return []
    density = ["density"] if kind in ("dense", "conv") else []
    return ["strength", *density, *(["diagonal"] if diagonal else [])]
