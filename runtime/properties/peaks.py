"""How far the units of each layer go while a network moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import equinox as eqx
import jax
import jax.numpy as jnp
from jax import Array, lax
from msgspec import structs

from dync.compiler.plan import MessageFilter, PhasePlan, Plan
from dync.runtime.activation import is_stochastic
from dync.runtime.engine import Machine
from dync.runtime.phases import Present, advance, begin_history, enter_phase, from_end, outer_layers
from dync.runtime.properties.trial_run import SEEDS, protocols_with, start, verify_small
from dync.runtime.soft_clamps import soft_clamps
from dync.runtime.state import State, Values, with_constants
from dync.runtime.step_program import step_program

Peaks = tuple[Array, ...]
"""The largest magnitude of a unit of each member so far, `[members]` for each block."""


@dataclass(frozen=True)
class Excess:
    """A layer that went beyond a value, how far, and with which draw of weights and inputs."""

    layer: str
    reached: float
    seed: int


def find_excess(
    plan: Plan, layers: Sequence[str], by: float, messages: MessageFilter | None, seed: int
) -> Excess | None:
    """The first layer, over `SEEDS` draws counted from `seed` and all protocols, of which a unit goes beyond `by`.

    Values that are not finite count as beyond anything. Raises RunError for a network that has no protocol or is too
    large to be run in a test.
    """
    structure = plan.structure
    phases = tuple(structs.replace(p, messages=messages or p.messages) for p in structure.phases)
    changed = Plan(structs.replace(structure, phases=phases), plan.numbers)
    protocols = protocols_with(structure, None) or (tuple(range(len(phases))),)
    for protocol in protocols:
        verify_small(structure, protocol)
        for draw in range(seed, seed + SEEDS):
            orchestrator, state = start(changed, draw)
            reached = _peaks(orchestrator.machine, state, protocol, jax.random.key(draw))
            for name in layers:
                layer = structure.layers[structure.layer_numbers[name]]
                peak = float(reached[layer.block][layer.member])
                if not peak <= by:
                    return Excess(name, peak, draw)
    return None


@eqx.filter_jit
def _peaks(machine: Machine, state: State, protocol: tuple[int, ...], key: Array) -> Peaks:
    """The peaks over all steps of some phases, the values before the first one included."""
    structure = machine.structure
    clamped = outer_layers(structure)
    state = begin_history(machine, state, protocol)
    peaks = _magnitudes(with_constants(structure, machine.parameters, state.values)[: len(structure.blocks)])
    ends: dict[int, Values] = {}
    for order, number in enumerate(protocol):
        phase, held = structure.phases[number], frozenset[int]()
        if phase.origin is not None:
            state, clamped, held = from_end(state, phase.origin, ends)
        state = enter_phase(state, phase, clamped, held)
        state, found = _phase_peaks(machine, state, phase, jax.random.fold_in(key, order))
        peaks = _larger(peaks, found)
        clamped = frozenset(phase.clamped) & outer_layers(structure)
        ends[number] = state.values
    return peaks


def _phase_peaks(machine: Machine, state: State, phase: PhasePlan, key: Array) -> tuple[State, Peaks]:
    """One phase, step by step, as `run_protocol` takes them."""
    structure = machine.structure
    program = step_program(structure, phase.messages, frozenset(phase.silent), frozenset(phase.clamped))
    values = with_constants(structure, machine.parameters, state.values)
    held = machine.held_fields(program, values)
    soft = soft_clamps(structure, machine.parameters, phase, state.held)
    within = machine.parameters[f"phase.{phase.name}.within"][0] if phase.settle else jnp.float32(-1)
    draws = is_stochastic(structure)

    def body(carry: tuple[Present, Peaks, Array, Array]) -> tuple[Present, Peaks, Array, Array]:
        before, peaks, taken, _ = carry
        after = advance(machine, program, before, held, jax.random.fold_in(key, taken) if draws else None, soft)
        now, then = (present[0][: len(structure.blocks)] for present in (after, before))  # traces may go on
        moved = [jnp.max(jnp.abs(a - b), initial=0.0) for a, b in zip(now, then, strict=True)]
        return after, _larger(peaks, _magnitudes(now)), taken + 1, jnp.all(jnp.stack(moved) <= within)

    def on(carry: tuple[Present, Peaks, Array, Array]) -> Array:
        return ~carry[3] & (carry[2] < phase.steps)

    first = (values, state.history), _magnitudes(values[: len(structure.blocks)]), jnp.int32(0), jnp.bool_(False)
    (values, history), peaks, _, _ = lax.while_loop(on, body, first)
    return replace(state, values=values, history=history), peaks


def _magnitudes(values: Values) -> Peaks:
    return tuple(jnp.max(jnp.abs(value), axis=(-2, -1), initial=0.0) for value in values)


def _larger(first: Peaks, second: Peaks) -> Peaks:
    return tuple(jnp.maximum(a, b) for a, b in zip(first, second, strict=True))
