"""Soft clamps: layers that move, and are pulled to their data or target while they do."""

from __future__ import annotations

from dataclasses import dataclass

from jax import Array

from dync.compiler.plan import PhasePlan, Structure
from dync.runtime.arrays import added, per_member, take
from dync.runtime.layer_map import Parameters
from dync.runtime.messages import Fields
from dync.runtime.state import Values


@dataclass(frozen=True)
class SoftClamp:
    """Members of one block that are pulled: `strength` is `[members, 1, 1]`, `target` as the block holds them."""

    block: int
    members: tuple[int, ...]
    strength: Array
    target: Array


def soft_clamps(structure: Structure, parameters: Parameters, phase: PhasePlan, held: Values) -> tuple[SoftClamp, ...]:
    """What a phase softly clamps; `held` are the data and targets."""
    by_block: dict[int, list[tuple[int, int]]] = {}
    for place, number in enumerate(phase.soft):
        layer = structure.layers[number]
        by_block.setdefault(layer.block, []).append((layer.member, place))
    return tuple(_clamp(b, found, parameters[f"phase.{phase.name}.soft"], held) for b, found in by_block.items())


def _clamp(block: int, found: list[tuple[int, int]], strengths: Array, held: Values) -> SoftClamp:
    members, places = zip(*sorted(found), strict=True)
    return SoftClamp(block, members, per_member(take(strengths, places)), take(held[block], members))


def with_soft_clamps(fields: Fields, clamps: tuple[SoftClamp, ...], values: Values) -> Fields:
    """Fields with what soft clamps add to them, `strength * (target - state)`; every block concerned has a field."""
    found = dict(fields)
    for clamp in clamps:
        pull = clamp.strength * (clamp.target - take(values[clamp.block], clamp.members))
        found[clamp.block] = added(found[clamp.block], clamp.members, pull, values[clamp.block].shape[0])
    return found
