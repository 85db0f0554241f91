"""Whether a phase comes to rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import jax
from msgspec.structs import replace

from dync.compiler.plan import MessageFilter, Plan
from dync.runtime.properties.trial_run import SEEDS, protocols_with, start, verify_small

TOLERANCE: Final = 1e-6
"""How little a unit at rest may move in a step, where the phase does not say."""


@dataclass(frozen=True)
class Unrest:
    """A phase that did not come to rest: which draw of weights and inputs, and in which protocol."""

    seed: int
    protocol: tuple[str, ...]


def find_unrest(plan: Plan, phase: str, within: int, messages: MessageFilter | None, seed: int) -> Unrest | None:
    """The first of `SEEDS` draws, counted from `seed`, at which a phase moves for more than `within` steps.

    The step in which nothing moves is one of them. The phase runs in every protocol that has it, after the phases
    before it. Raises RunError for a network that is too large to be run in a test.
    """
    number = [p.name for p in plan.structure.phases].index(phase)
    for protocol in protocols_with(plan.structure, number):
        changed = _waiting(plan, number, protocol, within, messages)
        verify_small(changed.structure, protocol)
        for draw in range(seed, seed + SEEDS):
            orchestrator, state = start(changed, draw)
            after, _ = orchestrator.relax("train", state, rng=jax.random.key(draw))
            if int(after.steps_taken(phase)) > within:
                return Unrest(draw, tuple(plan.structure.phases[n].name for n in protocol))
    return None


def _waiting(plan: Plan, number: int, protocol: tuple[int, ...], within: int, messages: MessageFilter | None) -> Plan:
    """The plan of a network whose only protocol is this one, and whose phase waits for rest, one step too long."""
    phases = list(plan.structure.phases)
    phase = phases[number]
    phases[number] = replace(phase, steps=within + 1, settle=True, messages=messages or phase.messages)
    structure = replace(plan.structure, phases=tuple(phases), train=protocol, infer=None)
    tolerance: Mapping[str, tuple[float, ...]] = {f"phase.{phase.name}.within": (TOLERANCE,)}
    return Plan(structure, {**tolerance, **plan.numbers})
