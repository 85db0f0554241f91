"""Learning by the derivative of a measure: back-propagation through the steps of the training protocol.

This is not local: the derivative by a weight goes through every message and every activation between it and what the
measure reads. It is worked out while the protocol runs and travels in `State.gathered`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import jax
import jax.numpy as jnp
from jax import Array

from dync.compiler.plan import GradientPlan, Structure
from dync.runtime.declared_measures import measure_of
from dync.runtime.engine import Machine
from dync.runtime.kinds.of_family import kinds
from dync.runtime.layer_map import Parameters
from dync.runtime.phases import run_protocol
from dync.runtime.state import State

Families = tuple[int, ...]


@dataclass(frozen=True)
class Objective:
    """A measure at a moment, and the families that follow its derivative. `uphill`: more of it is better."""

    gradient: GradientPlan
    families: Families
    uphill: bool


@lru_cache(maxsize=64)
def objectives(structure: Structure) -> tuple[Objective, ...]:
    """What the edges of a network learn by the gradient of; none in most networks."""
    found: dict[GradientPlan, list[int]] = {}
    for f, family in enumerate(structure.families):
        if family.gradient is not None:
            found.setdefault(family.gradient, []).append(f)
    less = {"mse", *(measure.name for measure in structure.measures if measure.minimize)}
    return tuple(Objective(g, tuple(families), g.measure not in less) for g, families in found.items())


def run_training(
    machine: Machine,
    state: State,
    key: Array | None,
    *,
    at_rest: bool = False,
    targets: Collection[str] = (),
) -> State:
    """The training protocol; the state at its end has gathered what edges need that learn by gradients.

    `targets` are the outputs that have one; where none has, all of them count, whose targets are zero then.
    """

    def run(moving: Machine) -> State:
        return run_protocol(moving, state, "train", key, at_rest=at_rest)

    return with_gradients(machine, run, targets)


def with_gradients(machine: Machine, run: Callable[[Machine], State], targets: Collection[str] = ()) -> State:
    """What `run` gives, and in it the derivatives of the measures by the weights of the families that follow them.

    `run` is traced once, with a machine whose phases can be gone through backwards. A network without gradients is run
    as it is.
    """
    structure = machine.structure
    wanted = objectives(structure)
    if not wanted:
        return run(machine)

    def measured(weights: Mapping[int, Array]) -> tuple[list[Array], State]:
        changed = [weights.get(f, weight) for f, weight in enumerate(machine.lmap.weights)]
        lmap = machine.lmap.with_family_weights(changed)
        after = run(Machine(structure, lmap, machine.parameters, reverse=True))
        return [_mean(objective, after, machine.parameters, targets) for objective in wanted], after

    start = {f: weight for f, weight in enumerate(machine.lmap.weights) if structure.families[f].gradient is not None}
    values, back, after = jax.vjp(measured, start, has_aux=True)
    found: dict[str, Array] = {}
    for place, objective in enumerate(wanted):
        (slopes,) = back([jnp.full_like(value, float(n == place)) for n, value in enumerate(values)])
        sign = 1.0 if objective.uphill else -1.0
        for f in objective.families:
            found[str(f)] = kinds(structure)[f].confine(machine.lmap.stored(f), sign * slopes[f])
    return replace(after, gathered={**after.gathered, **found})


def _mean(objective: Objective, state: State, parameters: Parameters, targets: Collection[str]) -> Array:
    """The mean of a measure over the batch, at the moment of an objective."""
    structure, phase = state.structure, objective.gradient.phase
    values = state.values
    if phase is not None:
        values = state.snapshots[structure.phases[phase].name][: len(structure.blocks)]
    outputs = {layer.name for layer in structure.layers if layer.role == "output"}
    judged = outputs & set(targets)
    return jnp.mean(measure_of(structure, objective.gradient.measure, values, state.held, parameters, judged or None))
