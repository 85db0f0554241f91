"""Protocols on series: the phases of a network for one sample after the other.

A sequence is one long protocol: first the phases that run once, then for each sample those that run per sample. The
layers over time hold another value from sample to sample; all else goes on as from phase to phase.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from numpy.typing import NDArray

from dync.compiler.plan import Structure
from dync.runtime.activation import is_stochastic
from dync.runtime.declared_measures import measured
from dync.runtime.engine import Machine
from dync.runtime.kinds.kind import turned
from dync.runtime.layout import units_first
from dync.runtime.phases import begin_history, key_of, outer_layers, phases_of, put, read_out, run_phases
from dync.runtime.state import State, initial_state, layer_rows

Protocol = Literal["train", "infer"]

Data = Mapping[str, Array]
"""By layer `[batch, units]`; of layers over time `[batch, time, units]`."""


@dataclass(frozen=True)
class Course:
    """The phases of a protocol that run `once`, and those for `each` sample, by number.

    `begun` are the inputs and outputs that are clamped where the first sample begins, `ended` those that are where a
    sample ends and the next one begins, `first` those that the first phase of a sample clamps.
    """

    once: tuple[int, ...]
    each: tuple[int, ...]
    begun: frozenset[int]
    ended: frozenset[int]
    first: frozenset[int]


@lru_cache(maxsize=64)
def course(structure: Structure, protocol: Protocol) -> Course:
    """How a protocol goes through a sequence; raises ValueError where there is no such protocol."""
    assert structure.time is not None
    phases = phases_of(structure, protocol)
    once = tuple(n for n in phases if n not in structure.time.phases)
    each = phases[len(once) :]
    outer = outer_layers(structure)

    def clamped(number: int) -> frozenset[int]:
        return frozenset(structure.phases[number].clamped) & outer

    begun = clamped(once[-1]) if once else outer
    return Course(once, each, begun, clamped(each[-1]), clamped(each[0]))


def over_time(structure: Structure) -> frozenset[str]:
    """The names of the layers over time."""
    layers = () if structure.time is None else structure.time.layers
    return frozenset(structure.layers[n].name for n in layers)


def flat_arrays(structure: Structure, arrays: Mapping[str, NDArray[np.float32]]) -> dict[str, NDArray[np.float32]]:
    """Arrays of layers with their units in one row, as `Data` has them."""
    time = over_time(structure)
    return {name: array.reshape(*array.shape[: 2 if name in time else 1], -1) for name, array in arrays.items()}


def samples_in(structure: Structure, data: Mapping[str, Any]) -> int:
    """How many samples a sequence has; 1 where nothing is over time."""
    return next((int(data[name].shape[1]) for name in sorted(over_time(structure)) if name in data), 1)


def by_sample(structure: Structure, data: Data) -> dict[str, Array]:
    """The layers over time, `[time, batch, units]`."""
    return {name: jnp.swapaxes(data[name], 0, 1) for name in sorted(over_time(structure)) if name in data}


def begin(machine: Machine, data: Data, protocol: Protocol, batch: int, key: Array | None) -> State:
    """The state that a sequence begins with: its first sample is there, and the phases that run once have run."""
    structure = machine.structure
    way = course(structure, protocol)
    time = over_time(structure)
    first = {name: array[:, 0] if name in time else array for name, array in data.items()}
    state = initial_state(structure, machine.parameters, first, batch)
    outer = outer_layers(structure)
    state = begin_history(machine, state, (*way.once, *way.each))
    train = protocol == "train"
    state = run_phases(machine, state, way.once, _drawing(structure, key), outer, outer, at_rest=True, train=train)
    return _let_go(state, way.begun - way.first)


def run_sample(
    machine: Machine, state: State, sample: Mapping[str, Array], number: Array, protocol: Protocol, key: Array | None
) -> State:
    """One sample, `[batch, units]` by layer, of the given number in its sequence; `infer` ends with the read-out."""
    structure = machine.structure
    way = course(structure, protocol)
    key = _drawing(structure, key)
    key = key_of(key_of(key, len(way.once)), number)
    state = _gathering_anew(_presented(state, sample, number, way), number, way)
    state = run_phases(machine, state, way.each, key, frozenset(), frozenset(), train=protocol == "train")
    return read_out(machine, state, key_of(key, len(way.each))) if protocol == "infer" else state


def read_sequences(
    machine: Machine, data: Data, batch: int, samples: int, key: Array | None, targets: Data | None = None
) -> tuple[dict[str, Array], dict[str, Array]]:
    """The read-outs of a batch of sequences: of outputs over time `[batch, time, units]`, of others the last one.

    With `targets` also the declared measures that can be taken with these, `[batch, time]` each.
    """
    structure = machine.structure
    time = over_time(structure)
    outputs = [layer for layer in structure.layers if layer.role == "output"]
    state = begin(machine, data, "infer", batch, key)

    lasting = {name: array for name, array in (targets or {}).items() if name not in time}

    def body(
        state: State, item: tuple[Array, dict[str, Array], dict[str, Array]]
    ) -> tuple[State, tuple[dict[str, Array], dict[str, Array]]]:
        number, sample, wanted = item
        after = run_sample(machine, state, sample, number, "infer", key)
        taken = {} if targets is None else measured(after, machine.parameters, wanted | lasting)
        return after, ({o.name: layer_rows(structure, after.values, o) for o in outputs if o.name in time}, taken)

    numbers = jnp.arange(samples, dtype=jnp.int32)
    items = numbers, by_sample(structure, data), by_sample(structure, targets or {})
    last, (found, taken) = lax.scan(body, state, items)
    final = {o.name: layer_rows(structure, last.values, o) for o in outputs if o.name not in time}
    read = {name: jnp.swapaxes(rows, 0, 1) for name, rows in found.items()} | final
    return read, {name: jnp.swapaxes(values, 0, 1) for name, values in taken.items()}


def _presented(state: State, sample: Mapping[str, Array], number: Array, way: Course) -> State:
    """The sample is what the layers over time hold; the first phase of it lets go what it does not clamp."""
    structure = state.structure
    layouts = units_first(structure)
    held, values = list(state.held), list(state.values)
    for name, value in sample.items():
        n = structure.layer_numbers[name]
        b, m = structure.layers[n].block, structure.layers[n].member
        held[b] = put(held[b], m, turned(value, layouts[b]))
        if n in way.ended:
            values[b] = put(values[b], m, held[b][m])
    after = _let_go(_with(state, values, held), way.ended - way.first)
    if way.begun == way.ended:
        return after
    begun = zip(
        state.values, after.values, strict=True
    )  # the first sample was presented before the phases that run once
    return _with(state, [old if new is old else jnp.where(number == 0, old, new) for old, new in begun], held)


def _gathering_anew(state: State, number: Array, way: Course) -> State:
    """Sums begin anew with each sample, with the first one those of the phases that run once."""
    first = number == 0 if way.once else False
    gathered = {key: jnp.where(first, total, 0) for key, total in state.gathered.items()}
    return replace(state, gathered=gathered)


def _let_go(state: State, layers: frozenset[int]) -> State:
    """The outputs among these layers start from zero."""
    structure = state.structure
    values = list(state.values)
    for n in sorted(n for n in layers if structure.layers[n].role == "output"):
        b, m = structure.layers[n].block, structure.layers[n].member
        values[b] = put(values[b], m, jnp.zeros_like(values[b][m]))
    return _with(state, values, state.held)


def _with(state: State, values: list[Array], held: Any) -> State:
    return replace(state, values=tuple(values), held=tuple(held))


def _drawing(structure: Structure, key: Array | None) -> Array | None:
    return key if is_stochastic(structure) else None
