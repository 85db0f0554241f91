"""Networks as a property runs them: small, with weights and inputs drawn from a seed, for few steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import jax
import numpy as np

from dync.compiler.plan import Plan, Structure
from dync.runtime.error import RunError
from dync.runtime.kinds.of_family import kinds
from dync.runtime.network import Network
from dync.runtime.orchestrator import WaveOrchestrator
from dync.runtime.state import State

BATCH: Final = 8
"""Examples at once."""

SEEDS: Final = 3
"""Draws of weights and inputs for each network."""

LONGEST: Final = 10_000
"""The most steps of a phase that are run."""

WEIGHTS: Final = 2**24
"""The most weights of a network that is run."""

WORK: Final = 2 * 10**10
"""The most multiply-adds of one run."""


def protocols_with(structure: Structure, phase: int | None) -> tuple[tuple[int, ...], ...]:
    """The protocols up to a phase; where none has it, the phase alone, after what it starts from. Without a phase they
    are whole."""
    declared = [protocol for protocol in (structure.train, structure.infer) if protocol is not None]
    if phase is None:
        return tuple(dict.fromkeys(declared))
    up_to = [protocol[: protocol.index(phase) + 1] for protocol in declared if phase in protocol]
    return tuple(dict.fromkeys(up_to)) or (_way_to(structure, phase),)


def _way_to(structure: Structure, phase: int) -> tuple[int, ...]:
    """A phase after those from which it starts."""
    origin = structure.phases[phase].origin
    return (phase,) if origin is None else (*_way_to(structure, origin), phase)


def verify_small(structure: Structure, phases: Sequence[int]) -> None:
    """Raises RunError where running these phases once would take more room or time than a test may."""
    sizes = [layer.units for layer in structure.layers]
    weights = sum(len(f.edges) * kind.work for f, kind in zip(structure.families, kinds(structure), strict=True))
    if max(weights, sum(sizes)) > WEIGHTS:
        raise RunError(
            f"it has {max(weights, sum(sizes)):,} weights or units, and at most {WEIGHTS:,} are run in a test"
        )
    for number in phases:
        if structure.phases[number].steps > LONGEST:
            name, steps = structure.phases[number].name, structure.phases[number].steps
            raise RunError(f"its phase {name} takes {steps:,} steps, and at most {LONGEST:,} are run in a test")
    steps = sum(structure.phases[number].steps for number in phases)
    if weights * BATCH * steps > WORK:
        raise RunError(f"{steps:,} steps with {weights:,} weights take too long for a test")


def start(plan: Plan, seed: int) -> tuple[WaveOrchestrator, State]:
    """Weights, and a state whose inputs and targets are uniform in -1..1, all from a seed."""
    network, draw = Network(plan), np.random.default_rng(seed)

    def values(shapes: Mapping[str, tuple[int, ...]]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
        return {name: draw.uniform(-1, 1, (BATCH, *shape)) for name, shape in shapes.items()}

    data, targets = values(network.layers("input")), values(network.layers("output"))
    return network.init(jax.random.key(seed)), network.state(data, targets, batch=BATCH)
