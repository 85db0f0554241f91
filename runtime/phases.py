"""Phases and protocols: how a state moves from data to the end of training or to a prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from dync.compiler.plan import PhasePlan, Structure
from dync.runtime.accompaniment import Accompaniment
from dync.runtime.activation import draw, is_stochastic, moved
from dync.runtime.arrays import alone, replaced
from dync.runtime.beside import Beside, begun_anew
from dync.runtime.cells import cells_of_block, held_by
from dync.runtime.engine import Machine
from dync.runtime.history import History, after_rest, after_step, begun, heard
from dync.runtime.messages import Fields, add_messages
from dync.runtime.ports import named_arrivals, ports_of_block
from dync.runtime.soft_clamps import SoftClamp, soft_clamps
from dync.runtime.state import State, Values, with_constants
from dync.runtime.step_program import StepProgram, from_rest, step_program, transfers

Present = tuple[Values, History | None]
"""What all units hold, and the history of those that send with a delay."""


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
    train = protocol == "train"
    if train:
        state = replace(state, rule_traces=begun_anew(state.rule_traces), gathered=begun_anew(state.gathered))
    held = outer if at_rest else frozenset()
    state = run_phases(machine, state, phases, key, outer, held, at_rest=at_rest, train=train)
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
    train: bool = False,
) -> State:
    """Phases by number, one after the other; `clamped` and `held` are what `enter_phase` takes for the first one.

    In those that `train`, traces of rules move, and edges learn during phases.
    """
    structure = machine.structure
    taken: dict[int, int | Array] = {}
    ends: dict[int, Values] = {}
    aside = lax.stop_gradient(machine) if machine.reverse else machine
    for order, number in enumerate(phases):
        phase = structure.phases[number]
        if phase.origin is not None:
            state, clamped, held = from_end(state, phase.origin, ends)
        state = enter_phase(state, phase, clamped, held)
        beside = Accompaniment(aside, state, number if train else None)
        rested = at_rest and order == 0
        state, taken[number] = _run_phase(machine, state, phase, key_of(key, order), beside, at_rest=rested)
        clamped = held = frozenset(phase.clamped) & outer_layers(structure)
        ends[number] = state.values
    return _with_steps(state, taken)


def _with_steps(state: State, taken: Mapping[int, int | Array]) -> State:
    """The state with the numbers of steps that phases took, by number; a constant where nothing had to settle."""
    steps = [taken[n] if n in taken else state.steps[n] for n in range(len(state.structure.phases))]
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
    """A block with one member replaced."""
    return replaced(block, (member,), alone(value))


def key_of(key: Array | None, number: int | Array) -> Array | None:
    """The key of one part of many, None where nothing is drawn."""
    return None if key is None else jax.random.fold_in(key, number)


def _run_phase(
    machine: Machine,
    state: State,
    phase: PhasePlan,
    key: Array | None,
    accompaniment: Accompaniment,
    *,
    at_rest: bool,
) -> tuple[State, int | Array]:
    """One phase, and the steps that it took."""
    structure = machine.structure
    program = step_program(structure, phase.messages, frozenset(phase.silent), frozenset(phase.clamped))
    if at_rest and phase.steps == 1:
        program = from_rest(structure, program)
    values = with_constants(structure, machine.parameters, state.values)
    soft = soft_clamps(structure, machine.parameters, phase, state.held)
    own = Beside({}, {}) if accompaniment.rests else Beside(state.rule_traces, state.gathered)
    begun: Going = (values, state.history), own
    walk = _Walk(machine, program, key, soft, accompaniment)
    taken: int | Array = phase.steps
    if phase.settle:
        ((values, history), beside), taken = _settle(walk, phase, begun)
    else:
        (values, history), beside = _repeat(walk, phase.steps, begun)
    snapshots = state.snapshots
    if phase.name in snapshots:
        snapshots = {**snapshots, phase.name: heard(structure, values, history)}
    after = replace(state, values=values, snapshots=snapshots, history=history)
    if not accompaniment.rests:
        after = replace(after, rule_traces=beside.traces, gathered=beside.gathered)
    return after, taken


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


Going = tuple[Present, Beside]
"""A network on its way: what is present, and what goes on beside it."""


@dataclass(frozen=True)
class _Walk:
    """How the steps of a phase are taken."""

    machine: Machine
    program: StepProgram
    key: Array | None
    soft: tuple[SoftClamp, ...]
    accompaniment: Accompaniment

    @property
    def moving(self) -> tuple[int, ...]:
        """The cells in which something moves: first the states of the program's blocks, then their traces."""
        structure = self.machine.structure
        return tuple(sorted(c for b in self.program.blocks for c in cells_of_block(structure, b)))

    def step(self, before: Going, held: Fields, key: Array | None) -> Going:
        """One step, and what goes on beside it."""
        (values, history), beside = before
        after = advance(self.machine, self.program, (values, history), held, key, self.soft)
        return after, self.accompaniment.after(*after, beside, key)

    def rest(self, before: Going, steps: int) -> Going:
        """Steps in which nothing moves."""
        (values, history), beside = before
        if self.accompaniment.rests or steps == 0:
            return (values, after_rest(self.machine.structure, history, values, steps)), beside

        def body(carry: tuple[History | None, Beside], key: Array | None) -> tuple[tuple[History | None, Beside], None]:
            later = after_step(self.machine.structure, carry[0], values)
            return (later, self.accompaniment.after(values, later, carry[1], key)), None

        keys = None if self.key is None else jax.random.split(self.key, steps)
        (history, beside), _ = lax.scan(body, (history, beside), keys, length=steps)
        return (values, history), beside


def _repeat(walk: _Walk, steps: int, begun: Going) -> Going:
    """A fixed number of steps, as one scan over the cells that move."""
    ((values, history), beside), key, moving = begun, walk.key, walk.moving
    if steps == 0 or not moving:
        return walk.rest(begun, steps)
    held = walk.machine.held_fields(walk.program, values)
    if steps == 1:
        return walk.step(begun, held, key)

    def body(carry: Going, step_key: Array | None) -> tuple[Going, None]:
        (before, past), aside = carry
        (after, later), aside = walk.step(((_spread(values, moving, before), past), aside), held, step_key)
        return ((tuple(after[c] for c in moving), later), aside), None

    keys = None if key is None else jax.random.split(key, steps)
    start: Going = (tuple(values[c] for c in moving), history), beside
    ((now, history), beside), _ = lax.scan(body, start, keys, length=steps)
    return (_spread(values, moving, now), history), beside


def _settle(walk: _Walk, phase: PhasePlan, begun: Going) -> tuple[Going, Array]:
    """Steps until no unit of any row moved by more than the tolerance in a whole step, or the maximum is reached.

    The step in which nothing moved counts.
    """
    ((values, history), beside), key, moving = begun, walk.key, walk.moving
    if not moving:
        steps = min(phase.steps, 1)
        return walk.rest(begun, steps), jnp.int32(steps)
    held = walk.machine.held_fields(walk.program, values)
    states = len(walk.program.blocks)
    within = walk.machine.parameters[f"phase.{phase.name}.within"][0]

    def body(carry: _Settling) -> _Settling:
        ((before, past), aside), taken, _ = carry
        step_key = None if key is None else jax.random.fold_in(key, taken)
        (after, later), aside = walk.step(((_spread(values, moving, before), past), aside), held, step_key)
        now = tuple(after[c] for c in moving)
        pairs = zip(now[:states], before[:states], strict=True)  # traces may go on
        moved = jnp.stack([jnp.max(jnp.abs(a - b), initial=0.0) for a, b in pairs])
        return ((now, later), aside), taken + 1, jnp.all(moved <= within)

    def unsettled(carry: _Settling) -> Array:
        return ~carry[2] & (carry[1] < phase.steps)

    start: _Settling = ((tuple(values[c] for c in moving), history), beside), jnp.int32(0), jnp.bool_(False)
    end = _bounded(body, start, phase.steps) if walk.machine.reverse else lax.while_loop(unsettled, body, start)
    ((now, history), beside), taken, _ = end
    return ((_spread(values, moving, now), history), beside), taken


_Settling = tuple[Going, Array, Array]
"""What moves and goes on beside it, how many steps were taken, and whether the last one settled them."""


def _bounded(body: Callable[[_Settling], _Settling], start: _Settling, most: int) -> _Settling:
    """A loop of so many steps at most that ends when its state has settled, in a form that goes backwards too."""

    def step(carry: _Settling, _: None) -> tuple[_Settling, None]:
        return lax.cond(carry[2], lambda settled: settled, body, carry), None

    return lax.scan(step, start, None, length=most)[0]


def _spread(values: Values, cells: tuple[int, ...], new: Values) -> Values:
    found = dict(zip(cells, new, strict=True))
    return tuple(found.get(c, value) for c, value in enumerate(values))


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
            draws = draw(structure, b, key, values[b].shape)
            for port in ports_of_block(structure, b):
                fields.setdefault(port, jnp.zeros_like(values[b]))
            held, named = held_by(structure, b, values), named_arrivals(structure, b, fields)
            after = moved(structure, b, machine.parameters, fields[b], held, draws, named=named)
            for c, value in zip(cells_of_block(structure, b), after.values(), strict=True):
                found[c] = value
    return replace(state, values=tuple(found))
