"""Phases and protocols: how a state moves from data to the end of training or to a prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.compiler.plan import PhasePlan, Structure
from dync.runtime.activation import activate, draw, is_stochastic
from dync.runtime.engine import Machine
from dync.runtime.history import History, after_rest, after_step, begun, heard
from dync.runtime.messages import Fields, add_messages
from dync.runtime.ports import named_arrivals, ports_of_block
from dync.runtime.soft_clamps import SoftClamp, soft_clamps
from dync.runtime.state import State, Values, with_constants
from dync.runtime.step_program import StepProgram, from_rest, step_program, transfers

Present = tuple[Values, History | None]
"""What all layers hold, and the history of those that send with a delay."""


def outer_layers(structure: Structure) -> frozenset[int]:
    """The inputs and outputs, which are clamped unless a phase says otherwise."""
    return frozenset(n for n, layer in enumerate(structure.layers) if layer.role in ("input", "output"))


def settling_phases(structure: Structure) -> tuple[int, ...]:
    """The numbers of the phases that end when the state has settled, and so may take fewer steps than their most."""
    return tuple(n for n, phase in enumerate(structure.phases) if phase.settle)


def run_protocol(
    machine: Machine, state: State, protocol: Literal["train", "infer"], key: Array | None, *, at_rest: bool = False
) -> State:
    """All phases of a protocol, one after the other; `infer` ends with the read-out.

    `at_rest` promises that the state is an initial one, whose layers hold zero, so that nothing is computed for them
    in the first step. Only a network that draws needs a `key`. Raises ValueError where there
    is no such protocol.
    """
    structure = machine.structure
    phases = phases_of(structure, protocol)
    key = key if is_stochastic(structure) else None
    outer = outer_layers(structure)
    state = begin_history(machine, state, phases)
    state = run_phases(machine, state, phases, key, outer, outer if at_rest else frozenset(), at_rest=at_rest)
    if protocol == "infer":
        state = read_out(machine, state, key_of(key, len(phases)))
    return state


def begin_history(machine: Machine, state: State, phases: Sequence[int]) -> State:
    """The state before the first step of a protocol: what came before counts as what the first phase begins with."""
    structure = machine.structure
    if state.history is None:
        return state
    first = state
    if phases:
        first = enter_phase(state, structure.phases[phases[0]], outer_layers(structure), frozenset())
    return replace(state, history=begun(structure, with_constants(structure, machine.parameters, first.values)))


def phases_of(structure: Structure, protocol: Literal["train", "infer"]) -> tuple[int, ...]:
    """The numbers of the phases of a protocol; raises ValueError where there is no such protocol."""
    phases = structure.train if protocol == "train" else structure.infer
    if phases is None:
        raise ValueError(
            f"the network {structure.network} has no `{protocol}` protocol; declare one: {protocol} PHASE, …"
        )
    return phases


def run_phases(
    machine: Machine,
    state: State,
    phases: Sequence[int],
    key: Array | None,
    clamped: frozenset[int],
    held: frozenset[int],
    *,
    at_rest: bool = False,
) -> State:
    """Phases by number, one after the other; `clamped` and `held` are what `enter_phase` takes for the first one."""
    structure = machine.structure
    taken: dict[int, int | Array] = {}
    ends: dict[int, Values] = {}
    for order, number in enumerate(phases):
        phase = structure.phases[number]
        if phase.origin is not None:
            state, clamped, held = from_end(state, phase.origin, ends)
        state = enter_phase(state, phase, clamped, held)
        state, taken[number] = _run_phase(machine, state, phase, key_of(key, order), at_rest=at_rest and order == 0)
        clamped = held = frozenset(phase.clamped) & outer_layers(structure)
        ends[number] = state.values
    return _with_steps(state, taken)


def _with_steps(state: State, taken: Mapping[int, int | Array]) -> State:
    """The state with the numbers of steps that phases took, by number; a constant where nothing had to settle."""
    steps = [taken.get(n, state.steps[n]) for n in range(len(state.structure.phases))]
    known = all(isinstance(n, int) for n in steps)
    counts = jnp.asarray(np.array(steps, np.int32)) if known else jnp.stack([jnp.int32(n) for n in steps])
    return replace(state, steps=counts)


def from_end(state: State, origin: int, ends: Mapping[int, Values]) -> tuple[State, frozenset[int], frozenset[int]]:
    """Where a phase begins that starts from the end of another: the state, and what `enter_phase` takes beside it.

    Nothing counts as clamped until now, so that an output that moves goes on from where it was.
    """
    structure = state.structure
    there = replace(state, values=ends[origin])
    return there, frozenset(), frozenset(structure.phases[origin].clamped) & outer_layers(structure)


def enter_phase(state: State, phase: PhasePlan, clamped: frozenset[int], held: frozenset[int]) -> State:
    """Clamped inputs and outputs go back to what they are held at; an output that is let go starts from zero.

    `clamped` are those that were clamped before, `held` those that are known to be at what they are held at.
    """
    structure = state.structure
    values = list(state.values)
    for n in sorted(outer_layers(structure)):
        layer = structure.layers[n]
        b, m = layer.block, layer.member
        if n in phase.clamped and n not in held:
            values[b] = put(values[b], m, state.held[b][m])
        elif n not in phase.clamped and n in clamped and layer.role == "output":
            values[b] = put(values[b], m, jnp.zeros_like(values[b][m]))
    return replace(state, values=tuple(values))


def put(block: Array, member: int, value: Array) -> Array:
    """A block with one member replaced; a block of one member becomes that member."""
    return value[None] if len(block) == 1 else block.at[member].set(value)


def key_of(key: Array | None, number: int | Array) -> Array | None:
    """The key of one part of many, None where nothing is drawn."""
    return None if key is None else jax.random.fold_in(key, number)


def _run_phase(
    machine: Machine, state: State, phase: PhasePlan, key: Array | None, *, at_rest: bool
) -> tuple[State, int | Array]:
    """One phase, and the steps that it took."""
    structure = machine.structure
    program = step_program(structure, phase.messages, frozenset(phase.silent), frozenset(phase.clamped))
    if at_rest and phase.steps == 1:
        program = from_rest(structure, program)
    values = with_constants(structure, machine.parameters, state.values)
    soft = soft_clamps(structure, machine.parameters, phase, state.held)
    present: Present = values, state.history
    taken: int | Array = phase.steps
    if phase.settle:
        (values, history), taken = _settle(machine, program, phase, present, key, soft)
    else:
        values, history = _repeat(machine, program, phase.steps, present, key, soft)
    snapshots = state.snapshots
    if phase.name in snapshots:
        snapshots = {**snapshots, phase.name: heard(structure, values, history)}
    return replace(state, values=values, snapshots=snapshots, history=history), taken


def advance(
    machine: Machine,
    program: StepProgram,
    present: Present,
    held: Fields,
    key: Array | None,
    soft: tuple[SoftClamp, ...] = (),
) -> Present:
    """The values and the history after one step; `held` is what `held_fields` gave for this program."""
    values, history = present
    after = machine.step(program, heard(machine.structure, values, history), held, key, soft)[: len(values)]
    return after, after_step(machine.structure, history, after)


def _repeat(
    machine: Machine,
    program: StepProgram,
    steps: int,
    present: Present,
    key: Array | None,
    soft: tuple[SoftClamp, ...],
) -> Present:
    """A fixed number of steps, as one scan over the blocks that move."""
    values, history = present
    if steps == 0 or not program.blocks:
        return values, after_rest(machine.structure, history, values, steps)
    held = machine.held_fields(program, values)
    if steps == 1:
        return advance(machine, program, present, held, key, soft)
    moving = program.blocks

    def body(carry: Present, step_key: Array | None) -> tuple[Present, None]:
        before = _spread(values, moving, carry[0]), carry[1]
        after, later = advance(machine, program, before, held, step_key, soft)
        return (tuple(after[b] for b in moving), later), None

    keys = None if key is None else jax.random.split(key, steps)
    (now, history), _ = lax.scan(body, (tuple(values[b] for b in moving), history), keys, length=steps)
    return _spread(values, moving, now), history


def _settle(
    machine: Machine,
    program: StepProgram,
    phase: PhasePlan,
    present: Present,
    key: Array | None,
    soft: tuple[SoftClamp, ...],
) -> tuple[Present, Array]:
    """Steps until no unit of any row moved by more than the tolerance in a whole step, or the maximum is reached.

    The step in which nothing moved counts.
    """
    values, history = present
    if not program.blocks:
        steps = min(phase.steps, 1)
        return (values, after_rest(machine.structure, history, values, steps)), jnp.int32(steps)
    held = machine.held_fields(program, values)
    moving = program.blocks
    within = machine.parameters[f"phase.{phase.name}.within"][0]

    def body(carry: tuple[Present, Array, Array]) -> tuple[Present, Array, Array]:
        (before, past), taken, _ = carry
        step_key = None if key is None else jax.random.fold_in(key, taken)
        after, later = advance(machine, program, (_spread(values, moving, before), past), held, step_key, soft)
        now = tuple(after[b] for b in moving)
        moved = jnp.stack([jnp.max(jnp.abs(a - b), initial=0.0) for a, b in zip(now, before, strict=True)])
        return (now, later), taken + 1, jnp.all(moved <= within)

    def unsettled(carry: tuple[Present, Array, Array]) -> Array:
        return ~carry[2] & (carry[1] < phase.steps)

    start = (tuple(values[b] for b in moving), history), jnp.int32(0), jnp.bool_(False)
    (now, history), taken, _ = lax.while_loop(unsettled, body, start)
    return (_spread(values, moving, now), history), taken


def _spread(values: Values, blocks: tuple[int, ...], new: Values) -> Values:
    found = dict(zip(blocks, new, strict=True))
    return tuple(found.get(b, value) for b, value in enumerate(values))


def run_step(machine: Machine, state: State, program: StepProgram, key: Array) -> State:
    """One step outside any protocol."""
    values = with_constants(machine.structure, machine.parameters, state.values)
    held = machine.held_fields(program, values)
    values, history = advance(machine, program, (values, state.history), held, key)
    return replace(state, values=values, history=history)


def read_out(machine: Machine, state: State, key: Array | None) -> State:
    """Every output updated once, together, from all its messages."""
    structure = machine.structure
    outputs = frozenset(n for n, layer in enumerate(structure.layers) if layer.role == "output")
    values = with_constants(structure, machine.parameters, state.values)
    sent = transfers(structure, "all", moving=outputs)
    carried = heard(structure, values, state.history)
    fields = add_messages(structure, machine.lmap, machine.parameters, carried, sent)
    found = list(values)
    for b, block in enumerate(structure.blocks):
        if block.role == "output":
            update = partial(activate, structure, b, machine.parameters)
            draws = draw(structure, b, key, values[b].shape)
            for port in ports_of_block(structure, b):
                fields.setdefault(port, jnp.zeros_like(values[b]))
            found[b] = update(fields[b], values[b], draws, named=named_arrivals(structure, b, fields))
    return replace(state, values=tuple(found))
