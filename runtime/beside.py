"""What a state holds beside the values of layers while a network trains: traces of rules, and gathered updates."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import jax.numpy as jnp
from jax import Array
from jax.tree_util import register_dataclass

from dync.compiler.plan import FamilyPlan, Structure, TracePlan
from dync.runtime.kinds.of_family import kinds
from dync.runtime.layout import units_first


@register_dataclass
@dataclass(frozen=True)
class Beside:
    """`traces` are `[edges, batch, units]`, or in the other layout of the block at their end, by family and name, see
    `trace_key`; `gathered` the sums of updates by the number of the family, shaped as its weights."""

    traces: dict[str, Array]
    gathered: dict[str, Array]


def trace_key(f: int, name: str) -> str:
    """Under which key a state has the trace of a family's rule: `3.z`."""
    return f"{f}.{name}"


@lru_cache(maxsize=64)
def traced(structure: Structure) -> tuple[int, ...]:
    """The families whose rules have traces."""
    return tuple(f for f, family in enumerate(structure.families) if any(traces_of(structure, family)))


def traces_of(structure: Structure, family: FamilyPlan) -> tuple[tuple[TracePlan, ...], tuple[TracePlan, ...]]:
    """The traces of the sender's units and those of the receiver's, which the rule of a family has."""
    if family.rule is None:
        return (), ()
    rule = structure.rules[family.rule]
    return rule.sender_traces, rule.receiver_traces


def trace_numbers(structure: Structure) -> int:
    """How many numbers the traces of one example hold."""
    families = (structure.families[f] for f in traced(structure))
    return sum(
        len(family.edges) * structure.blocks[b].units * len(own)
        for family in families
        for b, own in zip((family.sender, family.receiver), traces_of(structure, family), strict=True)
    )


def nothing_beside(structure: Structure, batch: int) -> Beside:
    """Traces and sums before the first step, all zero."""
    traces: dict[str, Array] = {}
    for f in traced(structure):
        family = structure.families[f]
        for b, own in zip((family.sender, family.receiver), traces_of(structure, family), strict=True):
            units = structure.blocks[b].units
            shape = (units, batch) if units_first(structure)[b] else (batch, units)
            zero = jnp.zeros((len(family.edges), *shape), jnp.float32)
            traces |= {trace_key(f, trace.name): zero for trace in own}
    gathered = {
        str(f): jnp.zeros((len(family.edges), *kinds(structure)[f].shape), jnp.float32)
        for f, family in enumerate(structure.families)
        if family.during is not None or family.gradient is not None
    }
    return Beside(traces, gathered)


def begun_anew(gathered: dict[str, Array]) -> dict[str, Array]:
    """Sums at the beginning of a protocol."""
    return {key: jnp.zeros_like(total) for key, total in gathered.items()}
